"""The JSON document of an investigation, as scripts read it: schema `steersman.investigation/v1` (docs/json.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field, JsonValue

from steersman_tools.flows import RunsOut
from steersman_tools.types import Evidence, Frozen, NotChecked

from ..experience import Recall
from ..explanation import Explained, Explanation
from ..models import Usage
from ..remedy import Plan, Verdict
from ..types import (
    Cause,
    Closed,
    Diagnosed,
    Diagnosis,
    Done,
    Entry,
    Event,
    Judged,
    Outcome,
    Planned,
    Remembered,
    Seconds,
    Started,
    Undone,
    Unexplained,
)  # fmt: skip


class Investigation(Frozen):
    """What `--output json` prints."""

    schema_: Literal["steersman.investigation/v1"] = Field("steersman.investigation/v1", alias="schema")
    session: str
    question: str
    healthy: bool
    causes: tuple[Cause, ...]
    unexplained: tuple[Unexplained, ...]
    evidence: tuple[Evidence, ...]
    not_checked: tuple[NotChecked, ...]
    warnings: tuple[RunsOut, ...] = ()
    """What will run out soon; no cause of anything yet."""
    similar: tuple[Recall, ...] = ()
    """Earlier incidents that were like this one, the most alike first."""
    plan: Plan | None = None
    seconds: Seconds
    model: str | None = None


def investigation(
    session: str, question: str, event: Diagnosed, plan: Plan | None = None, similar: tuple[Recall, ...] = ()
) -> Investigation:
    """The document of a diagnosis."""
    found = event.diagnosis
    return Investigation(
        session=session,
        question=question,
        healthy=found.healthy,
        causes=found.causes,
        unexplained=found.unexplained,
        evidence=found.evidence,
        not_checked=found.not_checked,
        warnings=found.warnings,
        similar=similar,
        plan=plan,
        seconds=event.seconds,
    )


class ExplainedInvestigation(Investigation):
    """The same where a model was asked."""

    explanation: Explanation | None
    note: str
    """Why there is no explanation, or why it is not complete; empty otherwise."""
    usage: Usage


def explained(document: Investigation, event: Explained) -> ExplainedInvestigation:
    """The document with what a model made of it."""
    told = {name: getattr(document, name) for name in Investigation.model_fields if name not in ("schema_", "model")}
    return ExplainedInvestigation(
        **told, model=event.model, explanation=event.explanation, note=event.note, usage=event.usage
    )


class HealedStep(Frozen):
    """One step as scripts read it."""

    action: dict[str, JsonValue]
    verdict: Verdict | None
    result: Literal["done", "failed", "not-done"]
    undone: bool


class Healing(Investigation):
    """What `heal --output json` prints: the first diagnosis, the last plan, and what became of it all."""

    outcome: Outcome
    text: str
    steps: tuple[HealedStep, ...]
    attempts: int


def healing(session: str, question: str, entries: Sequence[Entry]) -> Healing:
    """The document of a session that was to heal."""
    events = [entry.event for entry in entries]
    first = next((e for e in events if isinstance(e, Diagnosed)), None)
    answer = first or Diagnosed(diagnosis=Diagnosis(), seconds=Seconds(gather=0, diagnose=0))
    closed = next((e for e in reversed(events) if isinstance(e, Closed)), Closed(outcome="failed"))
    plans = [e.plan for e in events if isinstance(e, Planned)]
    recalls = next((e.recalls for e in events if isinstance(e, Remembered)), ())
    base = investigation(session, question, answer, plans[-1] if plans else None, recalls)
    return Healing(
        **{name: getattr(base, name) for name in Investigation.model_fields if name != "schema_"},
        outcome=closed.outcome,
        text=closed.text,
        steps=tuple(step for plan in plans for step in _steps(plan, events)),
        attempts=len({e.digest for e in events if isinstance(e, Started)}),
    )


def _steps(plan: Plan, events: Sequence[Event]) -> Iterator[HealedStep]:
    verdicts = next((e.verdicts for e in events if isinstance(e, Judged) and e.digest == plan.digest), ())
    for number, step in enumerate(plan.steps):
        done = any(isinstance(e, Done) and (e.digest, e.step) == (plan.digest, number) for e in events)
        undone = any(isinstance(e, Undone) and e.proven and (e.digest, e.step) == (plan.digest, number) for e in events)
        started = any(isinstance(e, Started) and (e.digest, e.step) == (plan.digest, number) for e in events)
        yield HealedStep(
            action=step.action.model_dump(mode="json"),
            verdict=verdicts[number] if number < len(verdicts) else None,
            result="done" if done else "failed" if started else "not-done",
            undone=undone,
        )
