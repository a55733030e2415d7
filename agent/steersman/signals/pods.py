"""A close look at the services in disorder and at those that they call: pod by pod, and call by call."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from steersman_tools.flows import CallLevel, Disorder, Level, PodLevels
from steersman_tools.metrics import Match, MetricsSource, Query, Series
from steersman_tools.types import Ref

from .disorder import calm, unspoilt
from .estate import service_of, target_of
from .grid import Floats
from .pulse import Pulse

BEFORE = 60
"""Scrapes before the trouble that say what is usual."""
POINTS = 120
GUARD = 2.0
"""Windows before the trouble that do not say what is usual: it was seen when half of it was there."""
GONE = 2.5
"""Points that a pod's series may lack at the end; one that lacks more has ended."""
PAST = 6
"""Points that say what is usual of a pod; of one that is younger its service's older pods say it."""
MOST_SERVICES = 40
"""Services that are looked at closely; those in disorder come first."""

_POD = ("namespace", "service", "pod")
_CONTAINER = ("namespace", "pod")


def rates(window: float) -> Mapping[str, Query]:
    """What is asked of pods, by name: sums a second."""

    def rate(metric: str, by: tuple[str, ...], *match: Match) -> Query:
        return Query(metric=metric, match=match, function="rate", window=window, aggregate="sum", by=by)

    real = tuple(Match(label="container", value=value, operator="!=") for value in ("", "POD"))
    return {
        "requests": rate("http_requests_total", _POD),
        "failures": rate("http_requests_total", _POD, Match(label="code", value="5..", operator="=~")),
        "seconds": rate("http_request_duration_seconds_sum", _POD),
        "answers": rate("http_request_duration_seconds_count", _POD),
        "calls": rate("http_client_requests_total", (*_POD, "target")),
        "failing": rate("http_client_requests_total", (*_POD, "target"), Match(label="result", value="error")),
        "cpu": rate("container_cpu_usage_seconds_total", _CONTAINER, *real),
        "periods": rate("container_cpu_cfs_periods_total", _CONTAINER, *real),
        "throttled": rate("container_cpu_cfs_throttled_periods_total", _CONTAINER, *real),
    }


async def look_at_pods(
    source: MetricsSource, now: datetime, pulse: Pulse, disorders: Sequence[Disorder]
) -> tuple[PodLevels, ...]:
    """The pods of the services in disorder, of those they call, and of those these call. Raises ToolFailed."""
    since = min(each.since for each in disorders)
    back = min((now - since).total_seconds() + BEFORE * max(pulse.interval, 2.0), pulse.history)
    step = max(pulse.interval, back / POINTS)
    asked = rates(max(pulse.window, step))
    near = await _neighbourhood(source, now, asked["calls"], disorders)
    only = {
        name: query.model_copy(update={"match": (*query.match, *_within(near, query))}) for name, query in asked.items()
    }
    begin = now - timedelta(seconds=back)
    answers = await asyncio.gather(*(source.range(query, begin, now, step) for query in only.values()))
    seen = _Seen(begin.timestamp(), since.timestamp(), step, asked, dict(zip(asked, answers, strict=True)))
    return tuple(_pod(seen, key) for key in seen.pods())


async def _neighbourhood(
    source: MetricsSource, now: datetime, calls: Query, disorders: Sequence[Disorder]
) -> tuple[Ref, ...]:
    """The services in disorder, their callees, and the callees of those: what may explain them."""
    graph: dict[Ref, set[Ref]] = {}
    by = ("namespace", "service", "target")
    for each in await source.instant(calls.model_copy(update={"by": by}), now):
        graph.setdefault(service_of(each.labels), set()).add(target_of(each.labels))
    near = list(dict.fromkeys(each.service for each in disorders))
    for _ in range(2):
        near += sorted({callee for service in near for callee in graph.get(service, ())} - set(near))
    return tuple(near[:MOST_SERVICES])


def _within(near: Iterable[Ref], query: Query) -> tuple[Match, ...]:
    """Restricts a question to the pods of these services. Exporters of containers know no services: pods are named after theirs."""
    names = sorted({re.escape(ref.name).replace("\\-", "-") for ref in near})
    spaces = sorted({ref.namespace for ref in near})
    label, tail = ("service", "") if "service" in query.by else ("pod", "-.+")
    return (
        Match(label="namespace", value="|".join(spaces), operator="=~"),
        Match(label=label, value=f"({'|'.join(names)}){tail}", operator="=~"),
    )


