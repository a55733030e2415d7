"""The terminal UI on the embedded world: every road by keys or mouse, and a picture of every screen."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator

import pytest

from steersman.app import playground
from steersman.interfaces.access import Principal
from steersman.interfaces.talk.house import House, house
from steersman.interfaces.talk.plain import Linear
from steersman.interfaces.talk.rooms import embedded
from steersman.interfaces.tui.app import Chat
from steersman.types import Entry, Request

from ..world.process import environment
from .screens import same, screen, shown, still, until

ANN = Principal(id="ann", role="approver", holder="person")


@pytest.fixture(scope="module")
def broken() -> Iterator[House]:
    with house(lambda: embedded("wrong-target-port")) as opened:
        yield opened


def told(entries: list[Entry]) -> list[str]:
    """The plan, what policy says, the verification and the end word for word; of other entries their kind; no notes, no decision."""
    kinds = ("plan", "verdict", "verified", "closed")
    left_out = ("note", "approval")
    return [
        e.event.model_dump_json() if e.event.kind in kinds else e.event.kind
        for e in entries
        if e.event.kind not in left_out
    ]


async def test_from_the_question_to_the_undo_by_keys(broken: House) -> None:
    """Every tab and verb by key alone at 80×24; the session's log is that of the same session without a face (see `told`)."""
    app = Chat(broken, ANN)
    async with screen(app) as pilot:
        assert same(app, "start")
        await pilot.press("f1")
        await still(pilot)
        assert same(app, "help")
        await pilot.press("escape", *"heal", "space", *"books", "enter")
        await until(pilot, lambda: app.session and broken.waiting_for(app.session))
        digest = broken.waiting_for(app.session)
        await until(pilot, lambda: "F8 approves" in shown(app, "#log Static"))
        assert same(app, "talk")
        await pilot.press("f3")
        await still(pilot)
        assert same(app, "causes")
        await pilot.press("enter")
        await until(pilot, lambda: "targetPort: 9090" in shown(app, "#shown Static"))
        assert same(app, "evidence")
        await pilot.press("escape", "f4")
        await still(pilot)
        assert "- spec.ports" in shown(app, "#plan-view Static")
        assert "remedies-ask" in shown(app, "#plan-view Static")
        assert same(app, "plan")
        await pilot.press("f8")
        await still(pilot)
        assert digest in shown(app, "#question")
        assert same(app, "approve")
        await pilot.press("n")
        await still(pilot)
        assert broken.waiting_for(app.session) == digest
        await pilot.press("f8")
        await still(pilot)
        await pilot.press("y")
        await until(pilot, lambda: app.entries and app.entries[-1].event.kind == "closed")
        assert same(app, "healed")
        entries = list(app.entries)
        await pilot.press("f2", "ctrl+z")
        await until(pilot, lambda: app.entries[-1].event.kind == "closed" and len(app.entries) > len(entries))
        assert app.entries[-2].event.kind == "undone"
        assert same(app, "undone")
    session, alike = playground("wrong-target-port"), list[Entry]()
    async for entry in session.start(
        Request(question="heal books", namespace="books", wants="healing", approval="given", by="ann")
    ):
        alike.append(entry)
        if entry.event.kind == "verdict":
            session.approve(entry.event.digest, "ann")
    assert told(alike) == told(entries)


async def waiting(app: Chat, opened: House) -> str:
    """A session of the app's that waits for a decision."""
    session = await opened.start(ANN, Request(question="heal books", namespace="books", wants="healing"))
    app._follow(session)
    return session


@pytest.fixture
def anew() -> Iterator[House]:
    with house(lambda: embedded("wrong-target-port")) as opened:
        yield opened


