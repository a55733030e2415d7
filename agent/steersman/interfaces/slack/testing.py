"""A small Slack for tests: its Web API, Socket Mode and signed requests, as strict as Slack about what it is sent."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, WSMsgType, web

from .rules import flaws

BOT = "U0BOT"
Payload = dict[str, Any]


@dataclass
class Message:
    """A message as people see it, with how often it was edited."""

    channel: str
    ts: str
    body: Payload
    edits: int = 0


@dataclass
class FakeSlack:
    """One workspace."""

    groups: dict[str, list[str]] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    whispers: list[Payload] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """What was wrong with payloads that were sent."""
    limited: int = 0
    """So many of the next posts and edits are answered with 429."""
    failing: int = 0
    """So many of the next posts and edits fail within Slack."""
    acks: dict[str, float] = field(default_factory=dict)
    """By envelope: the seconds until it was acknowledged."""
    connections: int = 0
    url: str = ""
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _sent: dict[str, float] = field(default_factory=dict)
    _socket: web.WebSocketResponse | None = None

    async def mention(self, user: str, channel: str, text: str, thread: str = "") -> Payload:
        """Somebody mentions the bot; the envelope, for a second delivery."""
        event = {"type": "app_mention", "user": user, "channel": channel, "text": f"<@{BOT}> {text}", "ts": self._ts()}
        return await self.event(event | ({"thread_ts": thread} if thread else {}))

    async def direct(self, user: str, text: str) -> Payload:
        """Somebody writes to the bot alone."""
        event = {
            "type": "message",
            "channel_type": "im",
            "user": user,
            "channel": f"D{user}",
            "text": text,
            "ts": self._ts(),
        }
        return await self.event(event)

    async def event(self, event: Payload) -> Payload:
        """Any event, through the socket."""
        return await self.deliver("events_api", event_body(event, next(self._numbers)))

    async def command(self, user: str, channel: str, text: str) -> Payload:
        """`/steersman …`"""
        body = {"command": "/steersman", "user_id": user, "channel_id": channel, "text": text, "trigger_id": self._ts(),
                "team_id": "T1", "response_url": f"{self.url}/response"}  # fmt: skip
        return await self.deliver("slash_commands", body)

    async def press(self, user: str, message: Message, action: str) -> Payload:
        """Somebody presses a button of a message. Raises LookupError where it has none such."""
        rows = [b["elements"] for b in message.body["blocks"] if b["type"] == "actions"]
        buttons = {e["action_id"]: e for elements in rows for e in elements}
        if action not in buttons:
            raise LookupError(f"there is no button {action} in {message.body['text']!r}, only {sorted(buttons)}")
        button = buttons[action]
        body = {"type": "block_actions", "user": {"id": user}, "team": {"id": "T1"}, "channel": {"id": message.channel},
                "message": {"ts": message.ts}, "trigger_id": self._ts(), "response_url": f"{self.url}/response",
                "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": button["value"]}]}  # fmt: skip
        return await self.deliver("interactive", body)

    async def deliver(self, kind: str, body: Payload) -> Payload:
        """An envelope through the socket; the same body again is what Slack does when it thinks one lost."""
        while self._socket is None or self._socket.closed:
            await asyncio.sleep(0.05)
        envelope = f"env-{next(self._numbers)}"
        self._sent[envelope] = time.monotonic()
        await self._socket.send_json({
            "type": kind, "envelope_id": envelope, "payload": body, "accepts_response_payload": True,
        })  # fmt: skip
        return body

    async def drop(self) -> None:
        """The connection breaks."""
        if self._socket:
            await self._socket.close()

    def texts(self) -> str:
        """Everything that can be read now, blocks included."""
        return json.dumps([m.body for m in self.messages], ensure_ascii=False)

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        body = await _body(request)
        if method == "apps.connections.open":
            return web.json_response({"ok": True, "url": self.url.replace("http", "ws") + "/socket"})
        if method == "auth.test":
            return web.json_response({"ok": True, "user_id": BOT, "bot_id": "B1", "user": "steersman", "team_id": "T1"})
        if method == "usergroups.users.list":
            users = self.groups.get(body.get("usergroup", ""))
            failed = {} if users is not None else {"error": "no_such_subteam"}
            return web.json_response({"ok": users is not None, "users": users or [], **failed})
        if method not in ("chat.postMessage", "chat.update", "chat.postEphemeral"):
            return web.json_response({"ok": False, "error": "unknown_method"})
        if self.limited:
            self.limited -= 1
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "1"})
        if self.failing:
            self.failing -= 1
            return web.json_response({"ok": False, "error": "internal_error"})
        if wrong := flaws(body):
            self.refused += wrong
            return web.json_response({"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": wrong}})
        return web.json_response(self._keep(method, body))

    def _keep(self, method: str, body: Payload) -> Payload:
        if method == "chat.postEphemeral":
            self.whispers.append(body)
            return {"ok": True, "message_ts": self._ts()}
        if method == "chat.postMessage":
            self.messages.append(Message(body["channel"], self._ts(), body))
            return {"ok": True, "ts": self.messages[-1].ts, "channel": body["channel"]}
        for message in self.messages:
            if (message.channel, message.ts) == (body["channel"], body["ts"]):
                message.body, message.edits = body, message.edits + 1
                return {"ok": True, "ts": message.ts, "channel": message.channel}
        return {"ok": False, "error": "message_not_found"}

    async def _listen(self, request: web.Request) -> web.WebSocketResponse:
        self._socket = socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.connections += 1
        await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A1"}})
        async for message in socket:
            if message.type == WSMsgType.TEXT and message.data.startswith("{"):
                envelope = json.loads(message.data)["envelope_id"]
                self.acks[envelope] = time.monotonic() - self._sent[envelope]
        return socket

    def _ts(self) -> str:
        return f"17000000{next(self._numbers):02d}.000100"


def event_body(event: Payload, number: int) -> Payload:
    """An event as Slack wraps it."""
    return {"type": "event_callback", "team_id": "T1", "api_app_id": "A1", "event_id": f"Ev{number}", "event": event,
            "authorizations": [{"team_id": "T1", "user_id": BOT, "is_bot": True}]}  # fmt: skip


async def signed(url: str, secret: str, body: Payload, at: float) -> tuple[int, str]:
    """A request as Slack signs it at that time (Unix seconds); status and text of the answer."""
    data = json.dumps(body)
    base = f"v0:{at:.0f}:{data}".encode()
    headers = {
        "Content-Type": "application/json", "X-Slack-Request-Timestamp": f"{at:.0f}",
        "X-Slack-Signature": "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest(),
    }  # fmt: skip
    async with ClientSession() as http, http.post(url, data=data, headers=headers) as answer:
        return answer.status, await answer.text()


@asynccontextmanager
async def fake_slack(groups: Mapping[str, list[str]] = {}) -> AsyncIterator[FakeSlack]:
    """A workspace on a free port of this machine."""
    slack = FakeSlack(groups=dict(groups))
    app = web.Application()
    app.router.add_route("*", "/api/{method}", slack._api)
    app.router.add_get("/socket", slack._listen)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield slack
    finally:
        await slack.drop()
        await runner.cleanup()


async def _body(request: web.Request) -> Payload:
    if request.content_type == "application/json":
        return dict(await request.json())
    if request.method == "GET":
        return dict(request.query)
    return {k: json.loads(v) if k == "blocks" else v for k, v in (await request.post()).items() if isinstance(v, str)}


__all__ = ["BOT", "FakeSlack", "Message", "event_body", "fake_slack", "signed"]
