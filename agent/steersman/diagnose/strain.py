"""A workload in trouble of its own: its measured pods together, and what was changed in it when the trouble began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from steersman_tools.flows import Level
from steersman_tools.quantity import amount
from steersman_tools.types import Ref

from .changes import Change, before, latest_changes, revisions
from .excess import LEAST_SHARE, Own, Served, own, services
from .scene import Scene
from .suspects import slow_suspects
from .workloads import Workload

BEFORE, AFTER = timedelta(minutes=10), timedelta(minutes=2)
"""How long before a disorder (or, clocks and windows, after its beginning) a change is to be named with it."""
FULL, HELD = 0.8, 0.25
"""The share of its processor limit that a busy container uses, and the share of periods in which a throttled one is held back."""


@dataclass(frozen=True)
class Strain:
    """A workload with the pods that serve its requests."""

    workload: Workload
    pods: tuple[Own, ...]
    served: Served
    changes: tuple[Change, ...] = ()
    """What was changed in its template when the trouble began."""

    @property
    def ref(self) -> Ref:
        return self.workload.ref

    @property
    def worst(self) -> Own:
        """The pod that shows it most."""
        return max(self.pods, key=lambda p: (p.seconds, p.failing, p.rate))

    @property
    def rate(self) -> Level:
        """Requests a second, over all pods."""
        return self.served.requests

    @property
    def cpu(self) -> Level:
        """Cores, over all pods."""
        return self.served.cpu

    @property
    def dearer(self) -> float:
        """How many times the usual processor time a request takes."""
        return self.cpu.times / max(self.rate.times, 1e-9)

    @property
    def limit(self) -> float:
        """Cores that one pod may use; 0 where nothing limits it."""
        return sum(amount(c.text("resources.limits.cpu") or "0") for c in self.workload.containers)

    @property
    def busy(self) -> bool:
        """Whether a pod is at its processor limit."""
        used = max((p.levels.cpu.now for p in self.pods if p.levels.cpu), default=0.0)
        held = max((p.levels.throttled.now for p in self.pods if p.levels.throttled), default=0.0)
        return self.limit > 0 and (used >= FULL * self.limit or held >= HELD)

    @property
    def seconds(self) -> float:
        """What its slowest pod adds to a request by itself."""
        return max((p.seconds for p in self.pods), default=0.0)

    @property
    def failing(self) -> float:
        """The share of requests that its worst pod loses by itself."""
        return max((p.failing for p in self.pods), default=0.0)

    @property
    def outside(self) -> tuple[str, ...]:
        """The addresses beyond the cluster that it calls: who waits there cannot be told from who waits by itself."""
        return tuple(
            dict.fromkeys(c.address for p in self.pods for c in p.levels.calls if "." in c.address.split(":")[0])
        )


def strains(scene: Scene) -> tuple[Strain, ...]:
    """The workloads whose pods add time or failures by themselves, as far as no node explains it."""
    pods = own(scene)
    slow = [_top(scene, s.ref) for s in slow_suspects(scene, pods) if s.kind in ("workload", "network", "pod")]
    failing = sorted({p.workload for p in pods if p.failing >= LEAST_SHARE})
    found = []
    for ref in dict.fromkeys([*slow, *failing]):
        mine = tuple(p for p in pods if p.workload == ref)
        if mine and ref in scene.workloads:
            served = services(scene)[Ref(ref.namespace, "Service", mine[0].levels.service)]
            found.append(Strain(scene.workloads[ref], mine, served, _changes(scene, scene.workloads[ref])))
    return tuple(found)


def _top(scene: Scene, ref: Ref) -> Ref:
    """The workload of a pod."""
    found = scene.workload_of.get(ref)
    return found.ref if found else ref


def _changes(scene: Scene, workload: Workload) -> tuple[Change, ...]:
    """What the newest revision changed, if it came when a disorder of the workload, or the first of all, began."""
    since = scene.snapshot.flows.since
    if since is None or _returned(scene, workload):
        return ()
    return tuple(
        c for c in latest_changes(scene, workload) if c.at is not None and since - BEFORE <= c.at <= since + AFTER
    )


def _returned(scene: Scene, workload: Workload) -> bool:
    """Whether the newest revision went back to a template that ran before: its ReplicaSet is older than the one before it."""
    newest, past = next(iter(revisions(scene, workload)), None), before(scene, workload)
    return bool(newest and past and newest.created and past.created and newest.created < past.created)
