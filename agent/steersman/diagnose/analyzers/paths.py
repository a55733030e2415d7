"""Nodes that failing connections have in common, where somebody tried them from every node or callers log that they time out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from steersman_tools.types import Observation, Ref

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..failures import Failure, failing_calls
from ..scene import Scene, ServiceView

MOST_ELSEWHERE = 0.1
"""The share of attempts that may fail between other nodes; and the shares that must fail here."""
LEAST_TRIED, LEAST_LOGGED = 0.2, 0.5
LEAST_FAILED = 3
"""Services to which no connection came about."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A connection that was tried: the nodes at its ends, and whether it failed."""

    nodes: frozenset[str]
    service: Ref
    failed: bool
    shown: Observation


def shared_nodes(scene: Scene) -> Iterator[Output]:
    """One finding for the node that all failing connections pass, and hardly any that succeed."""
    kinds: tuple[Literal["tried", "logged"], ...] = ("tried", "logged")
    for kind in kinds:
        attempts = list(_tried(scene) if kind == "tried" else _logged(scene))
        node = _common(scene, attempts, kind)
        if (
            node
            and scene.nodes[node].condition("Ready").text("status") in ("", "True")
            and not _units_stopped(scene, node)
        ):
            yield _finding(scene, node, [a for a in attempts if a.failed], kind)
            return


def _units_stopped(scene: Scene, node: str) -> bool:
    """Whether a service of the machine is known not to run: then that is the cause."""
    return any(status.node == node and not status.active for status in scene.snapshot.units)


def _tried(scene: Scene) -> Iterator[_Attempt]:
    for one in scene.snapshot.reachability:
        view = scene.services.get(one.service)
        if view is None or not view.ready or not one.source:
            continue
        text = f"from node {one.source}: {one.text.strip()[-160:]}"
        shown = Observation(tool="node", call=one.call, observed_at=scene.now, text=text)
        yield _Attempt(frozenset({one.source, *_homes(view)}), one.service, not one.open, shown)


def _homes(view: ServiceView) -> Iterator[str]:
    """The node of the Service's pods, where they are all on one."""
    found = {pod.text("spec.nodeName") for pod in view.ready}
    if len(found) == 1:
        yield from found


def _logged(scene: Scene) -> Iterator[_Attempt]:
    """Calls that time out by the logs, and those that nobody complains of."""
    late = {
        (f.caller, f.target): f for f in failing_calls(scene) if f.sign.kind == "timed-out" and f.target is not None
    }
    for call in scene.calls:
        view = scene.services.get(call.service) if call.service else None
        if view is None or not view.ready or call.caller not in scene.workloads:
            continue
        homes = {p.text("spec.nodeName") for p in scene.workloads[call.caller].ready_pods}
        ends = frozenset({*_homes(view), *(homes if len(homes) == 1 else ())})
        found = late.get((call.caller, view.ref))
        yield _Attempt(ends, view.ref, found is not None, _shown(scene, found))


def _shown(scene: Scene, failure: Failure | None) -> Observation:
    if failure is None:
        return Observation(tool="kubernetes", call="", observed_at=scene.now, text="")
    return cite.log(scene, failure.log, [failure.sign.line])


def _common(scene: Scene, attempts: Sequence[_Attempt], kind: Literal["tried", "logged"]) -> str:
    failed = [a for a in attempts if a.failed]
    if len({a.service for a in failed}) < (LEAST_FAILED if kind == "tried" else 2):
        return ""  # a Service that nobody reaches has a fault of its own
    best = ("", 0.0)
    for node in sorted(scene.nodes):
        here = [a.failed for a in attempts if node in a.nodes]
        others = [a.failed for a in attempts if node not in a.nodes]
        share = sum(here) / len(here) if here else 0.0
        elsewhere = sum(others) / len(others) if others else 1.0
        if (
            share >= (LEAST_TRIED if kind == "tried" else LEAST_LOGGED)
            and elsewhere <= MOST_ELSEWHERE
            and share - elsewhere > best[1]
        ):
            best = (node, share - elsewhere)
    return best[0]


def _finding(scene: Scene, name: str, failed: Sequence[_Attempt], kind: Literal["tried", "logged"]) -> Finding:
    node = Ref("", "Node", name)
    victims = [w.ref for p in scene.pods_on.get(name, ()) if (w := scene.workload_of.get(p.ref))]
    lost = kind == "tried"
    return Finding(
        fault=Fault.NODE_NETWORK_LOSS if lost else Fault.NODE_NETWORK_DELAY,
        entity=node,
        observed=f"{len(failed)} connections {'fail' if lost else 'time out'}, all of them from or to {name}",
        expected="connections that pass it fare like others",
        summary=f"Connections from and to node {name} {'fail' if lost else 'time out'}, and hardly any between other nodes, though its "
        "services run: its network " + ("loses packets" if lost else "is slow"),
        advice=f"Look at the network of {name}: tc -s qdisc, ethtool -S, iptables, the switch port; cordon it meanwhile",
        certainty=0.87 if lost else 0.7,
        breaks=(node, *dict.fromkeys(victims)),
        needs_symptom=not lost,
        observations=tuple(a.shown for a in failed[:3]),
    )
