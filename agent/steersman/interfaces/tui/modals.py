"""What stands before the tabs for a moment: a decision, a cause's evidence, help, and a line of text."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option
from textual_plotext import PlotextPlot

from steersman_tools.metrics import Series
from steersman_tools.metrics.promql import NotUnderstood, parse
from steersman_tools.types import Evidence as Item
from steersman_tools.types import ToolFailed

from ...types import Cause, Diagnosis, Judged, Planned
from ..access import Principal, Refused
from ..talk.house import House
from ..talk.plans import plan_lines
from ..talk.words import reply_lines

HELP = """\
F1 this help    F8 approve the plan     Ctrl+P all commands
F2 talk         F9 reject it            Ctrl+F search
F3 causes       Ctrl+Z undo a session   Ctrl+Y copy what is selected,
F4 plan         F7 stop a session              or the conversation
F5 sessions     Enter opens a thing     Ctrl+Q quit
F6 fleet        Escape closes a window

Ask in plain words:
  what is wrong?       why is NAME slow       list pods in NAMESPACE
  heal NAMESPACE       scale NAME to 3        which gpus are free
  describe NAME        logs of NAME           what runs out of memory

Asking reads only. `heal` and `scale` make a plan; policy judges it;
nothing is changed before you approve the digest that you see.
Everything has a mouse target too: see also Ctrl+P.
`steersman chat --plain` talks in lines, for screen readers."""


class Approve(ModalScreen[bool]):
    """Approve or reject: shows the digest to which the word is bound."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)", "Yes"),
        Binding("n,escape", "dismiss(False)", "No"),
    ]

    def __init__(self, plan: Planned, judged: Judged, word: str) -> None:
        super().__init__()
        self._plan, self._judged, self._word = plan, judged, word

    def compose(self) -> ComposeResult:
        digest = self._plan.plan.digest
        with Vertical():
            yield Static(f"{self._word.capitalize()} plan {digest}?", id="question", markup=False)
            with VerticalScroll():
                for kind, text in plan_lines(self._plan.plan, self._judged, ()):
                    yield Static(text, markup=False, classes=kind)
            with Horizontal(id="buttons"):
                yield Button(f"{self._word.capitalize()} (y)", id="yes", variant="warning", compact=True)
                yield Button("Not now (n)", id="no", compact=True)

    def on_mount(self) -> None:
        self.query_one("#no").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")


class Evidence(ModalScreen[None]):
    """What shows a cause: log lines, objects, and metrics as a plot."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close"),
        Binding("ctrl+y", "copy", "Copy"),
    ]

    def __init__(self, house: House, who: Principal, cause: Cause, found: Diagnosis) -> None:
        super().__init__()
        self._house, self._who, self._cause = house, who, cause
        known = {e.id: e for e in found.evidence}
        self._items = [known[key] for key in cause.cites if key in known]

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(f"{self._cause.fault} of {self._cause.entity}   Escape closes", markup=False)
            options = [Option(f"{e.id} {e.tool}: {e.call}", id=e.id) for e in self._items]
            yield OptionList(*options, Option(f"open {self._cause.entity}", id="object"), id="found", markup=False)
            yield VerticalScroll(id="shown")

    def on_mount(self) -> None:
        self.query_one("#found", OptionList).focus()

    @on(OptionList.OptionHighlighted, "#found")
    def _looked(self, event: OptionList.OptionHighlighted) -> None:
        item = next((e for e in self._items if e.id == event.option_id), None)
        self._show(f"$ {item.call}\n{item.observed_at:%H:%M:%S} UTC\n\n{item.text}" if item else "Enter opens it.")

    @on(OptionList.OptionSelected, "#found")
    def _opened(self, event: OptionList.OptionSelected) -> None:
        if event.option_id == "object":
            self._object()
        elif item := next(
            (e for e in self._items if e.id == event.option_id and e.tool in ("metrics", "alerts")), None
        ):
            self._plot(item)

    @work(exclusive=True)
    async def _object(self) -> None:
        self._show("reading …")
        try:
            reply = await self._house.read(self._who, f"describe {self._cause.entity}")
            self._show("\n".join(reply_lines(reply)))
        except (ToolFailed, Refused) as error:
            self._show(str(error))

    @work(exclusive=True)
    async def _plot(self, item: Item) -> None:
        try:
            series = await self._house.past(self._who, parse(item.call))
        except (NotUnderstood, ToolFailed, Refused) as error:
            self._show(f"{item.text}\n\nNo plot: {error}")
            return
        if not any(s.values for s in series):
            self._show(f"{item.text}\n\nNo plot: there is no data of the last quarter of an hour.")
            return
        shown = self.query_one("#shown", VerticalScroll)
        await shown.remove_children()
        await shown.mount(_drawn(series), Static(f"$ {item.call}\n{item.text}", markup=False))

    def action_copy(self) -> None:
        text = "\n".join(str(s.content) for s in self.query_one("#shown").query(Static))
        self.app.copy_to_clipboard(text)
        self.notify("Copied.")

    def _show(self, text: str) -> None:
        shown = self.query_one("#shown", VerticalScroll)
        shown.remove_children()
        shown.mount(Static(text, markup=False))


def _drawn(series: list[Series]) -> PlotextPlot:
    """Up to four series over minutes from now."""
    plot = PlotextPlot()
    end = max(s.times[-1] for s in series if s.times)
    for each in series[:4]:
        label = ",".join(each.labels.values())[:30]
        plot.plt.plot([(t - end) / 60 for t in each.times], list(each.values), label=label, marker="braille")
    plot.plt.xlabel("minutes before the last point")
    return plot


class Help(ModalScreen[None]):
    """The keys and the words."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f1,q,enter", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        with Vertical(), VerticalScroll():
            yield Static(HELP, markup=False)


class Text(ModalScreen[str]):
    """One line from the person."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss('')", "Close")]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(self._title, markup=False)
            yield Input()

    @on(Input.Submitted)
    def _given(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value)
