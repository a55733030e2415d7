"""Someone without the role sees and approves nothing: every verb of the house for every role, and the same through the terminal and Slack."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from steersman.interfaces.access import Principal, Refused, roles_of
from steersman.interfaces.slack.bot import Bot, client
from steersman.interfaces.slack.people import People
from steersman.interfaces.slack.serving import socket
from steersman.interfaces.slack.testing import FakeSlack, fake_slack
from steersman.interfaces.slack.threads import Threads
from steersman.interfaces.talk.house import House, house
from steersman.interfaces.talk.rooms import embedded
from steersman.interfaces.tui.app import Chat
from steersman.types import Request
from steersman_tools.metrics import Query
from steersman_tools.metrics.promql import parse
from steersman_tools.types import ToolFailed

from .screens import screen, shown, still, until

WHO = {
    **{role: Principal(id=role, role=role, holder="person") for role in ("viewer", "operator", "approver", "admin")},
    "robot": Principal(id="robot", role="admin", holder="machine"),
}
ALL = frozenset(WHO)
OPERATE = ALL - {"viewer"}
APPROVE = frozenset({"approver", "admin"})
DIAGNOSE, HEAL = Request(question="what is wrong?"), Request(question="heal", namespace="books", wants="healing")
GIVEN = HEAL.model_copy(update={"approval": "given", "act": "show only"})
ASKED: Query = parse("up")

Call = Callable[[House, Principal, str], object]
TABLE: dict[str, tuple[frozenset[str], Call]] = {
    "say": (ALL, lambda h, p, s: h.say(p, "list pods")),
    "say: heal": (OPERATE, lambda h, p, s: h.say(p, "heal books")),
    "say: scale": (OPERATE, lambda h, p, s: h.say(p, "scale orders to 3")),
    "start": (ALL, lambda h, p, s: h.start(p, DIAGNOSE)),
    "start: healing": (OPERATE, lambda h, p, s: h.start(p, HEAL)),
    "start: approved beforehand": (APPROVE, lambda h, p, s: h.start(p, GIVEN)),
    "entries": (ALL, lambda h, p, s: h.entries(p, s)),
    "follow": (ALL, lambda h, p, s: anext(h.follow(p, s))),
    "approve": (APPROVE, lambda h, p, s: h.approve(p, s, "0" * 16)),
    "reject": (APPROVE, lambda h, p, s: h.reject(p, s, "0" * 16, "")),
    "cancel": (OPERATE, lambda h, p, s: h.cancel(p, s)),
    "undo": (APPROVE, lambda h, p, s: h.undo(p, s)),
    "sessions": (ALL, lambda h, p, s: h.sessions(p)),
    "fleet": (ALL, lambda h, p, s: h.fleet(p)),
    "read": (ALL, lambda h, p, s: h.read(p, "describe orders")),
    "past": (ALL, lambda h, p, s: h.past(p, ASKED)),
    "alerts": (ALL, lambda h, p, s: h.alerts(p)),
}
"""Every verb with who may use it."""


@pytest.fixture(scope="module")
def broken() -> Iterator[House]:
    with house(lambda: embedded("wrong-target-port")) as opened:
        yield opened


async def begun(opened: House, request: Request = DIAGNOSE) -> str:
    """A session that has ended, or waits."""
    session = await opened.start(WHO["approver"], request)
    async for _ in opened.follow(WHO["viewer"], session):
        if opened.waiting_for(session):
            break
    return session


def test_the_table_has_every_verb() -> None:
    """A verb that is added without a line here fails this test."""
    verbs = {n for n, f in inspect.getmembers(House, inspect.isfunction) if "who" in inspect.signature(f).parameters}
    assert verbs == {name.partition(":")[0] for name in TABLE}


@pytest.mark.parametrize("verb", TABLE)
async def test_every_verb_lets_in_whom_it_says_and_nobody_else(broken: House, verb: str) -> None:
    """Refused without the role, and no session of theirs is on record; with it, the verb itself decides."""
    allowed, call = TABLE[verb]
    over = [kept.session for kept in broken.journal.sessions(1000) if kept.outcome == "answered"]
    session = over[-1] if over else await begun(broken)
    for name, who in WHO.items():
        try:
            answer = call(broken, who, session)
            if isinstance(answer, Awaitable):
                await answer
            refused = False
        except Refused:
            refused = True
        except ToolFailed:
            refused = False
        assert refused == (name not in allowed), name
    for kept in broken.journal.sessions(1000):
        first = broken.journal.entries(kept.session)[0].event
        assert first.kind == "question"
        name, wants, approval = first.request.by, first.request.wants, first.request.approval
        assert name in OPERATE or wants == "diagnosis"
        assert name in APPROVE or approval == "ask"


async def test_words_carry_the_roles_of_who_speaks_and_approve_nothing(broken: House) -> None:
    """What `say` begins asks for approval, in the name and with the roles of who said it."""
    for words in ("heal books", "scale orders to 3"):
        session = await broken.say(WHO["operator"], words)
        assert isinstance(session, str)
        entry = await anext(broken.follow(WHO["viewer"], session))
        assert entry.event.kind == "question"
        asked = entry.event.request
        assert (asked.by, asked.roles, asked.approval) == ("operator", roles_of(WHO["operator"]), "ask")


@pytest.mark.parametrize("name", ["viewer", "operator"])
async def test_the_terminal_refuses_in_words(broken: House, name: str) -> None:
    """Heal, approve, reject, undo and stop by the keys: who lacks the role reads why, and the session waits on."""
    app = Chat(broken, WHO[name])
    session = await begun(broken, HEAL)
    digest = broken.waiting_for(session)
    async with screen(app) as pilot:
        app._follow(session)
        await until(pilot, lambda: "waits for you" in shown(app, "#log Static"))
        for number, key in enumerate(("f8", "f9"), 1):
            await pilot.press(key)
            await still(pilot)
            await pilot.press("y")
            await until(pilot, partial(refused, app, number))
        await pilot.press("ctrl+z")
        await until(
            pilot, lambda: "not over" in shown(app, "#log Static") or shown(app, "#log Static").count("approver") == 3
        )
        if name == "viewer":
            await pilot.press("f7")
            await until(pilot, lambda: "needs the role operator" in shown(app, "#log Static"))
    assert broken.waiting_for(session) == digest


async def test_slack_lets_in_whom_the_roles_file_names(broken: House, tmp_path: Path) -> None:
    """Each user presses reject on a plan that waits; strangers, viewers and operators are whispered to, the approver is heard."""
    people = People(users={"UV": "viewer", "UO": "operator", "UA": "approver"})
    async with fake_slack() as slack:
        with closing(Threads(tmp_path / "slack.db")) as threads:
            bot = Bot(broken, people, threads, client("xoxb-test", f"{slack.url}/api/"))
            async with socket(bot.app(""), "xapp-test"):
                await slack.mention("UO", "C1", "heal books")
                await waited(
                    lambda: slack.messages and "'action_id': 'evidence'" in str(slack.messages[0].body["blocks"])
                )
                message = slack.messages[0]
                for count, user in enumerate(("UX", "UV", "UO"), 1):
                    for number, action in enumerate(("approve", "reject", "evidence"), 1):
                        await slack.press(user, message, action)
                        await waited(partial(whispered, slack, 3 * (count - 1) + number))
                told = [w["text"] for w in slack.whispers]
                assert [t == "Evidence" for t in told] == [False, False, False, False, False, True, False, False, True]
                assert "waits for approval" in message.body["text"]
                await slack.press("UA", message, "reject")
                await waited(lambda: "refused" in message.body["text"])
                assert "Approve" not in str(message.body["blocks"])
            await bot.close()


def refused(app: Chat, times: int) -> bool:
    """Whether the conversation has said so often that the role is missing."""
    return shown(app, "#log Static").count("needs the role approver") == times


def whispered(slack: FakeSlack, times: int) -> bool:
    """Whether so many were told something alone."""
    return len(slack.whispers) == times


async def waited(true: Callable[[], object]) -> None:
    """Until it is so."""
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.05)
