"""The Slack bot against a small Slack of our own that is as strict as Slack."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path

import pytest

from steersman.interfaces.access import Principal
from steersman.interfaces.slack.blocks import escaped, session_blocks
from steersman.interfaces.slack.bot import Bot, client
from steersman.interfaces.slack.people import People
from steersman.interfaces.slack.rules import flaws
from steersman.interfaces.slack.serving import http, socket
from steersman.interfaces.slack.testing import FakeSlack, event_body, fake_slack, signed
from steersman.interfaces.slack.threads import Heard, Threads
from steersman.interfaces.talk.house import House, house
from steersman.interfaces.talk.rooms import embedded

PEOPLE = People(
    users={"U1": "operator", "U2": "viewer"}, groups={"S1": "approver"}, channels=("C1",), second_person="required"
)
SECRET = "not a real secret"


@pytest.fixture(scope="module")
def broken() -> Iterator[House]:
    with house(lambda: embedded("wrong-target-port")) as opened:
        yield opened


@pytest.fixture
def anew() -> Iterator[House]:
    with house(lambda: embedded("wrong-target-port")) as opened:
        yield opened


@asynccontextmanager
async def listening(opened: House, folder: Path, people: People = PEOPLE) -> AsyncIterator[tuple[FakeSlack, Bot]]:
    """A bot in Socket Mode in a workspace where U3 is in the group of approvers."""
    async with fake_slack({"S1": ["U3"]}) as slack:
        with closing(Threads(folder / "slack.db")) as threads:
            bot = Bot(opened, people, threads, client("xoxb-test", f"{slack.url}/api/"))
            async with socket(bot.app(""), "xapp-test"):
                await bot.take_up()
                yield slack, bot
            await bot.close()


async def until(true: Callable[[], object], seconds: float = 120) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.05)


async def test_one_incident_from_the_question_to_the_undo(broken: House, tmp_path: Path) -> None:
    """One message a session, edited; buttons obey roles and the second person; a redelivery, a 429 and a dropped socket change nothing."""
    async with listening(broken, tmp_path) as (slack, _):
        slack.limited = 1
        said = await slack.mention("U1", "C1", "heal books")
        await slack.deliver("events_api", said)
        await until(lambda: slack.messages and "Approve" in slack.texts())
        message = slack.messages[0]
        session = broken.journal.sessions(1)[0].session
        assert message.body["text"].startswith("heal books: waits for approval of plan ")
        for user in ("U1", "U2", "U9"):
            await slack.press(user, message, "approve")
        await until(lambda: len(slack.whispers) == 3)
        assert [e.event.kind for e in broken.journal.entries(session)][-1] == "verdict"
        await slack.press("U3", message, "evidence")
        await until(lambda: len(slack.whispers) == 4)
        assert "targetPort" in str(slack.whispers[3]["blocks"])
        await slack.drop()
        pressed = await slack.press("U3", message, "approve")
        await slack.deliver("interactive", pressed)
        await until(lambda: ": healed" in message.body["text"])
        await slack.command("U3", "C1", f"undo {session}")
        await until(lambda: len(slack.messages) == 2)
        assert ": undone" in slack.messages[1].body["text"]
        assert "approved by <@U3>" in str(message.body["blocks"])
        assert slack.connections >= 2
        assert (slack.refused, max(slack.acks.values()) < 3) == ([], True)
    kinds = [e.event.kind for e in broken.journal.entries(session)]
    assert kinds.count("approval") == kinds.count("started") == 1


def answered(slack: FakeSlack, messages: int) -> bool:
    """Whether there are so many messages, each of a session that is over."""
    return len(slack.messages) == messages and all(": answered" in m.body["text"] for m in slack.messages)


async def test_who_has_no_role_learns_nothing(broken: House, tmp_path: Path) -> None:
    """A stranger, a viewer who wants a change, and a channel that is not named are refused in a whisper; no session begins."""
    before = len(broken.journal.sessions(100))
    async with listening(broken, tmp_path) as (slack, _):
        await slack.mention("U9", "C1", "what is wrong?")
        await slack.direct("U9", "list pods")
        await slack.command("U9", "C1", "what is wrong?")
        await slack.mention("U2", "C1", "heal books")
        await slack.mention("U2", "C2", "what is wrong?")
        await until(lambda: len(slack.whispers) == 5)
        assert slack.messages == []
        assert len(broken.journal.sessions(100)) == before


@pytest.mark.parametrize("died", ["before the session began", "before the message was posted"])
async def test_what_was_taken_is_answered_once_also_after_a_crash(broken: House, tmp_path: Path, died: str) -> None:
    """A process that died with something unanswered: the next one answers it, in one session and one message."""
    heard = Heard(f"message C1 {died}", "U1", "C1", "1.1", "what is wrong?")
    with closing(Threads(tmp_path / "slack.db")) as threads:
        assert threads.hear(heard)
        assert not threads.hear(heard)
    if died == "before the message was posted":
        await broken.say(Principal(id="slack:U1", role="operator", holder="person"), heard.text, name=heard.session)
    for messages in (1, 0):
        async with listening(broken, tmp_path) as (slack, _):
            await asyncio.sleep(0.3)
            await until(partial(answered, slack, messages))
    kept = [e.event.kind for e in broken.journal.entries(heard.session)]
    assert kept.count("question") == kept.count("closed") == 1


async def test_a_session_is_told_on_after_a_restart_and_through_slacks_own_errors(anew: House, tmp_path: Path) -> None:
    """Slack fails at the first post and edits; the bot restarts while a plan waits; the same message shows the rejection."""
    async with listening(anew, tmp_path) as (slack, first):
        slack.failing = 3
        await slack.mention("U1", "C1", "heal books")
        await until(lambda: slack.messages and "Approve" in slack.texts())
        await first.close()
        with closing(Threads(tmp_path / "slack.db")) as threads:
            again = Bot(anew, PEOPLE, threads, first.client)
            await again.take_up()
            slack.failing = 2
            await slack.press("U3", slack.messages[0], "reject")
            await until(lambda: ": refused" in slack.messages[0].body["text"])
            await again.close()
        assert len(slack.messages) == 1
        assert "rejected by <@U3>" in str(slack.messages[0].body["blocks"]) or "reject by <@U3>" in str(
            slack.messages[0].body["blocks"]
        )


async def test_alerts_come_once_with_a_diagnosis_also_after_a_restart(anew: House, tmp_path: Path) -> None:
    """Two looks, and a bot that was started anew, post what fires once."""
    async with listening(anew, tmp_path) as (slack, bot):
        await bot.look_for_alerts("C1")
        await bot.look_for_alerts("C1")
        posted = len(slack.messages)
        assert posted >= 1
        await until(lambda: all(": answered" in m.body["text"] for m in slack.messages))
        assert "service-port-mismatch" in slack.texts()
    async with listening(anew, tmp_path) as (slack, bot):
        await bot.look_for_alerts("C1")
        assert slack.messages == []


async def test_http_takes_only_what_slack_signed_just_now(broken: House, tmp_path: Path) -> None:
    """A wrong signature and a replay of ten minutes ago are 401; a signed message is answered."""
    event = {"type": "message", "channel_type": "im", "user": "U2", "channel": "DU2", "text": "help", "ts": "1.1"}
    async with fake_slack() as slack:
        with closing(Threads(tmp_path / "slack.db")) as threads:
            bot = Bot(broken, PEOPLE, threads, client("xoxb-test", f"{slack.url}/api/"))
            async with http(bot.app(SECRET), "127.0.0.1", 0) as port:
                url, now = f"http://127.0.0.1:{port}/slack/events", time.time()
                assert (await signed(url, "another", event_body(event, 1), now))[0] == 401
                assert (await signed(url, SECRET, event_body(event, 1), now - 600))[0] == 401
                assert slack.messages == []
                for _ in range(2):
                    assert (await signed(url, SECRET, event_body(event, 1), now))[0] == 200
                await until(lambda: slack.messages)
                await asyncio.sleep(0.3)
                assert len(slack.messages) == 1


def test_every_stage_of_a_session_keeps_slacks_limits(broken: House) -> None:
    """Whatever a session has said so far makes a message that Slack takes."""
    for summary in broken.journal.sessions(100):
        entries = broken.journal.entries(summary.session)
        for end in range(1, len(entries) + 1):
            blocks = session_blocks(summary.session, entries[:end], "0123456789abcdef")
            assert flaws({"text": "x", "blocks": blocks}) == []


@pytest.mark.parametrize(
    ("message", "flaw"),
    [
        ({"blocks": []}, "no text"),
        ({"text": "x", "blocks": [{"type": "divider"}] * 51}, "51 blocks"),
        ({"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "y" * 3001}}]}, "3000"),
        ({"text": "x", "blocks": [{"type": "actions", "elements": []}]}, "25 elements"),
        ({"text": "x", "blocks": [{"type": "table"}]}, "unknown"),
    ],
)
def test_the_small_slack_refuses_what_slack_refuses(message: dict[str, object], flaw: str) -> None:
    """The rules can fail."""
    assert flaw in str(flaws(message))


def test_the_cluster_cannot_mention_anybody() -> None:
    """Text of the cluster is no markup."""
    assert escaped("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
