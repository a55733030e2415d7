"""A plan as lines with a kind each: the diff of every object to be changed, policy's word with its rule, and how far it has got."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import orjson
from pydantic import JsonValue

from ...remedy import Plan
from ...types import Done, Event, Failed, Judged, Started, Undone

Kind: TypeAlias = Literal["", "add", "remove", "verdict", "done", "failed", "undone"]


def plan_lines(plan: Plan, judged: Judged | None, events: Sequence[Event]) -> list[tuple[Kind, str]]:
    """The whole plan."""
    return list(_lines(plan, judged, events))


def _lines(plan: Plan, judged: Judged | None, events: Sequence[Event]) -> Iterator[tuple[Kind, str]]:
    yield "", f"Plan {plan.name} for {plan.fault} of {plan.entity}"
    yield "", f"digest {plan.digest}"
    for number, step in enumerate(plan.steps):
        yield "", f"{number + 1}. {step.action.words[:300]}"
        yield "", f"   why: {step.why}  {' '.join(step.cites)}"
        for change in step.changes:
            if change.op != "add":
                yield "remove", f"   - {change.path}: {_value(change.before)}"
            if change.op != "remove":
                yield "add", f"   + {change.path}: {_value(change.after)}"
        yield from (("", f"   must hold: {check.words}") for check in step.check)
        yield "", f"   undo: {step.undo}" + ("" if step.reversible else "  (cannot be undone)")
        if judged and number < len(judged.verdicts):
            verdict = judged.verdicts[number]
            yield "verdict", f"   policy: {verdict.effect} by {verdict.rule}: {verdict.reason}"
        yield from _progress(plan.digest, number, events)
    yield from (("", f"note: {note}") for note in plan.notes)
    yield from (("", f"you may: {choice}") for choice in plan.choices)
    if plan.source_of_truth:
        yield "verdict", f"{plan.source_of_truth} declares it: make the change in its source"


def _progress(digest: str, number: int, events: Sequence[Event]) -> Iterator[tuple[Kind, str]]:
    for event in events:
        match event:
            case Started() if (event.digest, event.step) == (digest, number):
                yield "", "   started: its pre-image and inverse are on record"
            case Done() if (event.digest, event.step) == (digest, number):
                yield "done", "   done"
            case Undone() if (event.digest, event.step) == (digest, number):
                kind: Kind = "undone" if event.proven else "failed"
                yield kind, f"   {'taken back' if event.proven else 'NOT taken back'}: {event.text}"
            case Failed() if event.step == number:
                yield "failed", f"   failed: {event.text}"


def _value(value: JsonValue) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
