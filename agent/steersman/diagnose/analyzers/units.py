"""Services of the machines themselves, where somebody asked systemd: kubelet, container runtime, kube-proxy, scheduler."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.types import Observation, Ref

from ...faults import Fault
from ...types import Finding, Output, RuledOut
from ..scene import Scene

_FAULTS = {
    "kubelet": Fault.KUBELET_DOWN,
    "containerd": Fault.CONTAINER_RUNTIME_DOWN,
    "docker": Fault.CONTAINER_RUNTIME_DOWN,
    "crio": Fault.CONTAINER_RUNTIME_DOWN,
    "kube-proxy": Fault.KUBE_PROXY_DOWN,
    "kube-scheduler": Fault.SCHEDULER_UNAVAILABLE,
}
_EFFECTS = {
    Fault.KUBELET_DOWN: "its pods are not looked after",
    Fault.CONTAINER_RUNTIME_DOWN: "no container can start there",
    Fault.KUBE_PROXY_DOWN: "Services are not reachable from its pods",
    Fault.SCHEDULER_UNAVAILABLE: "no pod finds a node",
}


def stopped(scene: Scene) -> Iterator[Output]:
    """Units that do not run although they must."""
    for status in scene.snapshot.units:
        fault = fault_of(status.unit)
        if fault is None or status.active:
            continue
        if fault is Fault.KUBELET_DOWN and runtime_stopped(scene, status.node):
            node = Ref("", "Node", status.node)
            yield RuledOut(fault=fault, entity=node, why="the kubelet cannot run without its container runtime")
            continue
        victims = tuple(w.ref for p in scene.pods_on.get(status.node, ()) if (w := scene.workload_of.get(p.ref)))
        if fault is Fault.SCHEDULER_UNAVAILABLE:
            victims = tuple(
                w.ref for w in scene.workloads.values() if any(not p.text("spec.nodeName") for p in w.live_pods)
            )
        yield Finding(
            fault=fault,
            entity=Ref("", "Node", status.node),
            field=f"systemd unit {status.unit}",
            observed=status.text.strip()[:200],
            expected="active (running)",
            summary=f"{status.unit} does not run on node {status.node}: {_EFFECTS[fault]}",
            advice=f"systemctl start {status.unit} on {status.node}, and see journalctl -u {status.unit} for why it stopped",
            certainty=0.98,
            breaks=(Ref("", "Node", status.node), *dict.fromkeys(victims)),
            needs_symptom=False,
            observations=(
                Observation(
                    tool="node",
                    call=status.call or f"systemctl status {status.unit}",
                    observed_at=scene.now,
                    text=status.text.strip()[:600],
                ),
            ),
        )


def runtime_stopped(scene: Scene, node: str) -> bool:
    """Whether systemd says that the node's container runtime does not run: then its kubelet ends too, or cannot report."""
    return any(
        status.node == node and not status.active and fault_of(status.unit) is Fault.CONTAINER_RUNTIME_DOWN
        for status in scene.snapshot.units
    )


def fault_of(unit: str) -> Fault | None:
    """What it means if the unit does not run."""
    return _FAULTS.get(unit.removesuffix(".service"))
