"""The bot: what people say in Slack becomes verbs of the house, and what sessions say becomes one edited message a session."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from steersman_tools.types import ToolFailed

from ...asking import Answered
from ...types import Closed, Entry, Request
from ..access import Principal, Refused
from ..talk.house import House
from ..talk.words import reply_lines
from .blocks import code, escaped, evidence_blocks, section, session_blocks, summary
from .people import People
from .threads import Heard, Thread, Threads

EDIT_SECONDS = 1.0
"""Slack allows about one edit a second in a channel; what comes between is shown by the next."""
GONE = (
    "message_not_found",
    "channel_not_found",
    "is_archived",
    "cant_update_message",
    "account_inactive",
    "token_revoked",
)
"""Errors after which a message can never be edited again."""
AWAY = ("internal_error", "fatal_error", "service_unavailable", "request_timeout")
"""Errors of Slack's own, which pass."""
WAITS = (1.0, 2.0, 5.0, 10.0)
HELP = "Ask me in plain words: `what is wrong?`, `why is NAME slow`, `heal NAMESPACE`, `list pods`, `undo SESSION`."
Payload = dict[str, Any]  # what bolt hands over
WATCH = Principal(id="alerts", role="viewer")


def client(token: str, base_url: str = "") -> AsyncWebClient:
    """Slack's API; a 429 is obeyed: the call waits as long as it says."""
    retries = [AsyncRateLimitErrorRetryHandler(max_retry_count=5)]
    return AsyncWebClient(token, base_url=base_url or AsyncWebClient.BASE_URL, retry_handlers=list(retries))


