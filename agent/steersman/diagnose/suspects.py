"""Which one thing explains how slowness lies over the pods: a workload, its network, one pod, a node, or something outside. Each says
how much every pod would add if it were to blame; the one whose pattern fits is taken, and the rest is asked again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from steersman_tools.types import Ref

from .excess import Own
from .scene import Scene

Kind: TypeAlias = Literal["workload", "network", "pod", "node", "outside"]

FITS = 0.7
"""The part of the excess (of its square, by requests) that a pattern must explain."""
LEFT = 0.3
"""The part that must be left for another suspect to be looked for."""
TIE = 0.03
"""Fits that differ by less are equal; then the suspect that is named first counts."""
MOST = 3


@dataclass(frozen=True)
class Suspect:
    """Something that may be to blame, with the workloads whose pods show it."""

    kind: Kind
    ref: Ref
    fit: float
    size: float
    """What it adds: seconds a request, or a share of the calls."""
    shows: tuple[Ref, ...]


@dataclass(frozen=True)
class _Pattern:
    kind: Kind
    ref: Ref
    weights: tuple[float, ...]


def slow_suspects(scene: Scene, pods: Sequence[Own]) -> tuple[Suspect, ...]:
    """Who adds the time, the greatest first."""
    patterns = [p for p in _time_patterns(scene, pods) if any(p.weights)]
    return _fitted(pods, [p.seconds for p in pods], [p.rate for p in pods], patterns)


def lossy_nodes(scene: Scene, pods: Sequence[Own]) -> tuple[Suspect, ...]:
    """Nodes whose calls fail, whoever makes or answers them: their network loses packets."""
    edges = [(pod, call, _lost(pods, pod, call.toward, call.failing.rise)) for pod in pods for call, _ in pod.calls()]
    edges = [edge for edge in edges if edge[1].rate.now > 0]
    if not any(lost for *_, lost in edges):
        return ()
    share = _shares(scene)
    patterns = [
        _Pattern(
            "node", Ref("", "Node", node), tuple(max(float(p.node == node), share(c.toward, node)) for p, c, _ in edges)
        )
        for node in sorted({pod.node for pod in pods if pod.node})
    ]
    services = sorted({call.toward for _, call, _ in edges})
    patterns = [
        *(_Pattern("network", ref, tuple(float(c.toward == ref) for _, c, _ in edges)) for ref in services),
        *(_Pattern("workload", ref, tuple(float(p.workload == ref) for p, *_ in edges)) for ref in _workloads(pods)),
        *(p for p in patterns if any(p.weights)),
    ]
    found = _fitted([e[0] for e in edges], [e[2] for e in edges], [e[1].rate.now for e in edges], patterns)
    return tuple(each for each in found[:1] if each.kind == "node" and len(each.shows) > 1)


def _lost(pods: Sequence[Own], caller: Own, toward: Ref, risen: float) -> float:
    """The calls that fail more than the callee fails by its own count: lost between the two."""
    answering = [p for p in pods if p.levels.service == toward.name and p.levels.pod.namespace == toward.namespace]
    failing = [p.levels.failing.rise for p in answering if p.levels.failing]
    left = risen - (sum(failing) / len(failing) if failing else 0.0)
    return left if left >= 0.02 else 0.0


def _fitted(
    pods: Sequence[Own], excess: Sequence[float], rates: Sequence[float], patterns: Sequence[_Pattern]
) -> tuple[Suspect, ...]:
    found: list[Suspect] = []
    left = list(excess)
    total = sum(w * e for w, e in zip(rates, left, strict=True))
    while total > 0 and len(found) < MOST and sum(w * e for w, e in zip(rates, left, strict=True)) >= LEFT * total:
        best: tuple[float, float, _Pattern] | None = None
        for pattern in patterns:
            fit, size = _fit(left, rates, pattern.weights)
            if best is None or fit > best[0] + TIE:
                best = (fit, size, pattern)
        if best is None or best[0] < FITS:
            break
        fit, size, pattern = best
        shows = dict.fromkeys(
            p.workload for p, x, e in zip(pods, pattern.weights, left, strict=True) if x > 0 and e > 0
        )
        found.append(Suspect(pattern.kind, pattern.ref, fit, size, tuple(shows)))
        left = [max(e - size * x, 0.0) if x else e for e, x in zip(left, pattern.weights, strict=True)]
    return tuple(found)


def _fit(excess: Sequence[float], rates: Sequence[float], weights: Sequence[float]) -> tuple[float, float]:
    """The part of the squared excess that the pattern explains, and its size."""
    square = sum(w * e * e for w, e in zip(rates, excess, strict=True))
    norm = sum(w * x * x for w, x in zip(rates, weights, strict=True))
    if square <= 0 or norm <= 0:
        return 0.0, 0.0
    size = max(sum(w * x * e for w, x, e in zip(rates, weights, excess, strict=True)) / norm, 0.0)
    rest = sum(w * (e - size * x) ** 2 for w, x, e in zip(rates, weights, excess, strict=True))
    return 1 - rest / square, size


def _time_patterns(scene: Scene, pods: Sequence[Own]) -> Iterable[_Pattern]:
    share = _shares(scene)
    for ref in _workloads(pods):
        yield _Pattern("workload", ref, tuple(float(p.workload == ref) for p in pods))
    reached = sorted({call.toward for pod in pods for call, _ in pod.calls()})
    behind: Mapping[Ref, Ref] = {
        ref: view.workloads[0].ref for ref in reached if (view := scene.services.get(ref)) and view.workloads
    }
    for ref in reached:
        kind: Kind = "network" if ref in behind else "outside"
        yield _Pattern(kind, behind.get(ref, ref), tuple(_through(p, ref, behind.get(ref)) for p in pods))
    for node in sorted({p.node for p in pods if p.node}):
        weights = tuple(sum(r * (float(p.node == node) + share(c.toward, node)) for c, r in p.calls()) for p in pods)
        if len({p.workload for p, x in zip(pods, weights, strict=True) if x > 0 and p.seconds > 0}) > 1:
            yield _Pattern("node", Ref("", "Node", node), weights)
    for pod in pods:
        yield _Pattern("pod", pod.levels.pod, tuple(float(p is pod) for p in pods))


def _through(pod: Own, service: Ref, workload: Ref | None) -> float:
    """How often a request at the pod passes the network of the service's pods: to call them, or as one of them to call others."""
    if pod.workload == workload:
        return sum(ratio for _, ratio in pod.calls())
    return sum(ratio for call, ratio in pod.calls() if call.toward == service)


def _workloads(pods: Iterable[Own]) -> list[Ref]:
    return sorted({pod.workload for pod in pods})


def _shares(scene: Scene) -> Callable[[Ref, str], float]:
    """The share of a service's ready pods that are on a node."""

    def share(service: Ref, node: str) -> float:
        view = scene.services.get(service)
        ready = view.ready if view else ()
        return sum(pod.text("spec.nodeName") == node for pod in ready) / len(ready) if ready else 0.0

    return share
