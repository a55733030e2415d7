"""A session as those who serve show it: a line in a list, and a document. Made from its entries and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias

from steersman_tools.types import Frozen

from ...explanation import Explained
from ...remedy import Decision, Plan, Verdict
from ...types import Diagnosis, Entry, Outcome, Request
from ..document import HealedStep, healing

State: TypeAlias = Literal["running", "waiting", "closed"]


class SessionLine(Frozen):
    """A session in a list."""

    session: str
    began: datetime
    question: str
    wants: Literal["diagnosis", "healing", "scaling", "change"]
    namespace: str | None
    by: str
    state: State
    """Waiting: for a person's word on the plan whose digest is `waits_for`."""
    waits_for: str = ""
    outcome: Outcome | None = None
    causes: tuple[str, ...] = ()
    last: int
    """The number of its last entry: where a stream of its events goes on from."""


class SessionDocument(SessionLine):
    """Everything about one session but its single events."""

    text: str = ""
    """How it ended, in words."""
    diagnosis: Diagnosis | None = None
    """The first one: what was wrong when it was asked."""
    explained: Explained | None = None
    plan: Plan | None = None
    """The latest one."""
    verdicts: tuple[Verdict, ...] = ()
    decision: Decision | None = None
    steps: tuple[HealedStep, ...] = ()
    """The steps of all its plans, with what became of them."""


def line_of(entries: Sequence[Entry]) -> SessionLine:
    """The line of a session with these entries, of which there is at least one."""
    first = entries[0]
    request = first.event.request if first.event.kind == "question" else Request()
    outcome, waits = outcome_of(entries), waits_for(entries)
    found = next((e.event.diagnosis for e in entries if e.event.kind == "diagnosis"), None)
    return SessionLine(
        session=first.session,
        began=first.at,
        question=request.question,
        wants=request.wants,
        namespace=request.namespace,
        by=request.by,
        state="closed" if entries[-1].event.kind == "closed" else "waiting" if waits else "running",
        waits_for=waits,
        outcome=outcome,
        causes=tuple(f"{c.fault} {c.entity}" for c in found.causes) if found else (),
        last=entries[-1].number,
    )


def document_of(entries: Sequence[Entry]) -> SessionDocument:
    """The document of a session with these entries."""
    line, events = line_of(entries), [e.event for e in entries]
    told = healing(line.session, line.question, entries)
    plan = next((e.plan for e in reversed(events) if e.kind == "plan"), None)
    return SessionDocument(
        **dict(line),
        text=told.text,
        diagnosis=next((e.diagnosis for e in events if e.kind == "diagnosis"), None),
        explained=next((e for e in events if isinstance(e, Explained)), None),
        plan=plan,
        verdicts=next((e.verdicts for e in reversed(events) if e.kind == "verdict"), ()),
        decision=next((e.decision for e in reversed(events) if e.kind == "approval"), None),
        steps=told.steps,
    )


def outcome_of(entries: Sequence[Entry]) -> Outcome | None:
    """How it ended, as last said; None while it runs."""
    return next((e.event.outcome for e in reversed(entries) if e.event.kind == "closed"), None)


def waits_for(entries: Sequence[Entry]) -> str:
    """The digest of the plan that waits for a person's word; empty when none does."""
    request = entries[0].event.request if entries[0].event.kind == "question" else Request()
    if request.approval == "given" or request.act == "show only":
        return ""
    for entry in reversed(entries):
        match entry.event.kind:
            case "verdict":
                return entry.event.digest if entry.event.effect == "ask" else ""
            case "approval" | "closed" | "started" | "plan":
                return ""
    return ""