@dataclass
class Bot:
    """One workspace's conversations."""

    house: House
    people: People
    threads: Threads
    client: AsyncWebClient
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def app(self, secret: str) -> AsyncApp:
        """What listens; requests over HTTP must carry Slack's signature."""
        app = AsyncApp(client=self.client, signing_secret=secret, request_verification_enabled=bool(secret))
        app.event("app_mention")(self._mention)
        app.event("message")(self._message)
        app.command("/steersman")(self._command)
        for name in ("approve", "reject", "evidence"):
            app.action(name)(self._button)
        return app

    async def take_up(self) -> None:
        """Goes on telling what an earlier process began to tell."""
        for heard in self.threads.unanswered():
            self._begin(self._hear(heard))
        for thread in self.threads.open():
            self._begin(self._tell(thread))

    async def watch(self, channel: str, seconds: float = 30.0) -> None:
        """Posts new alerts there, each place once, with a first diagnosis; runs until cancelled."""
        while True:
            with contextlib.suppress(ToolFailed, SlackApiError):  # one is away: the next look finds the same alerts
                await self.look_for_alerts(channel)
            await asyncio.sleep(seconds)

    async def look_for_alerts(self, channel: str) -> None:
        """One look: alerts that were posted are not posted again until they have stopped firing."""
        firing = {f"alert {a.name} {a.labels.get('namespace', '')}": a for a in await self.house.alerts(WATCH)}
        self.threads.forget("alert ", set(firing))
        new: dict[str, list[str]] = {}
        for key, alert in firing.items():
            if self.threads.first(key):
                new.setdefault(alert.labels.get("namespace", ""), []).append(alert.name)
        for space, names in new.items():
            words = f"alert {', '.join(dict.fromkeys(names))}" + (f" in {space}" if space else "")
            request = Request(question=words, namespace=space or None, by=WATCH.id)
            await self._session(await self.house.start(WATCH, request), channel, "")

    async def close(self) -> None:
        """Stops telling; `take_up` goes on with it."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _mention(self, body: Payload) -> None:
        event = body["event"]
        await self._message_of(event, event["text"].split(">", 1)[-1].strip())

    async def _message(self, body: Payload) -> None:
        event = body["event"]
        if not (event.get("bot_id") or event.get("subtype") or event.get("channel_type") != "im"):
            await self._message_of(event, event.get("text", ""))

    async def _message_of(self, event: Payload, text: str) -> None:
        thread = event.get("thread_ts") or event["ts"]
        heard = Heard(f"message {event['channel']} {event['ts']}", event["user"], event["channel"], thread, text)
        if self.threads.hear(heard):
            await self._hear(heard)

    async def _command(self, ack: Callable[..., Awaitable[None]], body: Payload) -> None:
        await ack()
        key, text = f"trigger {body['trigger_id']}", body.get("text", "")
        heard = Heard(key, body["user_id"], body["channel_id"], "", text)
        if self.threads.hear(heard):
            await self._hear(heard)

    async def _button(self, ack: Callable[..., Awaitable[None]], body: Payload) -> None:
        await ack()
        action, channel, user = body["actions"][0], body["channel"]["id"], body["user"]["id"]
        if not self.threads.first(f"trigger {body['trigger_id']}"):
            return
        session, _, digest = action["value"].partition(" ")
        try:
            who = await self._who(user)
            if action["action_id"] == "evidence":
                blocks = evidence_blocks(self.house.entries(who, session))
                await self.client.chat_postEphemeral(channel=channel, user=user, text="Evidence", blocks=blocks)
            elif action["action_id"] == "approve":
                self._other_person(who, session)
                await self.house.approve(who, session, digest)
            else:
                await self.house.reject(who, session, digest, "rejected in Slack")
        except (Refused, ToolFailed) as error:
            await self._whisper(channel, user, str(error))

    def _other_person(self, who: Principal, session: str) -> None:
        first = self.house.entries(who, session)[0].event
        if self.people.second_person == "required" and first.kind == "question" and first.request.by == who.id:
            raise Refused("You asked for this change: another approver must approve it.")

    async def _hear(self, heard: Heard) -> None:
        user, channel, thread, text = heard.user, heard.channel, heard.thread, heard.text
        try:
            who = await self._who(user)
            if not self.people.hears(channel):
                raise Refused("I do not answer in this channel: the roles file does not name it.")
            word, _, rest = text.partition(" ")
            if word.lower() in ("", "help"):
                await self._post(channel, thread, HELP, [section(HELP)])
            elif word.lower() == "undo" and rest:
                await self.house.undo(who, rest.strip())
                entries = self.house.entries(who, rest.strip())
                told = summary(entries, "")
                await self._post(channel, thread, told, session_blocks(rest.strip(), entries, ""))
            else:
                said = await self.house.say(who, text, name=heard.session)
                if isinstance(said, Answered):
                    head, *lines = reply_lines(said)
                    blocks = [section(escaped(head)), *([code("\n".join(lines))] if lines else [])]
                    await self._post(channel, thread, escaped(head)[:2900], blocks)
                else:
                    await self._session(said, channel, thread)
        except (Refused, ToolFailed) as error:
            await self._whisper(channel, user, str(error))
        self.threads.answered(heard)

    async def _who(self, user: str) -> Principal:
        groups = []
        for group in self.people.groups:
            try:
                listed = await self.client.usergroups_users_list(usergroup=group)
            except SlackApiError:
                continue  # a group that cannot be read gives nobody a role
            if user in listed.get("users", []):
                groups.append(group)
        if found := self.people.principal(user, groups):
            return found
        raise Refused("You have no role here: ask for one in the roles file of steersman (docs/slack.md).")

    async def _session(self, session: str, channel: str, thread: str) -> None:
        if self.threads.told_where(session):
            return
        text = f"session {session}: looking …"
        message = await self._post(channel, thread, text, [section(text)])
        kept = Thread(session, channel, thread or message, message)
        self.threads.keep(kept)
        self._begin(self._tell(kept))

    async def _tell(self, thread: Thread) -> None:
        """Edits the session's message until it is closed, at most once a second."""
        entries: list[Entry] = []
        over = asyncio.Event()

        async def gather() -> None:
            async for entry in self.house.follow(WATCH, thread.session):
                entries.append(entry)
            over.set()

        reading, shown = asyncio.create_task(gather()), 0
        try:
            while not (over.is_set() and shown == len(entries)):
                if shown != len(entries):
                    if not await self._edited(thread, entries[: (seen := len(entries))]):
                        await asyncio.sleep(EDIT_SECONDS)
                        continue
                    shown = seen
                    if isinstance(entries[shown - 1].event, Closed):
                        break
                    await asyncio.sleep(EDIT_SECONDS)
                else:
                    await asyncio.sleep(0.1)
            self.threads.told(thread.session)
        finally:
            reading.cancel()

    async def _edited(self, thread: Thread, entries: list[Entry]) -> bool:
        """Whether it is shown, or cannot be any more; otherwise Slack is away, and the next try may be luckier."""
        try:
            await self._edit(thread, entries)
        except SlackApiError as error:
            return error.response.get("error") in GONE
        except (OSError, TimeoutError):  # aiohttp's errors of connection are OSErrors
            return False
        return True

    async def _edit(self, thread: Thread, entries: list[Entry]) -> None:
        waits = self.house.waiting_for(thread.session)
        blocks = session_blocks(thread.session, entries, waits)
        await self.client.chat_update(
            channel=thread.channel, ts=thread.message, text=summary(entries, waits), blocks=blocks
        )

    async def _post(self, channel: str, thread: str, text: str, blocks: Any) -> str:
        for wait in (*WAITS, None):
            try:
                sent = await self.client.chat_postMessage(
                    channel=channel, thread_ts=thread or None, text=text, blocks=blocks
                )
                return str(sent["ts"])
            except SlackApiError as error:
                if wait is None or error.response.get("error") not in AWAY:
                    raise
                await asyncio.sleep(wait)
        raise AssertionError

    async def _whisper(self, channel: str, user: str, text: str) -> None:
        await self.client.chat_postEphemeral(channel=channel, user=user, text=escaped(text))

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
