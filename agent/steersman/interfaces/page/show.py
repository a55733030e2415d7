"""A session as the page shows it: its entries become lines of a timeline, its plan becomes a diff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import yaml
from pydantic import JsonValue

from ...remedy import Plan, Step, Verdict
from ...types import Entry
from ..serving.views import SessionDocument
from .graph import Drawing, draw

MOST_CHANGES = 60


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline."""

    number: int
    at: datetime
    what: str
    tone: str
    """`good`, `bad`, `ask` or nothing."""
    text: str


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One field that will be different: what is taken out, and what is put in."""

    path: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepShown:
    """A step of the plan with all that a person needs to approve it."""

    number: int
    step: Step
    changes: tuple[ChangeLine, ...]
    more: int
    verdict: Verdict | None
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionShown:
    """Everything that one session's page is made from."""

    document: SessionDocument
    moments: tuple[Moment, ...]
    drawing: Drawing
    steps: tuple[StepShown, ...]
    can_undo: bool


def shown(document: SessionDocument, entries: Sequence[Entry]) -> SessionShown:
    """The page of a session."""
    done = any(step.result == "done" and not step.undone for step in document.steps)
    return SessionShown(
        document,
        tuple(moments(entries)),
        draw(document.diagnosis) if document.diagnosis else Drawing(),
        tuple(steps(document.plan, document.verdicts)) if document.plan else (),
        done and document.state == "closed",
    )


def moments(entries: Sequence[Entry]) -> Iterator[Moment]:
    """The timeline."""
    for entry in entries:
        if told := _told(entry):
            yield Moment(entry.number, entry.at, *told)


def _told(entry: Entry) -> tuple[str, str, str] | None:
    event = entry.event
    match event.kind:
        case "question":
            by = f" by {event.request.by}" if event.request.by else ""
            return f"asked{by}", "", event.request.question or event.request.wants
        case "diagnosis":
            found = event.diagnosis
            if found.healthy:
                return "looked", "good", "nothing is wrong in what was checked"
            causes = "; ".join(c.summary for c in found.causes[:3]) or "something is wrong, and its cause was not found"
            return "found", "bad", causes
        case "plan":
            return (
                "planned",
                "",
                "; ".join(s.action.words[:200] for s in event.plan.steps) or "; ".join(event.plan.choices[:3]),
            )
        case "rehearsal":
            return (
                "rehearsed",
                "good" if event.verdict == "mends" else "ask",
                f"{event.verdict.replace('-', ' ')}: {event.text}",
            )
        case "verdict":
            words = "; ".join(dict.fromkeys(f"{v.rule}: {v.reason}" for v in event.verdicts))
            return f"policy: {event.effect}", {"allow": "good", "ask": "ask", "deny": "bad"}[event.effect], words
        case "approval":
            said = event.decision
            return (
                said.kind,
                "good" if said.kind == "approved" else "bad",
                f"by {said.by}{f': {said.why}' if said.why else ''}",
            )
        case "started":
            return f"step {event.step + 1}", "", event.prepared.action.words[:300]
        case "done":
            return f"step {event.step + 1} done", "good", event.receipt.note
        case "verified":
            return ("verified" if event.healed else "not healed"), "good" if event.healed else "bad", event.text
        case "undone":
            return ("taken back" if event.proven else "not taken back"), "ask" if event.proven else "bad", event.text
        case "failed":
            return "failed", "bad", event.text
        case "explained":
            said_ = " ".join(s.text for s in event.explanation.sentences) if event.explanation else event.note
            return f"in the words of {event.model}", "", said_
        case "closed":
            return (
                event.outcome.replace("-", " "),
                "good" if event.outcome in ("healed", "answered") else "ask",
                event.text,
            )
    return None


def steps(plan: Plan, verdicts: Sequence[Verdict]) -> Iterator[StepShown]:
    """The plan's steps, each with its diff."""
    for number, step in enumerate(plan.steps):
        changes = tuple(
            ChangeLine(
                c.path,
                _lines(c.before) if c.op != "add" else (),
                _lines(c.after) if c.op != "remove" else (),
            )
            for c in step.changes[:MOST_CHANGES]
        )
        verdict = verdicts[number] if number < len(verdicts) else None
        checks = tuple(f"{c.words}, within {c.within_seconds:.0f} s and for {c.for_seconds:.0f} s" for c in step.check)
        yield StepShown(number + 1, step, changes, max(0, len(step.changes) - MOST_CHANGES), verdict, checks)


def _lines(value: JsonValue) -> tuple[str, ...]:
    if isinstance(value, str | int | float | bool) or value is None:
        return tuple(str(value).splitlines()[:30]) or ("",)
    return tuple(yaml.safe_dump(value, sort_keys=False).splitlines()[:30])
