"""The course of one thing, past and expected, for those who want to see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from steersman_tools.metrics import MetricsSource, Series
from steersman_tools.types import Ref, ToolFailed

from ..signals.ahead import fine_step, grid
from ..signals.demand import demand, requests
from ..signals.forecast import Forecast, forecast_grid
from ..signals.limits import Limited
from ..signals.pulse import Pulse
from .forms import Curve, Expected, Point, utc

PAST = 4.0
"""How many horizons of the past a curve shows."""


def named(wanted: str, entity: Ref) -> bool:
    """Whether a person means this thing: by its whole name, by kind and name, by its bare name, or by the workload of a pod."""
    if not wanted:
        return True
    *where, name = wanted.strip("/").split("/")
    kind = where[-1].lower() if where else ""
    if len(where) > 1 and where[0] not in ("", entity.namespace):
        return False
    if name == entity.name and kind in ("", entity.kind.lower()):
        return True
    owner = rf"{re.escape(name)}-(([a-z0-9]+-)?[a-z0-9]{{4,5}}|\d+)"
    return entity.kind == "Pod" and kind != "pod" and re.fullmatch(owner, entity.name) is not None


@dataclass(frozen=True)
class _Drawn:
    """What is drawn: a rising series, with the sign that makes it what people know."""

    what: str
    entity: Ref
    unit: str
    limit: float | None
    series: Series
    call: str
    sign: float = 1.0


async def demands(source: MetricsSource, now: datetime, beat: Pulse, horizon: float, entity: str) -> tuple[Curve, ...]:
    """The requests that the entity gets, where it is a service."""
    try:
        found = await demand(source, now, beat, fine_step(beat))
    except ToolFailed:
        return ()
    call = requests(beat).promql
    wanted = [
        _Drawn("requests", ref, "a second", None, each, call) for ref, each in found.items() if _serves(entity, ref)
    ]
    return tuple(_course(each, beat, now, horizon) for each in wanted)


def _serves(entity: str, service: Ref) -> bool:
    """A workload's requests are counted under its name."""
    kinds = ("Service", "Deployment", "StatefulSet")
    return any(named(entity, Ref(service.namespace, kind, service.name)) for kind in kinds)


def curve(each: Limited, beat: Pulse, now: datetime, horizon: float) -> Curve:
    """A thing with a limit; of what is free, its fall."""
    what, unit = each.row.what, each.row.unit
    if each.row.free is None:
        drawn = _Drawn(what, each.entity, unit, each.limit, each.series, each.call)
    else:
        drawn = _Drawn(f"free {what}", each.entity, unit, 0.0, each.series, each.call, -1.0)
    return _course(drawn, beat, now, horizon)


def _course(drawn: _Drawn, beat: Pulse, now: datetime, horizon: float) -> Curve:
    course = grid(drawn.series, beat, now)
    said = forecast_grid(course, horizon)
    begun = course.end - PAST * horizon
    past = [
        (at, value) for at, value in zip(course.times, course.values, strict=True) if at >= begun and value == value
    ]
    return Curve(
        what=drawn.what,
        entity=drawn.entity,
        unit=drawn.unit,
        limit=drawn.limit,
        past=tuple(Point(at=utc(at), value=drawn.sign * value) for at, value in past),
        ahead=tuple(_expected(said, drawn.sign)),
        model=said.model,
        call=drawn.call,
    )


def _expected(said: Forecast, sign: float) -> Iterator[Expected]:
    for at, mean, low, high in zip(said.times, said.middle, said.lower, said.upper, strict=True):
        least, most = sorted((sign * low, sign * high))
        yield Expected(at=utc(at), middle=sign * mean, lower=least, upper=most)
