"""A session as a person follows it: each entry becomes some lines, or none. `heal`, `undo`, `show` and `demo` tell it alike."""

from __future__ import annotations

import shutil
import textwrap
from dataclasses import dataclass

from ..remedy import Plan
from ..types import (
    Asked,
    Closed,
    Decided,
    Diagnosed,
    Done,
    Entry,
    Failed,
    Judged,
    Planned,
    Rehearsed,
    Remembered,
    Started,
    Undone,
    Verified,
)  # fmt: skip
from . import render
from .style import Style

CHANGES_SHOWN = 8


@dataclass
class Story:
    """Tells a session from its entries."""

    style: Style
    _diagnoses: int = 0
    _change: bool = False
    """Whether a change was asked for: then what is wrong otherwise is told in a line."""

    def tell(self, entry: Entry) -> str:
        """What there is to say about the entry."""
        style, event = self.style, entry.event
        if isinstance(event, Asked):
            self._change = event.request.wants == "change"
        match event:
            case Asked() if event.request.question:
                return f"{style.dim('asked')} {event.request.question}"
            case Diagnosed():
                return self._diagnosis(event)
            case Remembered():
                return "\n".join(render.recalled(event, style, shutil.get_terminal_size((100, 24)).columns))
            case Planned():
                return plan_text(event.plan, style)
            case Rehearsed():
                return f"{style.dim('rehearsed')} {event.verdict.replace('-', ' ')}: {event.text}"
            case Judged():
                lines = []
                for number, verdict in enumerate(event.verdicts, 1):
                    word = {"allow": style.good, "ask": style.bold, "deny": style.bad}[verdict.effect](verdict.effect)
                    lines.append(f"{style.dim('policy')} step {number}: {word} by {verdict.rule}: {verdict.reason}")
                return "\n".join(lines)
            case Decided():
                decision = event.decision
                why = f": {decision.why}" if decision.why else ""
                return f"{style.dim(decision.kind)} by {decision.by}{why} {style.dim(f'(plan {decision.digest})')}"
            case Started():
                return f"{style.dim('doing')} {event.prepared.action.words[:200]}"
            case Done():
                return f"{style.good('done')} step {event.step + 1}{f' ({event.receipt.note})' if event.receipt.note else ''}; verifying …"
            case Verified():
                return f"{style.good('verified') if event.healed else style.bad('not healed')} {event.text}"
            case Undone():
                return f"{style.bold('undone') if event.proven else style.bad('not undone')} step {event.step + 1}: {event.text}"
            case Failed():
                return (
                    f"{style.bad('failed')} {f'step {event.step + 1}: ' if event.step is not None else ''}{event.text}"
                )
            case Closed():
                word = event.outcome.replace("-", " ")
                shown = style.good(word) if event.outcome in ("healed", "answered", "done") else style.bold(word)
                return f"\n{shown}{f': {event.text}' if event.text else ''}  {style.dim(f'session {entry.session}')}"
        return ""

    def _diagnosis(self, event: Diagnosed) -> str:
        self._diagnoses += 1
        if self._diagnoses == 1 and not self._change:
            return render.text(event.diagnosis, event.seconds, self.style, shutil.get_terminal_size((100, 24)).columns)
        left = ", ".join(f"{c.fault} {c.entity}" for c in event.diagnosis.causes)
        if self._change:
            return f"{self.style.dim('looked')} wrong beside it: {left}" if left and self._diagnoses == 1 else ""
        return f"{self.style.dim('looked again')} {f'left: {left}' if left else 'nothing is wrong any more'}"


def plan_text(plan: Plan, style: Style) -> str:
    """A plan with what each step changes."""
    about = f"{plan.fault} of {plan.entity}" if plan.fault else f"{plan.entity}"
    lines = [f"{style.bold('Plan')} {plan.name} for {about} {style.dim(f'({plan.digest})')}"]
    for number, step in enumerate(plan.steps, 1):
        lines.append(f"  {number}. {step.action.words[:300]}")
        lines += textwrap.wrap(f"why: {step.why}", 110, initial_indent="     ", subsequent_indent="     ")
        shown = [str(change) for change in step.changes[:CHANGES_SHOWN]]
        if step.action.effect in ("edit", "drain", "replace"):
            lines += [f"     {style.dim(line[:160])}" for line in shown]
        lines.append(f"     {style.dim('undo: ' + step.undo[:160])}")
        if step.runbook:
            lines.append(f"     {style.dim('runbook: ' + step.runbook)}")
    lines += [f"  note: {note}" for note in plan.notes]
    lines += [f"  you may: {choice}" for choice in plan.choices]
    if plan.source_of_truth:
        lines.append(f"  {style.bold(plan.source_of_truth)} declares it: make the change in its source")
    return "\n".join(lines)
