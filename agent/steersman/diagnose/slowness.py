"""Whose slowness it is. A request waits for all that it calls, so a workload's added waiting less that of its callees is its own;
and what is slow without calling the culprit speaks against it, unless the culprit's own answers or calls are what is late."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from steersman_tools.types import Ref

from .measures import RATE_FLOOR, Load, callees, loads
from .scene import Scene

SLOW = math.log(1.5)
"""From half as slow again on, a workload counts as slow."""
PLAINLY = 1.0
"""From about three times as slow on, its slowness must be explained."""
OWN = 0.05
"""The part of the largest own waiting from which on a workload may be a culprit beside it."""
ALONE = 0.2
"""The part of the largest added time of a request from which on another workload's is no echo of it."""
SHARED = 0.7
"""The part of a node's workloads that must be slow, and of the slow ones that must be on it, for the node to be the culprit."""


@dataclass(frozen=True)
class Culprit:
    """A workload that is slow by itself, with those that it makes slow."""

    ref: Ref
    share: float
    """The part of its added waiting that its callees do not account for."""
    slows: tuple[Ref, ...]


@dataclass(frozen=True)
class Slowness:
    """Who is slow, and because of whom."""

    slow: Mapping[Ref, float]
    culprits: tuple[Culprit, ...]
    node: str = ""
    """The node whose workloads are slow, and hardly any others."""


def troubled(load: Load) -> float:
    """How much a workload suffers: by its slowness, or by requests that hang in it."""
    return max(load.slower, load.stalled)


@lru_cache(maxsize=1)
def slowness(scene: Scene) -> Slowness:
    """All slow workloads, and the fewest culprits that explain them."""
    every = {ref: load for ref, load in loads(scene).items() if ref.kind != "Node"}
    slow = {ref: troubled(load) for ref, load in every.items() if troubled(load) >= SLOW}
    called = callees(scene)
    own = {ref: _own(every[ref], [every[c] for c in called.get(ref, ()) if c in every]) for ref in every}
    above = _ancestors(called)
    left, found = {ref for ref, size in slow.items() if size >= PLAINLY} or set(slow), list[Culprit]()
    most = max((own[ref] for ref in left), default=0.0)
    while left:
        chosen = _culprit(left, own, above)
        below = called.get(chosen, frozenset())
        spread = {c for c in below if c in slow} if len([c for c in below if c in left]) >= 1 else set()
        reached = {chosen, *above.get(chosen, ()), *spread}
        if found and own[chosen] < OWN * most:
            break
        found.append(Culprit(chosen, _share(every[chosen], own[chosen]), tuple(sorted(reached & set(slow) - {chosen}))))
        left -= reached
    node = _node(scene, every, slow, own, most) if len(found) > 1 else ""  # one culprit explains all: it is enough
    node = node or _whole_node(scene, every, slow, own, above)
    return Slowness(slow, tuple(found), node)


def _own(load: Load, below: list[Load]) -> float:
    """Seconds of waiting a second that a workload adds itself; where no request returns at all, what hangs in it counts."""
    return max(load.excess - sum(other.excess for other in below), 0.0) + 1e-6 * max(load.stalled, 0.0)


def _share(load: Load, own: float) -> float:
    return min(own / load.excess, 1.0) if load.excess > 0 else float(load.stalled >= SLOW)


def _culprit(left: set[Ref], own: Mapping[Ref, float], above: Mapping[Ref, frozenset[Ref]]) -> Ref:
    """The one that waits most by itself; but where several others are slow that do not call it, one that all of them call."""
    first = max(left, key=lambda ref: (own[ref], str(ref)))
    strangers = left - {first} - above.get(first, frozenset())
    if len(strangers) >= 2:
        common = [ref for ref in strangers if left <= {ref, *above.get(ref, ())}]
        if common:
            return max(common, key=lambda ref: (own[ref], str(ref)))
    return first


def _ancestors(called: Mapping[Ref, frozenset[Ref]]) -> Mapping[Ref, frozenset[Ref]]:
    """By workload: those that call it, directly or through others."""
    callers: dict[Ref, set[Ref]] = {}
    for caller, those in called.items():
        for callee in those:
            callers.setdefault(callee, set()).add(caller)
    found = {}
    for start in callers:
        seen: set[Ref] = set()
        stack = [start]
        while stack:
            for caller in callers.get(stack.pop(), ()):
                if caller not in seen:
                    seen.add(caller)
                    stack.append(caller)
        found[start] = frozenset(seen - {start})
    return found


def _node(
    scene: Scene, every: Mapping[Ref, Load], slow: Mapping[Ref, float], own: Mapping[Ref, float], most: float
) -> str:
    """The node on which nearly all workloads, and hardly any elsewhere, wait by themselves."""
    active = {ref for ref, load in every.items() if (load.requests.before or 0.0) > RATE_FLOOR}
    guilty = {ref for ref in active if slow.get(ref, 0.0) >= PLAINLY and own[ref] >= OWN * most}
    for node in sorted(scene.nodes):
        here = {ref for ref in active if _runs_on(scene, ref, node)}
        hurt = guilty & here
        if len(hurt) >= 3 and len(hurt) >= SHARED * len(here) and len(hurt) >= SHARED * len(guilty):
            return node
    return ""


def _whole_node(
    scene: Scene,
    every: Mapping[Ref, Load],
    slow: Mapping[Ref, float],
    own: Mapping[Ref, float],
    above: Mapping[Ref, frozenset[Ref]],
) -> str:
    """The node on which all workloads are slow, two of them that do not wait for each other by themselves, and whose callers alone
    are slow elsewhere."""
    active = {ref for ref, load in every.items() if (load.requests.before or 0.0) > RATE_FLOOR}
    added = {ref: own[ref] / every[ref].offered for ref in active}
    most = max(added.values(), default=0.0)
    guilty = {ref for ref in active if slow.get(ref, 0.0) >= PLAINLY and most > 0 and added[ref] >= ALONE * most}
    for node in sorted(scene.nodes):
        here = {ref for ref in active if _runs_on(scene, ref, node)}
        if len(guilty) < 2 or not guilty <= here or not all(slow.get(ref, 0.0) >= SLOW for ref in here):
            continue
        apart = any(b not in above.get(a, ()) and a not in above.get(b, ()) for a in guilty for b in guilty - {a})
        callers = frozenset[Ref]().union(*(above.get(ref, frozenset()) for ref in here))
        if apart and all(ref in callers for ref in active - here if slow.get(ref, 0.0) >= PLAINLY):
            return node
    return ""


def _runs_on(scene: Scene, ref: Ref, node: str) -> bool:
    pods = scene.workloads[ref].live_pods if ref in scene.workloads else ()
    return bool(pods) and all(pod.text("spec.nodeName") == node for pod in pods)
