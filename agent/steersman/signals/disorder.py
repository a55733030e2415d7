"""Which services are out of order now. A live cluster is asked a few sums for all services at once; the past may hold other
incidents, so what is usual is read from its calm part."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from steersman_tools.flows import Disorder, Level
from steersman_tools.metrics import Match, MetricsSource, Query
from steersman_tools.types import Ref

from .estate import service_of
from .grid import Floats, regular
from .pulse import HOUR, MINUTE, Pulse

POINTS = 240
"""About how many points of the past are read."""
CALM, CALMEST = 0.3, 0.1
"""What is usual is this quantile of the past, and its distance to the lower one is the calm's own spread: both hold although most of
the past was trouble."""
SPREADS = 6.0
"""Calm spreads beyond the usual: four standard deviations where deviations are normal."""
SLOWER, LATER = 1.5, 0.010
"""How many times the usual time, and how many seconds more, a slow service takes."""
LOST = 0.02
"""The share of requests that a failing service loses beyond the usual."""
SPOILT = 0.1
"""The share of failures from which a moment does not say how long answers usually take: a failure is often quick."""
FEWEST = 10.0
"""Requests within the window below which nothing is said."""
WARMING = 2.0
"""Windows after a service's first request that do not say what is usual: one until its rates are whole, one for what it calls."""
ENOUGH = 6
"""Points of the past without which nothing is usual."""

_SERVICE = ("namespace", "service")


@dataclass(frozen=True)
class Traffic:
    """Sums by service on one grid, the last row now: requests, failures, seconds and answers, all a second."""

    now: float
    step: float
    window: float
    services: tuple[Ref, ...]
    columns: Mapping[str, Floats]
    """By question (see `questions`): (rows, services), NaN where nothing was seen."""


def reach(pulse: Pulse) -> float:
    """Seconds of the past that are read: two hours at usual scrapes, half an hour at a scrape a second."""
    return pulse.reach(min(2 * HOUR, max(30 * MINUTE, 480 * pulse.interval)) / pulse.interval)


def questions(window: float) -> Mapping[str, Query]:
    """What is asked, by name."""

    def rate(metric: str, *match: Match) -> Query:
        return Query(metric=metric, match=match, function="rate", window=window, aggregate="sum", by=_SERVICE)

    return {
        "requests": rate("http_requests_total"),
        "failures": rate("http_requests_total", Match(label="code", value="5..", operator="=~")),
        "seconds": rate("http_request_duration_seconds_sum"),
        "answers": rate("http_request_duration_seconds_count"),
    }


async def traffic(source: MetricsSource, now: datetime, pulse: Pulse) -> Traffic:
    """The recent past of all services. Raises ToolFailed."""
    back = reach(pulse)
    step = max(pulse.interval, back / POINTS)
    asked = questions(max(pulse.window, step))
    begin = now - timedelta(seconds=back)
    answers = await asyncio.gather(*(source.range(query, begin, now, step) for query in asked.values()))
    found = dict(zip(asked, answers, strict=True))
    services = tuple(sorted({service_of(each.labels) for each in found["requests"] if each.labels.get("service")}))
    rows = int(back // step) + 1
    columns = {name: np.full((rows, len(services)), np.nan) for name in asked}
    for name, series in found.items():
        for each in series:
            if (ref := service_of(each.labels)) in services and len(each.times):
                values = regular(each, step, now.timestamp()).values[-rows:]
                columns[name][rows - len(values) :, services.index(ref)] = values
    return Traffic(now.timestamp(), step, max(pulse.window, step), services, columns)


def disorders(seen: Traffic) -> tuple[Disorder, ...]:
    """Services that are slow or failing now, in the order of their names."""
    asked = questions(seen.window)
    found: list[Disorder] = []
    with np.errstate(invalid="ignore", divide="ignore"):
        lost = np.nan_to_num(seen.columns["failures"]) / seen.columns["requests"]
        waits = seen.columns["seconds"] / seen.columns["answers"]
    for at, service in enumerate(seen.services):
        requests = seen.columns["requests"][:, at]
        if not _last(requests) * seen.window >= FEWEST:
            continue
        grown = _grown(requests, WARMING * seen.window / seen.step)
        sound = np.where(grown, unspoilt(waits[:, at], lost[:, at]), np.nan)
        kept = np.where(grown, lost[:, at], np.nan)
        for course, past, query, what, least in (
            (waits[:, at], sound, asked["seconds"], "slow", None),
            (lost[:, at], kept, asked["failures"], "failing", LOST),
        ):
            level = _level(course, past, requests, query, service)
            if level is not None and (begun := _since(course, past, level, least)) is not None:
                moment = datetime.fromtimestamp(seen.now - seen.step * (len(course) - 1 - begun), UTC)
                found.append(Disorder(service, "slow" if what == "slow" else "failing", level, moment))
    return tuple(found)


def _grown(requests: Floats, rows: float) -> NDArray[np.bool_]:
    """Which moments say what is usual: of a service that is seen to begin, not its first ones, in which those that it calls begin too."""
    known = np.flatnonzero(np.isfinite(requests))
    began = int(known[0]) if len(known) else 0
    return np.arange(len(requests)) >= (began + rows if began else 0)


def calm(values: Floats) -> tuple[float, float]:
    """What is usual, and the spread of the calm, of something that harms when it rises."""
    ordered = np.sort(values[np.isfinite(values)])  # np.quantile would load half of numpy for this
    low, usual = (float(ordered[round(part * (len(ordered) - 1))]) for part in (CALMEST, CALM))
    return usual, usual - low


def unspoilt(waits: Floats, lost: Floats) -> Floats:
    """The durations of the moments in which most requests succeeded; all of them where such moments are too few."""
    sound = np.where(lost > SPOILT, np.nan, waits)
    return sound if np.isfinite(sound[:-2]).sum() >= ENOUGH else waits


def _level(course: Floats, past: Floats, requests: Floats, query: Query, service: Ref) -> Level | None:
    """The service's level now and usually; None where the past is too short."""
    busy = np.where(requests > 0, past, np.nan)[:-2]
    if np.isfinite(busy).sum() < ENOUGH or not (np.isfinite(course[-1]) and requests[-1] > 0):
        return None
    own = tuple(Match(label=k, value=v) for k, v in (("namespace", service.namespace), ("service", service.name)))
    call = query.model_copy(update={"match": (*query.match, *own)}).promql
    if query.metric.endswith("_sum"):
        count = query.model_copy(update={"metric": query.metric.replace("_sum", "_count"), "match": own}).promql
        call = f"{call} / {count}"
    usual, _ = calm(busy)
    return Level(usual, float(course[-1]), call)


def _since(course: Floats, past: Floats, level: Level, least: float | None) -> int | None:
    """The row at which the present disorder began; None where there is none."""
    usual, spread = calm(past[:-2])
    margin = max(SPREADS * spread, least if least is not None else max((SLOWER - 1) * usual, LATER))
    if level.now < usual + margin:
        return None
    half, at = (usual + level.now) / 2, len(course) - 1
    for earlier in range(len(course) - 2, -1, -1):
        if course[earlier] < half:
            break
        if np.isfinite(course[earlier]):  # a gap neither ends it nor began it
            at = earlier
    return at


def _last(values: Floats) -> float:
    return float(values[-1]) if len(values) and np.isfinite(values[-1]) else 0.0
