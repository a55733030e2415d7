"""The terminal UI: five tabs over one house of sessions. It renders entries and calls verbs; it knows no phase of the engine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Literal

from textual import on, work
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Input, OptionList, Static, TabbedContent, TabPane
from textual.worker import Worker, WorkerState

from steersman_tools.types import ToolFailed

from ...asking import Answered
from ...types import Closed, Entry, Judged
from ..access import Principal, Refused
from ..story import Story
from ..talk.house import House
from ..talk.words import PLAIN, diagnosis_of, entry_lines, plan_of, reply_lines, state_of
from .modals import Approve, Evidence, Help, Text
from .panels import Causes, Conversation, Fleet, Plan, Sessions

HINT = "Ask: why is NAME slow · heal NAMESPACE · list pods · logs of NAME"


Colours = Literal["all", "sixteen"]
"""Sixteen: those of the terminal's own palette, which its owner can read."""


class Chat(App[None]):
    """`steersman chat`."""

    TITLE = "steersman"
    CSS_PATH = "chat.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help"),
        Binding("f2", "tab('talk')", "Talk"),
        Binding("f3", "tab('causes')", "Causes"),
        Binding("f4", "tab('plan')", "Plan"),
        Binding("f5", "tab('sessions')", "Sessions"),
        Binding("f6", "tab('fleet')", "Fleet"),
        Binding("f8", "approve", "Approve"),
        Binding("f9", "reject", "Reject"),
        Binding("ctrl+z", "undo", "Undo", show=False),
        Binding("f7", "stop", "Stop the session", show=False),
        Binding("ctrl+y", "copy", "Copy", show=False),
        Binding("ctrl+f", "search", "Search", show=False),
        Binding("ctrl+q", "quit", "Quit", show=False),
    ]

    def __init__(
        self, house: House, who: Principal, namespace: str | None = None, first: str = "", colours: Colours = "all"
    ) -> None:
        super().__init__()
        self.house, self.who, self.namespace, self.first = house, who, namespace, first
        self.session, self.entries = "", list[Entry]()
        self._story = Story(PLAIN)
        self.theme = "textual-dark" if colours == "all" else "ansi-dark"

    def compose(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        with TabbedContent(initial="talk", id="tabs"):
            with TabPane("Talk", id="talk"):
                yield Conversation(id="log")
                yield Input(placeholder=HINT, id="ask")
            with TabPane("Causes", id="causes"):
                yield Causes(id="cause-list")
            with TabPane("Plan", id="plan"):
                yield Plan(id="plan-view")
            with TabPane("Sessions", id="sessions"):
                yield Sessions(id="session-list", cursor_type="row")
            with TabPane("Fleet", id="fleet"):
                yield Fleet(id="fleet-view")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        self._head()
        self.query_one("#ask", Input).focus()
        if self.first:
            self._say(self.first)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield from super().get_system_commands(screen)
        yield SystemCommand("Approve the plan", "Carry out the plan that waits (F8)", self.action_approve)
        yield SystemCommand("Reject the plan", "Refuse the plan that waits (F9)", self.action_reject)
        yield SystemCommand("Undo the session", "Take back what it did (Ctrl+Z)", self.action_undo)
        yield SystemCommand("Stop the session", "Before its next piece of work (F7)", self.action_stop)
        for tab in ("talk", "causes", "plan", "sessions", "fleet"):
            yield SystemCommand(f"Go to {tab}", f"The tab {tab}", lambda tab=tab: self.action_tab(tab))
        yield SystemCommand("Copy", "The session as text, to the clipboard (Ctrl+Y)", self.action_copy)

    @on(Input.Submitted, "#ask")
    def _asked(self, event: Input.Submitted) -> None:
        if text := event.value.strip():
            event.input.clear()
            self._say(text)

    @on(OptionList.OptionSelected, "#cause-list")
    def _cause(self, event: OptionList.OptionSelected) -> None:
        found = diagnosis_of([e.event for e in self.entries])
        if found and event.option_id:
            cause = next(c for c in found.causes if str(c.rank) == event.option_id)
            self.push_screen(Evidence(self.house, self.who, cause, found))

    @on(DataTable.RowSelected, "#session-list")
    def _chosen(self, event: DataTable.RowSelected) -> None:
        if event.row_key.value:
            self.query_one(Conversation).clear()
            self._follow(event.row_key.value)
            self.action_tab("talk")

    @on(TabbedContent.TabActivated)
    def _opened(self, event: TabbedContent.TabActivated) -> None:
        match event.pane.id:
            case "sessions":
                try:
                    self.query_one(Sessions).show(self.house.sessions(self.who))
                except Refused as refused:
                    self._tell(str(refused))
            case "fleet":
                self._look()

    @on(Worker.StateChanged)
    def _broken(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.ERROR and isinstance(event.worker.error, ToolFailed | Refused):
            self._tell(str(event.worker.error))

    @work(exit_on_error=False, group="say")
    async def _say(self, text: str) -> None:
        self._tell(f"> {text}", "mine")
        said = await self.house.say(self.who, text, self.namespace)
        if isinstance(said, Answered):
            self._tell("\n".join(reply_lines(said)))
        else:
            self._follow(said)

    @work(exit_on_error=False, exclusive=True, group="follow")
    async def _follow(self, session: str) -> None:
        self.session, self.entries, self._story = session, [], Story(PLAIN)
        self._refresh()
        async for entry in self.house.follow(self.who, session):
            self._on_entry(entry)

    @work(exit_on_error=False, exclusive=True, group="fleet")
    async def _look(self) -> None:
        self.query_one(Fleet).show(await self.house.fleet(self.who))

    @work(exit_on_error=False, group="verbs")
    async def _decide(self, digest: str, word: str) -> None:
        if word == "approve":
            await self.house.approve(self.who, self.session, digest)
        else:
            await self.house.reject(self.who, self.session, digest, "rejected in the terminal UI")
        self.action_tab("talk")

    @work(exit_on_error=False, group="verbs")
    async def _undo(self, session: str) -> None:
        after = len(self.entries)
        undoing = self.run_worker(self.house.undo(self.who, session), exit_on_error=False, group="undo")
        await undoing.wait()
        for entry in self.house.entries(self.who, session)[after:]:
            self._on_entry(entry)

    @work(exit_on_error=False, group="verbs")
    async def _stop(self, session: str) -> None:
        await self.house.cancel(self.who, session)

    def action_tab(self, tab: str) -> None:
        self.query_one("#tabs", TabbedContent).active = tab
        focus = {"talk": "#ask", "causes": "#cause-list", "plan": "#plan-view", "sessions": "#session-list"}
        self.query_one(focus.get(tab, "#fleet-view")).focus()

    def action_approve(self) -> None:
        self._confirm("approve")

    def action_reject(self) -> None:
        self._confirm("reject")

    def action_undo(self) -> None:
        if self.session:
            self._undo(self.session)

    def action_stop(self) -> None:
        if self.session:
            self._stop(self.session)

    def action_copy(self) -> None:
        chosen = self.screen.get_selected_text()
        self.copy_to_clipboard(chosen or self.query_one(Conversation).text)
        self.notify("Copied." if chosen else "The conversation was copied.")

    def action_search(self) -> None:
        def search(words: str | None) -> None:
            if words and not self.query_one(Conversation).find(words):
                self.notify(f"{words!r} is not in the conversation.")

        self.action_tab("talk")
        self.push_screen(Text("Search the conversation"), search)

    def action_help(self) -> None:
        self.push_screen(Help())

    def _confirm(self, word: str) -> None:
        digest = self.house.waiting_for(self.session) if self.session else ""
        plan, judged = plan_of([e.event for e in self.entries])
        if not digest or plan is None or judged is None or judged.digest != digest:
            self.notify("No plan waits for a decision.")
            return

        def said(yes: bool | None) -> None:  # noqa: FBT001  a screen's answer
            if yes:
                self._decide(digest, word)

        self.push_screen(Approve(plan, judged, word), said)

    def _on_entry(self, entry: Entry) -> None:
        self.entries.append(entry)
        event = entry.event
        if told := entry_lines(self._story, entry):
            kind = event.outcome if isinstance(event, Closed) else event.kind
            self._tell(told, kind)
        if isinstance(event, Judged) and event.effect == "ask":
            self._tell(f"Plan {event.digest} waits for you: F4 shows it, F8 approves, F9 rejects.", "waits")
        self._refresh()

    def _refresh(self) -> None:
        events = [e.event for e in self.entries]
        self.query_one(Causes).show(diagnosis_of(events))
        self.query_one(Plan).show(*plan_of(events), events)
        self._head()

    def _head(self) -> None:
        where = self.house.room.cluster + (f" / {self.namespace}" if self.namespace else "")
        waits = self.house.waiting_for(self.session) if self.session else ""
        state = f"{self.session[-8:]} {state_of(self.entries, waits)}" if self.session else "no session"
        self.query_one("#head", Static).update(f"{state}  {where}  {self.who.id} ({self.who.role})")

    def _tell(self, text: str, kind: str = "") -> None:
        self.query_one(Conversation).tell(text, kind)
