"""What the tabs show: each is handed values and draws them."""

from __future__ import annotations

from collections.abc import Sequence

from textual.containers import ScrollableContainer, VerticalScroll
from textual.widgets import DataTable, OptionList, Static
from textual.widgets.option_list import Option

from ...journal import Summary
from ...types import Diagnosis, Event, Judged, Planned
from ..talk.fleet import Fleet as Seen
from ..talk.fleet import fleet_text
from ..talk.plans import plan_lines

MOST_LINES = 2000


class Conversation(VerticalScroll, can_focus=True):
    """What was said, the newest at the end."""

    def tell(self, text: str, kind: str = "") -> None:
        """One more thing. Text is shown as it is: nothing in it is markup."""
        self.mount(Static(text, markup=False, classes=kind))
        for old in list(self.children)[:-MOST_LINES]:
            old.remove()
        self.call_after_refresh(self.scroll_end, animate=False)

    def clear(self) -> None:
        self.remove_children()

    @property
    def text(self) -> str:
        return "\n".join(str(line.content) for line in self.query(Static))

    def find(self, words: str) -> bool:
        """Scrolls to the last place that holds the words."""
        for line in reversed(list(self.query(Static))):
            if words.lower() in str(line.content).lower():
                self.scroll_to_widget(line, animate=False)
                return True
        return False


class Causes(OptionList):
    """The causes; Enter opens what shows them."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._shown: Diagnosis | None = None
        self.show(None)

    def show(self, found: Diagnosis | None) -> None:
        if found is not None and found is self._shown:
            return
        self._shown = found
        self.clear_options()
        if found is None:
            self.add_option(Option("No diagnosis yet: ask something, such as `what is wrong?`", disabled=True))
            return
        for cause in found.causes:
            lines = [f"{cause.rank}. {cause.summary}", f"   {cause.fault} of {cause.entity} {cause.field}".rstrip(),
                     f"   is: {cause.observed}  should be: {cause.expected}  {cause.confidence:.0%} sure",
                     f"   harms: {', '.join(map(str, cause.explains[:6])) or 'nothing yet'}"]  # fmt: skip
            if cause.written_by:
                lines.append(f"   written by: {cause.written_by.manager}")
            lines.append(f"   evidence: {' '.join(cause.cites)}   (Enter opens)")
            lines += [f"   ruled out: {r.fault} of {r.entity}: {r.why}" for r in cause.ruled_out[:3]]
            self.add_option(Option("\n".join(lines), id=str(cause.rank)))
        others = [f"not explained: {u.text}" for u in found.unexplained]
        others += [f"not checked: {gap.what}: {gap.why}" for gap in found.not_checked]
        if found.healthy:
            others.insert(0, "Nothing wrong was found in what was checked.")
        if others:
            self.add_option(Option("\n".join(others), disabled=True))
        if found.causes:
            self.highlighted = 0


class Plan(VerticalScroll, can_focus=True):
    """The plan: a diff of each object, what policy says, and how far it has got."""

    def show(self, plan: Planned | None, judged: Judged | None, events: Sequence[Event]) -> None:
        lines = plan_lines(plan.plan, judged, events) if plan else [("", "No plan yet: `heal NAMESPACE` makes one.")]
        self.remove_children()
        self.mount(*(Static(text, markup=False, classes=kind) for kind, text in lines))


class Sessions(DataTable[str]):
    """The latest sessions; Enter opens one."""

    def show(self, found: Sequence[Summary]) -> None:
        self.clear(columns=True)
        for name, width in (("began", 11), ("outcome", 11), ("asked", 20), ("causes", 60)):
            self.add_column(name, width=width)
        for s in found:
            row = (f"{s.began:%m-%d %H:%M}", s.outcome or "open", s.question or s.wants, "; ".join(s.causes))
            self.add_row(*row, key=s.session)


class Fleet(ScrollableContainer, can_focus=True):
    """Clusters, accelerators with who has them, and queues."""

    def show(self, seen: Seen) -> None:
        self.remove_children()
        self.mount(Static(fleet_text(seen), markup=False, classes="estate"))
