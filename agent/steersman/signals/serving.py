"""What Deployments are asked for, and what a request costs them: all that is needed to say how many replicas the next minutes need."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from steersman_tools.metrics import Match, MetricsSource, Query, Series
from steersman_tools.types import NotChecked, Ref, ToolFailed

from .ahead import fine_step
from .demand import requests
from .grid import Grid, regular
from .pulse import DAY, HOUR, Pulse, pulse

POINTS = 120
"""Points over which the cost of a request is read."""
BUSIEST = 0.1
"""The part of them, the busiest, that says what a request costs: at rest most of a pod's work is not for requests."""


@dataclass(frozen=True)
class Serving:
    """One Deployment that serves requests."""

    workload: Ref
    demand: Grid
    """Requests a second, over two days at most."""
    cores: float
    """Processor seconds a request, where most of them came."""
    least: int
    """The fewest replicas that it had in that time."""
    changed: float
    """When its replicas were last changed (Unix seconds); the beginning of what is known where they were not."""
    calls: tuple[str, ...]


@dataclass(frozen=True)
class Servings:
    """All of them, and what cannot be told."""

    found: tuple[Serving, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()


async def servings(source: MetricsSource, now: datetime) -> Servings:
    """Asks five questions at once. What cannot be asked is not checked."""
    try:
        beat = await pulse(source, now)
        step = fine_step(beat)
        back, lately = min(2 * DAY, beat.history), min(2 * HOUR, beat.history)
        coarse = max(beat.interval, lately / POINTS)
        asked = _questions(beat, coarse)
        demand, replicas, served, cpu = await asyncio.gather(
            source.range(asked["demand"], now - timedelta(seconds=back), now, step),
            source.range(asked["replicas"], now - timedelta(seconds=back), now, max(step, back / 1000)),
            source.range(asked["served"], now - timedelta(seconds=lately), now, coarse),
            source.range(asked["cpu"], now - timedelta(seconds=lately), now, coarse),
        )
    except ToolFailed as problem:
        return Servings(not_checked=(NotChecked(what="the load that is coming", why=str(problem)),))
    return _joined(_Answers(now.timestamp(), beat, asked, demand, replicas, served, cpu))


def _questions(beat: Pulse, coarse: float) -> Mapping[str, Query]:
    window = max(beat.window, coarse)
    real = tuple(Match(label="container", value=value, operator="!=") for value in ("", "POD"))

    def rate(metric: str, by: tuple[str, ...], *match: Match) -> Query:
        return Query(metric=metric, match=match, function="rate", window=window, aggregate="sum", by=by)

    return {
        "demand": requests(beat),
        "replicas": Query(metric="kube_deployment_spec_replicas"),
        "served": rate("http_requests_total", ("namespace", "service", "pod")),
        "cpu": rate("container_cpu_usage_seconds_total", ("namespace", "pod"), *real),
    }


@dataclass(frozen=True)
class _Answers:
    now: float
    beat: Pulse
    asked: Mapping[str, Query]
    demand: Sequence[Series]
    replicas: Sequence[Series]
    served: Sequence[Series]
    cpu: Sequence[Series]


def _joined(seen: _Answers) -> Servings:
    """Each service with the one Deployment whose pods serve it."""
    counts = {Ref(_space(each), "Deployment", each.labels.get("deployment", "")): each for each in seen.replicas}
    behind: dict[Ref, set[Ref]] = defaultdict(set)
    for each in seen.served:
        if owner := _owner(_space(each), each.labels.get("pod", ""), counts):
            behind[Ref(_space(each), "Service", each.labels.get("service", ""))].add(owner)
    found, gaps = [], []
    for each in seen.demand:
        service = Ref(_space(each), "Service", each.labels.get("service", ""))
        owners = behind.get(service, set())
        if len(owners) > 1:
            names = ", ".join(sorted(ref.name for ref in owners))
            gaps.append(NotChecked(what=f"the load coming to {service}", why=f"several Deployments serve it: {names}"))
        elif owners and (made := _serving(seen, each, next(iter(owners)), counts)):
            found.append(made)
    return Servings(tuple(sorted(found, key=lambda each: str(each.workload))), tuple(gaps))


def _serving(seen: _Answers, demand: Series, workload: Ref, counts: Mapping[Ref, Series]) -> Serving | None:
    course = regular(demand, fine_step(seen.beat), seen.now)
    first = round(seen.asked["demand"].window / course.step)
    course = Grid(course.start + first * course.step, course.step, course.values[first:])
    cores = _cost(seen, workload, counts)
    if cores is None or not np.isfinite(course.values).any():
        return None
    replicas = np.asarray(counts[workload].values, float)
    steps = np.flatnonzero(np.diff(replicas))
    times = counts[workload].times
    here = (Match(label="namespace", value=workload.namespace), Match(label="deployment", value=workload.name))
    return Serving(
        workload=workload,
        demand=course,
        cores=cores,
        least=int(replicas.min()),
        changed=float(times[int(steps[-1]) + 1] if len(steps) else times[0] - 2 * DAY),
        calls=(_of(seen.asked["demand"], demand.labels), seen.asked["replicas"].model_copy(update={"match": here}).promql),
    )  # fmt: skip


def _cost(seen: _Answers, workload: Ref, counts: Collection[Ref]) -> float | None:
    """Processor seconds a request, where requests were most; None where either was not seen."""
    served, cpu = (
        _sum(each for each in those if _owner(_space(each), each.labels.get("pod", ""), counts) == workload)
        for those in (seen.served, seen.cpu)
    )
    both = sorted(set(served) & set(cpu))
    busiest = sorted(both, key=lambda at: -served[at])[: max(1, round(BUSIEST * len(both)))]
    total = sum(served[at] for at in busiest)
    return sum(cpu[at] for at in busiest) / total if total > 0 and any(cpu[at] > 0 for at in busiest) else None


def _sum(those: Iterable[Series]) -> dict[float, float]:
    found: dict[float, float] = defaultdict(float)
    for each in those:
        for at, value in zip(each.times, each.values, strict=True):
            found[at] += value
    return found


def _owner(space: str, pod: str, deployments: Collection[Ref]) -> Ref | None:
    """The Deployment whose pod that is, by its name: `cart-7d9f8b6c5d-x2x4z`."""
    found = re.fullmatch(r"(.+)-[a-z0-9]{1,10}-[a-z0-9]{5}", pod)
    ref = Ref(space, "Deployment", found[1]) if found else None
    return ref if ref is not None and ref in deployments else None


def _space(each: Series) -> str:
    return each.labels.get("namespace", "")


def _of(query: Query, labels: Mapping[str, str]) -> str:
    own = tuple(Match(label=label, value=labels[label]) for label in query.by if label in labels)
    return query.model_copy(update={"match": (*query.match, *own)}).promql
