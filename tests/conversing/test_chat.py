"""The terminal UI on the embedded world: every road by keys, and a picture of every screen."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterator

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from steersman.app import playground
from steersman.interfaces.access import Principal, Refused
from steersman.interfaces.talk.house import House, house
from steersman.interfaces.talk.plain import Linear
from steersman.interfaces.talk.rooms import embedded
from steersman.interfaces.tui.app import Chat
from steersman.types import Entry, Request

ANN = Principal(id="ann", role="approver", holder="person")
EYES = Principal(id="eve", role="viewer", holder="person")


@pytest.fixture(scope="module")
def broken() -> Iterator[House]:
    with house(lambda: embedded("wrong-target-port")) as opened:
        yield opened


async def until(pilot: Pilot[None], true: Callable[[], object], seconds: float = 120) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await pilot.pause(0.1)


def told(entries: list[Entry]) -> list[str]:
    """A log without what differs between two tellings: times, names, and notes of progress."""
    kinds = ("plan", "verdict", "verified", "closed")
    return [
        e.event.model_dump_json() if e.event.kind in kinds else e.event.kind for e in entries if e.event.kind != "note"
    ]


async def test_from_the_question_to_the_undo_by_keys(broken: House) -> None:
    """Every tab and every verb by key alone at 80×24, and the log is the one that the engine writes for the command line."""
    app = Chat(broken, ANN)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"heal", "space", *"books", "enter")
        await until(pilot, lambda: app.session and broken.waiting_for(app.session))
        digest = broken.waiting_for(app.session)
        await pilot.press("f3", "enter")
        await until(pilot, lambda: app.screen.query("#shown Static"))
        assert "targetPort" in shown(app, "#shown Static")
        await pilot.press("escape", "f4")
        await pilot.pause()
        assert "- spec.ports" in shown(app, "#plan-view Static")
        assert "remedies-ask" in shown(app, "#plan-view Static")
        await pilot.press("f8")
        await pilot.pause()
        assert digest in shown(app, "#question")
        await pilot.press("n", "f8")
        await pilot.pause()
        await pilot.press("y")
        await until(pilot, lambda: app.entries and app.entries[-1].event.kind == "closed")
        entries = list(app.entries)
        await pilot.press("f5")
        await pilot.pause()
        await pilot.press("f6")
        await until(pilot, lambda: app.query(".estate"))
        assert "nvidia.com/gpu" in shown(app, ".estate")
        await pilot.press("f2", "ctrl+z")
        await until(pilot, lambda: app.entries[-1].event.kind == "closed" and len(app.entries) > len(entries))
        assert app.entries[-2].event.kind == "undone"
    session, alike = playground("wrong-target-port"), list[Entry]()
    async for entry in session.start(
        Request(question="heal books", namespace="books", wants="healing", approval="given", by="ann")
    ):
        alike.append(entry)
        if entry.event.kind == "verdict":
            session.approve(entry.event.digest, "ann")
    assert [t for t in told(alike) if t != "approval"] == [t for t in told(entries) if t != "approval"]


async def test_a_viewer_changes_nothing(broken: House) -> None:
    """Without the role, heal, approve, reject, undo and cancel are refused, and no role at all is none of the faces' principals."""
    app = Chat(broken, EYES)
    before = len(broken.sessions(EYES))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"heal", "space", *"books", "enter")
        await until(pilot, lambda: "needs the role operator" in shown(app, "#log Static"))
    assert len(broken.sessions(EYES)) == before
    for verb in (
        broken.approve(EYES, "s", "d"),
        broken.reject(EYES, "s", "d", ""),
        broken.undo(EYES, "s"),
        broken.cancel(EYES, "s"),
    ):
        with pytest.raises(Refused):
            await verb


async def test_the_linear_mode_reads_and_refuses_in_lines(broken: House) -> None:
    """Lines in, lines out; what is not understood says what could be asked."""
    out = io.StringIO()
    await Linear(broken, ANN, None, out).run(
        io.StringIO("approve\nhelp\nopen nothing\nlist pods in books\nfrobnicate\nquit\n")
    )
    assert "no session yet" in out.getvalue()
    assert "There is no session nothing" in out.getvalue()
    assert "books/Pod/" in out.getvalue()
    assert "did not understand" in out.getvalue()


@pytest.fixture(scope="module")
def fresh() -> Iterator[House]:
    with house(lambda: embedded("scaled-to-zero")) as opened:
        yield opened


@pytest.mark.parametrize("key", ["f1", "f2", "f3", "f4", "f5"])
def test_the_empty_screens_look_as_they_did(fresh: House, snap_compare: Callable[..., bool], key: str) -> None:
    """A picture of each screen before anything was asked."""
    assert snap_compare(Chat(fresh, ANN), terminal_size=(80, 24), press=(key,))


def shown(app: Chat, selector: str) -> str:
    return "\n".join(str(line.content) for line in app.screen.query(selector).results(Static))
