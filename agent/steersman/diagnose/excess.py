"""What each pod adds by itself to the time and the failures of the requests that it serves: what it shows, less what those whom it
calls explain. Work adds up along calls, so the rest is the pod's own, or its network's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from steersman_tools.flows import CallLevel, Level, PodLevels
from steersman_tools.types import Ref

from .scene import Scene

LEAST_SECONDS, LEAST_PART = 0.005, 0.15
"""An own excess below so many seconds, or below this part of the usual time, is none."""
LEAST_SHARE = 0.02
"""The same for the share of requests that fail."""


@dataclass(frozen=True)
class Served:
    """Seconds and failures of a service's answers, over its pods."""

    seconds: Level
    failing: Level


@dataclass(frozen=True)
class Own:
    """A pod with what is its own."""

    levels: PodLevels
    workload: Ref
    node: str
    seconds: float
    """Added to each request, in seconds, beyond what callees added."""
    failing: float
    """The share of requests lost beyond what failing calls explain."""

    @property
    def rate(self) -> float:
        return self.levels.requests.now if self.levels.requests else 0.0

    def calls(self) -> tuple[tuple[CallLevel, float], ...]:
        """Its calls, with how many it makes for each request."""
        return tuple((call, call.rate.now / self.rate) for call in self.levels.calls) if self.rate > 0 else ()


@lru_cache(maxsize=1)
def own(scene: Scene) -> tuple[Own, ...]:
    """Every measured pod that serves requests."""
    served, found = services(scene), []
    for levels in scene.snapshot.flows.pods:
        workload = scene.workload_of.get(levels.pod)
        pod = scene.snapshot.get(levels.pod)
        if workload is None or pod is None or levels.requests is None or levels.requests.now <= 0:
            continue
        usual = served.get(Ref(levels.pod.namespace, "Service", levels.service))
        found.append(
            Own(
                levels,
                workload.ref,
                pod.text("spec.nodeName"),
                _own_seconds(levels, usual, served),
                _own_failures(levels, usual),
            )
        )
    return tuple(found)


@lru_cache(maxsize=1)
def services(scene: Scene) -> Mapping[Ref, Served]:
    """By service, as requests are counted: its pods together."""
    groups: dict[Ref, list[PodLevels]] = defaultdict(list)
    for levels in scene.snapshot.flows.pods:
        if levels.service:
            groups[Ref(levels.pod.namespace, "Service", levels.service)].append(levels)
    return {
        ref: Served(_together(those, [p.seconds for p in those]), _together(those, [p.failing for p in those]))
        for ref, those in groups.items()
    }


def _together(pods: list[PodLevels], levels: list[Level | None]) -> Level:
    """The mean over pods by their requests; what a new pod usually shows is what its siblings do."""
    weights = [p.requests.now if p.requests else 0.0 for p in pods]
    total = sum(w for w, level in zip(weights, levels, strict=True) if level)
    known = [(w, level.usual) for w, level in zip(weights, levels, strict=True) if level and level.usual is not None]
    past = sum(w for w, _ in known)
    now = sum(w * level.now for w, level in zip(weights, levels, strict=True) if level) / total if total > 0 else 0.0
    return Level(sum(w * u for w, u in known) / past if past > 0 else None, now)


def _own_seconds(levels: PodLevels, served: Served | None, others: Mapping[Ref, Served]) -> float:
    """What is added to a request, less what its calls take longer or are made more often."""
    seconds, requests = levels.seconds, levels.requests
    usual = seconds.usual if seconds and seconds.usual is not None else served.seconds.usual if served else None
    if seconds is None or requests is None or usual is None:
        return 0.0
    explained = 0.0
    for call in levels.calls:
        callee = others.get(call.toward)
        if callee is None or callee.seconds.usual is None:
            continue
        before = (call.rate.usual or call.rate.now) / (requests.usual or requests.now)
        explained += max(call.rate.now / requests.now * callee.seconds.now - before * callee.seconds.usual, 0.0)
    left = seconds.now - usual - explained
    return left if left >= max(LEAST_SECONDS, LEAST_PART * usual) else 0.0


def _own_failures(levels: PodLevels, served: Served | None) -> float:
    """The requests lost beyond those for which a call failed."""
    failing, requests = levels.failing, levels.requests
    if failing is None or requests is None:
        return 0.0
    usual = failing.usual if failing.usual is not None else served.failing.usual if served else None
    explained = sum(
        call.rate.now / requests.now * max(call.failing.now - (call.failing.usual or 0.0), 0.0) for call in levels.calls
    )
    left = failing.now - (usual or 0.0) - explained
    return left if left >= LEAST_SHARE else 0.0
