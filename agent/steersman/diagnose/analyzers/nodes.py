"""Nodes that do not work: no word from the kubelet, no container runtime, pressure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steersman_tools.fields import Fields
from steersman_tools.snapshot import Resource
from steersman_tools.types import Observation, Ref

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..scene import Scene
from .units import runtime_stopped

_RUNTIME = re.compile(r"container runtime|PLEG|cni|network plugin|NetworkPluginNotReady|runtime network", re.I)
_PRESSURE = {
    "DiskPressure": (Fault.DISK_PRESSURE, "Free disk space on the node, or take it out of service"),
    "MemoryPressure": (Fault.MEMORY_PRESSURE, "Move memory-hungry pods away, or give them limits"),
    "NetworkUnavailable": (
        Fault.NODE_NETWORK_UNAVAILABLE,
        "See the pods of the network plugin on the node, and the routes that the cloud provider sets",
    ),
    "PIDPressure": (Fault.PID_PRESSURE, "Find the workload that starts so many processes"),
}


def unready_nodes(scene: Scene) -> Iterator[Output]:
    """Nodes whose kubelet is silent or reports that it cannot run pods."""
    for node in scene.nodes.values():
        ready = node.condition("Ready")
        status = ready.text("status")
        if not ready or status == "True":
            continue
        silent = status == "Unknown"
        runtime = runtime_stopped(scene, node.name) or (not silent and bool(_RUNTIME.search(ready.text("message"))))
        fault = Fault.CONTAINER_RUNTIME_DOWN if runtime else Fault.KUBELET_DOWN
        since = cite.clock(ready.time("lastTransitionTime"))
        what = "has no working container runtime" if runtime else "does not report" if silent else "is not ready"
        yield Finding(
            fault=fault,
            entity=node.ref,
            field="status.conditions",
            observed=f"Ready {status}: {ready.text('message') or ready.text('reason')}",
            expected="Ready True",
            summary=f"The kubelet of node {node.name} {what}" + (f" since {since}" if since else ""),
            advice=f"Check the kubelet and the machine of {node.name}; move its pods away if it does not come back",
            certainty=0.95,
            breaks=(node.ref, *_victims(scene, node)),
            needs_symptom=False,
            observations=(cite.fields(scene, node, "status.conditions", "spec.taints"),),
        )


def pressure(scene: Scene) -> Iterator[Output]:
    """Nodes that run out of disk, memory or process ids, or have no network."""
    for node in scene.nodes.values():
        for kind, (fault, advice) in _PRESSURE.items():
            condition = node.condition(kind)
            if condition.text("status") == "True":
                yield Finding(
                    fault=fault,
                    entity=node.ref,
                    field="status.conditions",
                    observed=f"{kind} True: {condition.text('message')}",
                    expected=f"{kind} False",
                    summary=f"Node {node.name} has {kind}" + (" and evicts pods" if kind.endswith("Pressure") else ""),
                    advice=advice,
                    certainty=0.92,
                    breaks=(node.ref, *_victims(scene, node), *_evicted(scene, node)),
                    needs_symptom=False,
                    observations=(cite.fields(scene, node, "status.conditions"), *_eviction(scene, node)),
                )


def _victims(scene: Scene, node: Resource) -> list[Ref]:
    """The workloads with pods on the node."""
    found = [scene.workload_of.get(p.ref) for p in scene.pods_on.get(node.name, ())]
    return list(dict.fromkeys(w.ref for w in found if w))


def _evicted(scene: Scene, node: Resource) -> list[Ref]:
    pods = [p for p in scene.snapshot.all("Pod") if p.text("spec.nodeName") == node.name and _was_evicted(p)]
    return list(dict.fromkeys(w.ref for p in pods if (w := scene.workload_of.get(p.ref))))


def _was_evicted(pod: Fields) -> bool:
    return pod.text("status.reason") == "Evicted"


def _eviction(scene: Scene, node: Resource) -> Iterator[Observation]:
    for event in scene.events(node, "EvictionThresholdMet")[:1]:
        yield cite.event(scene, event)
