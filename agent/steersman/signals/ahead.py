"""What will run out, before it does: every memory, disk, quota and GPU of a batch against its limit, as facts that plans and people
can use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from steersman_tools.metrics import Match, Series
from steersman_tools.types import Frozen, Observation, Ref

from ..faults import Fault
from ..types import Finding
from .capacity import Exhaustion, exhaustion
from .grid import Grid
from .live import Batch

HORIZON = 7200.0
"""Seconds ahead within which a limit is worth a warning."""


@dataclass(frozen=True, slots=True)
class Limited:
    """A series that may reach its limit, rising (what is free is handed in as its negative, with the limit 0)."""

    what: str
    entity: Ref
    fault: Fault
    grid: Grid
    limit: float
    size: float
    """What the limit is of: for figures in percent."""
    call: str


class RunsOut(Frozen):
    """Something that will run out."""

    what: str
    entity: Ref
    fault: Fault
    ends: Exhaustion
    used: float
    """The part of the limit that is used now."""
    call: str

    def text(self) -> str:
        """`memory of shop/Pod/cart-1 reaches its limit at 14:35 (80 %: 14:20–15:10)`, in UTC."""
        at = _clock(self.ends.at) if self.ends.at is not None else "no time within sight"
        early = _clock(self.ends.earliest) if self.ends.earliest is not None else "?"
        late = _clock(self.ends.latest) if self.ends.latest is not None else "not at all"
        return (
            f"{self.what} of {self.entity} reaches its limit at {at} (80 %: {early}–{late}); {self.used:.0%} are used"
        )


def warnings(batch: Batch, horizon: float = HORIZON) -> tuple[RunsOut, ...]:
    """Everything in the batch that reaches its limit within the horizon, soonest first. Only steady growth and what is reached
    already count: a forecast of fluctuation is no warning."""
    found = []
    for each in limited(batch):
        if len(each.grid.values) and np.isfinite(each.grid.values).any():
            ends = exhaustion(each.grid, each.limit, horizon)
            if ends.at is not None and ends.latest is not None and ends.basis != "forecast":
                used = 1 - (each.limit - float(each.grid.values[np.isfinite(each.grid.values)][-1])) / each.size
                found.append(
                    RunsOut(what=each.what, entity=each.entity, fault=each.fault, ends=ends, used=used, call=each.call)
                )
    return tuple(sorted(found, key=lambda each: (each.ends.at or 0.0, str(each.entity), each.what)))


def finding(warning: RunsOut, now: float) -> Finding:
    """The warning as diagnosis knows facts. It needs no symptom: nothing suffers yet."""
    return Finding(
        fault=warning.fault,
        entity=warning.entity,
        observed=f"{warning.used:.0%} used, growing by {warning.ends.growth:.4g} a second",
        expected="no limit reached within two hours",
        summary=warning.text(),
        certainty=0.8 if warning.ends.basis == "growth" else 0.95,
        breaks=(warning.entity,),
        needs_symptom=False,
        observations=(
            Observation(
                tool="metrics", call=warning.call, observed_at=datetime.fromtimestamp(now, UTC), text=warning.text()
            ),
        ),
    )


def limited(batch: Batch) -> Iterator[Limited]:
    """Every pair of a use and its limit in the batch."""
    for question, fault in (("memory", Fault.MEMORY_LEAK), ("cpu", Fault.CPU_OVERLOAD)):
        yield from _containers(batch, question, fault)
    yield from _free(batch, "volume-free", "volume", "PersistentVolumeClaim", "persistentvolumeclaim")
    yield from _free(batch, "disk-free", "disk", "Node", "node")
    yield from _free(batch, "node-memory-free", "memory", "Node", "node")
    hard = {_quota(each): each for each in batch.of("quota") if each.labels.get("type") == "hard"}
    for each in batch.of("quota"):
        limit = hard.get(_quota(each))
        if each.labels.get("type") == "used" and limit is not None and len(limit.values) and limit.values[-1] > 0:
            at = float(limit.values[-1])
            entity = _ref(each, "ResourceQuota", "resourcequota")
            what = f"quota {each.labels.get('resource', '')}"
            yield Limited(
                what, entity, Fault.QUOTA_EXCEEDED, batch.grid("quota", each), at, at, _call(batch, "quota", each)
            )


def _containers(batch: Batch, question: str, fault: Fault) -> Iterator[Limited]:
    """What containers use of what they are limited to."""
    limits = {_container(each): each for each in batch.of(f"{question}-limit")}
    for each in batch.of(question):
        limit = limits.get(_container(each))
        if limit is not None and len(limit.values) and limit.values[-1] > 0:
            at = float(limit.values[-1])
            yield Limited(
                question,
                _ref(each, "Pod", "pod"),
                fault,
                batch.grid(question, each),
                at,
                at,
                _call(batch, question, each),
            )


def _free(batch: Batch, question: str, what: str, kind: str, label: str) -> Iterator[Limited]:
    """What is free falls to nothing: the negative rises to zero."""
    fault = Fault.MEMORY_PRESSURE if "memory" in question else Fault.DISK_PRESSURE
    for each in batch.of(question):
        if len(each.values):
            free = batch.grid(question, each)
            grid = Grid(free.start, free.step, -free.values)
            size = float(np.nanmax(free.values)) or 1.0
            yield Limited(what, _ref(each, kind, label), fault, grid, 0.0, size, _call(batch, question, each))


def _ref(series: Series, kind: str, label: str) -> Ref:
    return Ref("" if kind == "Node" else series.labels.get("namespace", ""), kind, series.labels.get(label, ""))


def _container(series: Series) -> tuple[str, ...]:
    return tuple(series.labels.get(label, "") for label in ("namespace", "pod", "container"))


def _quota(series: Series) -> tuple[str, ...]:
    return tuple(series.labels.get(label, "") for label in ("namespace", "resourcequota", "resource"))


def _call(batch: Batch, question: str, series: Series) -> str:
    """The question about this one series, as a person would repeat it."""
    told = {k: v for k, v in series.labels.items() if k != "__name__"}
    if question not in batch.asked:
        return question
    query = batch.asked[question]
    match = tuple(Match(label=name, value=value) for name, value in sorted(told.items()))
    return query.model_copy(update={"match": match}).promql


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M")
