"""What metrics have to say in a diagnosis: which services are out of order, closely measured, and what will run out soon."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from steersman_tools.flows import Flows, RunsOut
from steersman_tools.metrics import MetricsSource
from steersman_tools.types import NotChecked, ToolFailed

from .ahead import Foretold, ahead
from .disorder import disorders, traffic
from .limits import table
from .pods import look_at_pods
from .pulse import Pulse, pulse

SPOKEN = frozenset({"growth", "season"})
"""What a warning may rest on. What is at its limit already is no warning: it shows by what it breaks."""


@dataclass(frozen=True)
class Witness:
    """The testimony."""

    flows: Flows = Flows()
    not_checked: tuple[NotChecked, ...] = ()


async def witness(source: MetricsSource, now: datetime, namespace: str | None = None) -> Witness:
    """Asks everything at once. What cannot be asked is not checked."""
    try:
        beat = await pulse(source, now)
    except ToolFailed as problem:
        return Witness(not_checked=(NotChecked(what="metrics", why=str(problem)),))
    rows = [row for row in table() if row.every]
    (flows, gaps), told = await asyncio.gather(_flows(source, now, beat, namespace), ahead(source, now, beat, rows))
    soon = tuple(
        _runs_out(each) for each in told.warnings if each.ends.basis in SPOKEN and each.ends.latest is not None
    )
    kept = tuple(each for each in soon if namespace is None or each.entity.namespace in ("", namespace))
    return Witness(replace(flows, soon=kept), (*gaps, *told.not_checked))


def _runs_out(told: Foretold) -> RunsOut:
    at, earliest, latest = (
        datetime.fromtimestamp(each or 0.0, UTC) for each in (told.ends.at, told.ends.earliest, told.ends.latest)
    )
    return RunsOut(
        what=told.what,
        entity=told.entity,
        fault=told.fault,
        at=at,
        earliest=earliest,
        latest=latest,
        used=round(told.used, 4),
        summary=told.text(),
        call=told.call,
    )


async def _flows(
    source: MetricsSource, now: datetime, beat: Pulse, namespace: str | None
) -> tuple[Flows, tuple[NotChecked, ...]]:
    """Services out of order, and a close look at them where there are any."""
    try:
        found = disorders(await traffic(source, now, beat))
        found = tuple(each for each in found if namespace is None or each.service.namespace == namespace)
        return Flows(found, await look_at_pods(source, now, beat, found) if found else ()), ()
    except ToolFailed as problem:
        return Flows(), (NotChecked(what="requests, errors and latencies", why=str(problem)),)
