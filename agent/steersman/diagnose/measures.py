"""What is measured of workloads, as a few numbers each: how slow, how busy, how loaded, before the time in question and in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean, median

from steersman_tools.snapshot import Measure, Measured
from steersman_tools.types import Ref

from .scene import Scene

LATENCY_FLOOR, CPU_FLOOR, RATE_FLOOR, PACKET_FLOOR = 0.005, 0.01, 0.05, 1.0
"""Seconds, cores, requests and packets a second: what is added to both sides of a ratio, so that nothing is made of next to nothing."""
IDLE_PACKETS = 6.0
"""Packets a second that probes, heartbeats and scrapes cause where there are no requests."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One number before and now; None where nothing was seen."""

    before: float | None
    now: float | None

    def grown(self, floor: float) -> float:
        """The logarithm of how many times as much it is; 0 where one side is not known."""
        if self.before is None or self.now is None:
            return 0.0
        return math.log((self.now + floor) / (self.before + floor))


NOTHING = Pair(None, None)


@dataclass(frozen=True)
class Load:
    """The measures of one workload (or node)."""

    ref: Ref
    measures: Mapping[Measure, Measured]

    def pair(self, measure: Measure) -> Pair:
        """The usual value and that of now. Latencies of nothing are unknown; of those before, the middle one counts, for a single
        slow moment of the past does not make slowness usual."""
        found = self.measures.get(measure)
        if found is None:
            return NOTHING
        if measure.startswith("latency"):
            return Pair(_median(_positive(found.before)), _mean(_positive(found.now)))
        return Pair(_mean(found.before), _mean(found.now))

    @property
    def slower(self) -> float:
        """How much slower its answers are, as a logarithm: of the median or of the tail, whichever grew more."""
        return max(self.pair("latency-median").grown(LATENCY_FLOOR), self.pair("latency-tail").grown(LATENCY_FLOOR))

    @property
    def mean(self) -> Pair:
        """About how long a request takes on the average, by its median and its tail."""
        middle, tail = self.pair("latency-median"), self.pair("latency-tail")
        return Pair(average(middle.before, tail.before), average(middle.now, tail.now))

    @property
    def requests(self) -> Pair:
        return self.pair("requests")

    @property
    def offered(self) -> float:
        """Requests a second that come in: those that do not return are not counted, so never fewer than before."""
        rate = self.requests
        return max(rate.before or 0.0, rate.now or 0.0, RATE_FLOOR)

    @property
    def excess(self) -> float:
        """Seconds of waiting that are added each second: more than that a callee cannot be charged with."""
        mean = self.mean
        return (
            self.offered * max(mean.now - mean.before, 0.0) if mean.now is not None and mean.before is not None else 0.0
        )

    @property
    def stalled(self) -> float:
        """How much more packets go to and fro for each request that is answered, as a logarithm: requests hang half-way."""
        rate, packets = self.requests, self._packets
        if rate.before is None or rate.now is None or rate.before < 2 * RATE_FLOOR or rate.now > 0.6 * rate.before:
            return 0.0
        return packets.grown(PACKET_FLOOR) - rate.grown(RATE_FLOOR)

    @property
    def _packets(self) -> Pair:
        one, two = self.pair("received"), self.pair("sent")
        return Pair(_beyond(one.before, two.before), _beyond(one.now, two.now))


def average(middle: float | None, tail: float | None) -> float | None:
    """The mean of a skewed distribution from its median and its 90th percentile or so: half of it below the median, a tenth at the
    tail, and between them as on a logarithmic line."""
    if middle is None or tail is None:
        return middle if tail is None else tail
    low, high = max(min(middle, tail), 1e-6), max(middle, tail, 1e-6)
    between = low if high / low < 1.001 else (high - low) / math.log(high / low)
    return 0.5 * middle + 0.4 * between + 0.1 * tail


@lru_cache(maxsize=1)
def loads(scene: Scene) -> Mapping[Ref, Load]:
    """By workload or node: what is measured of it."""
    found: dict[Ref, dict[Measure, Measured]] = {}
    for measured in scene.snapshot.metrics:
        if ref := subject(scene, measured.about):
            found.setdefault(ref, {}).setdefault(measured.measure, measured)
    return {ref: Load(ref, measures) for ref, measures in found.items()}


def subject(scene: Scene, about: Ref) -> Ref | None:
    """The workload that a measure is of: exporters name pods, workloads or Services; None where it is none that is known."""
    if about.kind == "Node":
        return about
    if workload := scene.workload_of.get(about):
        return workload.ref
    named = (Ref(about.namespace, kind, about.name) for kind in ("Deployment", "StatefulSet", "DaemonSet"))
    if found := next((ref for ref in named if ref in scene.workloads), None):
        return found
    if pod := scene.workload_of.get(Ref(about.namespace, "Pod", about.name)):
        return pod.ref
    view = scene.services.get(about)
    return view.workloads[0].ref if view and len(view.workloads) == 1 else None


def callees(scene: Scene) -> Mapping[Ref, frozenset[Ref]]:
    """By workload: the workloads that it calls."""
    found: dict[Ref, set[Ref]] = {}
    for call in scene.calls:
        view = scene.services.get(call.service) if call.service else None
        for workload in view.workloads if view else ():
            if workload.ref != call.caller:
                found.setdefault(call.caller, set()).add(workload.ref)
    return {caller: frozenset(those) for caller, those in found.items()}


def _finite(values: Iterable[float]) -> list[float]:
    return [v for v in values if math.isfinite(v)]


def _positive(values: Iterable[float]) -> list[float]:
    return [v for v in values if math.isfinite(v) and v > 0]


def _median(values: list[float]) -> float | None:
    return median(values) if values else None


def _mean(values: Iterable[float]) -> float | None:
    found = _finite(values)
    return fmean(found) if found else None


def _beyond(one: float | None, two: float | None) -> float | None:
    """Packets in both directions beyond those that come without any request."""
    return max((one or 0.0) + (two or 0.0) - IDLE_PACKETS, 0.0) if one is not None or two is not None else None