class _Seen:
    """The answers, by pod."""

    def __init__(
        self, begin: float, since: float, step: float, asked: Mapping[str, Query], found: Mapping[str, Sequence[Series]]
    ) -> None:
        self.since, self._asked, self._begin, self._step = since, asked, begin, step
        ends = (each.times[-1] for answer in found.values() for each in answer if len(each.times))
        self._present = max(ends, default=0.0) - GONE * step
        self.calm = since - GUARD * asked["requests"].window
        self._by_pod: dict[tuple[str, str, str, str], Series] = {}
        self.services: dict[tuple[str, str], str] = {}
        for question, answer in found.items():
            for each in answer:
                key = (each.labels.get("namespace", ""), each.labels.get("pod", ""))
                self._by_pod[question, *key, each.labels.get("target", "")] = each
                if each.labels.get("service"):
                    self.services.setdefault(key, each.labels["service"])

    def pods(self) -> list[tuple[str, str]]:
        return sorted({(space, pod) for _, space, pod, _ in self._by_pod if pod})

    def targets(self, pod: tuple[str, str]) -> list[str]:
        return sorted({target for question, *key, target in self._by_pod if tuple(key) == pod and question == "calls"})

    def level(self, pod: tuple[str, str], over: str, under: str = "", target: str = "") -> Level | None:
        """A rate, or one divided by another, as it usually was and as it is now."""
        top = self._by_pod.get((over, *pod, target))
        bottom = self._by_pod.get((under, *pod, target)) if under else None
        base = bottom if under else top
        if base is None or not len(base.times):
            return None
        times = np.asarray(base.times, float)
        values = np.zeros(len(times)) if top is None else _on(times, top)
        if bottom is not None:
            values = np.divide(
                values, bottom.values, out=np.full(len(values), np.nan), where=np.asarray(bottom.values) > 0
            )
        if over == "seconds":
            sound = unspoilt(values, self._lost(pod, times))
            values = np.where(times < self.calm, sound, values)
        if not under:
            values = np.where(times < min(self._whole(times), self.calm), np.nan, values)
        usual = np.median if not under and over in ("requests", "calls") else (lambda known: calm(known)[0])
        if times[-1] < self._present:  # what a pod did last is not what it does now
            lived = times < self.since
            times, values = times[lived], values[lived]
        return _level(times, values, (self.calm, self.since), usual, self._call(pod, over, under, target))

    def _whole(self, times: Floats) -> float:
        """When a series that began inside of what was asked for is as old as its window: until then its rate is too low."""
        window = self._asked["requests"].window
        return float(times[0]) + window if times[0] > self._begin + 1.5 * self._step else float(times[0])

    def _lost(self, pod: tuple[str, str], times: Floats) -> Floats:
        """The share of a pod's requests that failed, at these moments."""
        asked, failed = (self._by_pod.get((question, *pod, "")) for question in ("requests", "failures"))
        if asked is None or failed is None or not len(asked.times) or not len(failed.times):
            return np.zeros(len(times))
        every = _on(times, asked)
        return np.divide(_on(times, failed), every, out=np.zeros(len(times)), where=every > 0)

    def _call(self, pod: tuple[str, str], over: str, under: str, target: str) -> str:
        own = [("namespace", pod[0]), ("pod", pod[1]), ("target", target)]
        match = tuple(Match(label=label, value=value) for label, value in own if value)
        texts = []
        for name in (over, under):
            if name:
                query = self._asked[name]
                kept = tuple(m for m in query.match if m.label in ("code", "result"))
                texts.append(query.model_copy(update={"match": (*kept, *match), "by": (), "aggregate": "sum"}).promql)
        return " / ".join(texts)


def _on(times: Floats, series: Series) -> Floats:
    """The series at these moments: nothing where it had not begun, as the counter of failures begins with the first."""
    return np.interp(times, series.times, series.values, left=0.0)


def _level(
    times: Floats, values: Floats, bounds: tuple[float, float], usual: Callable[[Floats], object], call: str
) -> Level | None:
    """As it was up to the first of the bounds, and as it is after the second."""
    known = np.isfinite(values)
    before, after = values[known & (times < bounds[0])], values[known & (times >= bounds[1])]
    middle = usual(before) if len(before) >= PAST else None
    if not len(after):  # the pod is gone; what it usually was still says what is usual for its service
        return None if middle is None else Level(float(np.asarray(middle)), 0.0, call)
    recent = after[-max(1, min(3, len(after) // 2)) :]
    return Level(None if middle is None else float(np.asarray(middle)), float(np.mean(recent)), call)


def _pod(seen: _Seen, key: tuple[str, str]) -> PodLevels:
    calls = []
    for address in seen.targets(key):
        rate, failing = seen.level(key, "calls", target=address), seen.level(key, "failing", "calls", address)
        if rate is not None:
            toward = target_of({"namespace": key[0], "target": address})
            calls.append(CallLevel(address, toward, rate, failing or Level(0.0, 0.0)))
    return PodLevels(
        pod=Ref(key[0], "Pod", key[1]),
        service=seen.services.get(key, ""),
        requests=seen.level(key, "requests"),
        seconds=seen.level(key, "seconds", "answers"),
        failing=seen.level(key, "failures", "requests"),
        cpu=seen.level(key, "cpu"),
        throttled=seen.level(key, "throttled", "periods"),
        calls=tuple(calls),
    )
