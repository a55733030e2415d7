"""Services that are slow or failing by their metrics, and the networks that slow them: nodes, and pods that nothing else explains."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.types import Observation, Ref

from ...faults import Fault
from ...types import Finding, Output, Symptom
from ..excess import Own, own
from ..scene import Scene
from ..suspects import Suspect, lossy_nodes, slow_suspects

SHOWN = 4
"""Pods that are shown as evidence."""


def disorders(scene: Scene) -> Iterator[Output]:
    """What users feel: one symptom a service and kind."""
    for found in scene.snapshot.flows.disorders:
        name, level = found.service.name, found.level
        since = f"since {found.since:%H:%M:%S}"
        if found.what == "slow":
            text = f"{name} takes {said(level.now)} a request, {said(level.usual)} usually, {since}"
        else:
            text = f"{name} fails {level.now:.1%} of its requests, {level.usual or 0:.1%} usually, {since}"
        yield Symptom(
            kind="slow" if found.what == "slow" else "errors",
            entity=subject(scene, found.service),
            text=text,
            weight=1.0,
            observations=(measured(scene, level.call, text),),
        )


def networks(scene: Scene) -> Iterator[Output]:
    """Nodes whose network delays or loses what passes it."""
    pods = own(scene)
    for suspect in slow_suspects(scene, pods):
        if suspect.kind == "node":
            yield _node(scene, suspect, Fault.NODE_NETWORK_DELAY)
    for suspect in lossy_nodes(scene, pods):
        if not any(s.kind == "node" and s.ref == suspect.ref for s in slow_suspects(scene, pods)):
            yield _node(scene, suspect, Fault.NODE_NETWORK_LOSS)


def _node(scene: Scene, suspect: Suspect, fault: Fault) -> Finding:
    late, name = fault is Fault.NODE_NETWORK_DELAY, suspect.ref.name
    size = f"{said(suspect.size)} more" if late else f"{suspect.size:.0%} lost"
    here = tuple(w.ref for w in scene.workloads.values() if any(p.text("spec.nodeName") == name for p in w.live_pods))
    shown = sorted((p for p in own(scene) if p.workload in suspect.shows), key=lambda p: (p.node != name, -p.seconds))
    return Finding(
        fault=fault,
        entity=suspect.ref,
        observed=f"{size} for calls that pass it",
        expected="calls that pass it fare like others",
        summary=f"The network of node {name} {'is slow' if late else 'loses packets'}: {size} for calls that pass it, and no other node's",
        advice=f"Cordon {name} and drain it; then look at its network interface, its link and its neighbours",
        certainty=0.84,
        breaks=tuple(dict.fromkeys((suspect.ref, *suspect.shows, *here))),
        observations=tuple(_passing(scene, p, fault) for p in shown[:SHOWN]),
    )


def _passing(scene: Scene, pod: Own, fault: Fault) -> Observation:
    """A pod whose calls pass the node's network."""
    name = f"{pod.levels.pod.name} on {pod.node}"
    if fault is Fault.NODE_NETWORK_DELAY and pod.levels.seconds:
        return measured(scene, pod.levels.seconds.call, f"{name}: {said(pod.seconds)} of its own added to a request")
    worst = max((call for call, _ in pod.calls()), key=lambda call: call.failing.now)
    return measured(scene, worst.failing.call, f"{name}: {worst.failing.now:.0%} of its calls to {worst.address} fail")


def subject(scene: Scene, service: Ref) -> Ref:
    """A name under which requests are counted is that of a workload or of a Service."""
    for kind in ("Deployment", "StatefulSet", "DaemonSet"):
        if (ref := Ref(service.namespace, kind, service.name)) in scene.workloads:
            return ref
    view = scene.services.get(service)
    return view.workloads[0].ref if view and len(view.workloads) == 1 else service


def measured(scene: Scene, call: str, text: str) -> Observation:
    """A measurement as evidence: the query, and the numbers."""
    return Observation(tool="metrics", call=call, observed_at=scene.now, text=text)


def said(seconds: float | None) -> str:
    """A time as people say it."""
    if seconds is None:
        return "an unknown time"
    return f"{seconds:.2g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