async def test_reject_and_stop_by_key_and_approve_by_mouse(anew: House) -> None:
    """A rejected plan is not carried out, a stopped session ends, and a click on the button approves."""
    app = Chat(anew, ANN)
    async with screen(app) as pilot:
        rejected = await waiting(app, anew)
        await until(pilot, lambda: anew.waiting_for(rejected) and "waits for you" in shown(app, "#log Static"))
        await pilot.press("f9")
        await still(pilot)
        await pilot.press("y")
        await until(pilot, lambda: app.entries[-1].event.kind == "closed")
        assert "started" not in [e.event.kind for e in app.entries]
        assert app.entries[-1].event.kind == "closed"
        assert app.entries[-1].event.outcome == "refused"
        stopped = await waiting(app, anew)
        await until(pilot, lambda: app.session == stopped and anew.waiting_for(stopped))
        await pilot.press("f7")
        await until(pilot, lambda: app.entries and app.entries[-1].event.kind == "closed")
        assert "started" not in [e.event.kind for e in app.entries]
        clicked = await waiting(app, anew)
        await until(pilot, lambda: app.session == clicked and anew.waiting_for(clicked) and app.entries)
        await until(pilot, lambda: app.entries[-1].event.kind == "verdict")
        await pilot.press("f8")
        await still(pilot)
        await pilot.click("#yes")
        await until(pilot, lambda: app.entries[-1].event.kind == "closed")
        assert [e.event.decision.by for e in app.entries if e.event.kind == "approval"] == ["ann"]
        app.action_undo()
        await until(pilot, lambda: app.entries[-2].event.kind == "undone")
        await pilot.press("f5")
        await still(pilot)
        assert app.query_one("#session-list").row_count >= 3  # type: ignore[attr-defined]  # a DataTable
        await pilot.press("enter")
        await until(pilot, lambda: app.session == clicked and app.query_one("#tabs").active == "talk")  # type: ignore[attr-defined]


async def test_search_copy_and_the_palette(broken: House) -> None:
    """Search finds what was said and says so where it was not; copy takes the conversation; the palette knows the verbs."""
    app = Chat(broken, ANN)
    async with screen(app) as pilot:
        await pilot.press(*"list", "space", *"pods", "space", *"in", "space", *"books", "enter")
        await until(pilot, lambda: "books/Pod/" in shown(app, "#log Static"))
        for words in ("books/pod", "frobnicate"):
            await pilot.press("ctrl+f", *words, "enter")
            await still(pilot)
        assert [n.message for n in app._notifications] == ["'frobnicate' is not in the conversation."]
        await pilot.press("ctrl+y")
        assert "books/Pod/" in app.clipboard
        assert {"Approve the plan", "Reject the plan", "Undo the session", "Go to fleet"} <= {
            c.title for c in app.get_system_commands(app.screen)
        }


async def test_the_linear_mode_reads_and_refuses_in_lines(broken: House) -> None:
    """Lines in, lines out; what is not understood says what could be asked."""
    out = io.StringIO()
    await Linear(broken, ANN, None, out).run(
        io.StringIO("approve\nhelp\nopen nothing\nlist pods in books\nfrobnicate\nfleet\nquit\n")
    )
    assert "no session yet" in out.getvalue()
    assert "There is no session nothing" in out.getvalue()
    assert "books/Pod/" in out.getvalue()
    assert "did not understand" in out.getvalue()
    assert "* embedded world" in out.getvalue()
    assert "nvidia.com/gpu" in out.getvalue()


@pytest.fixture(scope="module")
def slow() -> Iterator[House]:
    with house(lambda: embedded("bad-release")) as opened:
        yield opened


async def test_a_metric_is_a_plot_and_the_fleet_and_sessions_are_lists(slow: House) -> None:
    """Enter on a query of the evidence draws its last quarter of an hour."""
    app = Chat(slow, ANN)
    async with screen(app) as pilot:
        await pilot.press(*"what", "space", *"is", "space", *"wrong", "?", "enter")
        await until(pilot, lambda: app.entries and app.entries[-1].event.kind == "closed")
        await pilot.press("f5")
        await still(pilot)
        assert same(app, "sessions")
        await pilot.press("f6")
        await until(pilot, lambda: app.query(".estate"))
        assert same(app, "fleet")
        await pilot.press("f3", "enter")
        await still(pilot)
        found = app.screen.query_one("#found")
        calls = [str(o.prompt) for o in found.options]  # type: ignore[attr-defined]  # an OptionList
        found.highlighted = next(n for n, c in enumerate(calls) if "metrics: sum(rate(http" in c and "/" not in c)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query("PlotextPlot"))
        assert same(app, "metric")


def test_a_browser_is_a_terminal() -> None:
    """Under `textual serve`, whose apps have pipes instead of a terminal, the screens come, not the linear mode."""
    driver = {"TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver"}
    command = [sys.executable, "-m", "steersman", "chat", "--demo"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment() | driver
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"__GANGLION__\n"  # how Textual's web driver greets its server
        process.kill()
