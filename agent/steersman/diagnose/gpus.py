"""What the analyzers of accelerators share: whom a sick device harms, and the queries that show it."""

from __future__ import annotations

from steersman_tools.gpu.owners import waiting
from steersman_tools.gpu.types import Device, Metric, NodeGpus
from steersman_tools.snapshot import Resource
from steersman_tools.types import Observation, Ref

from . import cite
from .scene import Scene
from .workloads import is_ready


def node_of(node: NodeGpus) -> Ref:
    return Ref("", "Node", node.node)


def victims(scene: Scene, node: NodeGpus, device: Device | None = None) -> tuple[Ref, ...]:
    """The workloads that a sick device harms: its owner, pods with accelerators on the node that do not run, and pods that wait for
    what it would offer."""
    found: dict[Ref, None] = {}
    if device and device.owner and (owner := scene.workload_of.get(device.owner.pod)):
        found[owner.ref] = None
    for allocation in scene.accelerators.allocations:
        pod = scene.snapshot.get(allocation.pod)
        workload = scene.workload_of.get(allocation.pod)
        if allocation.node == node.node and pod and workload and not _well(pod):
            found[workload.ref] = None
    offered = {c.resource for c in node.counts}
    for pod, wanted in waiting(scene.snapshot):
        if offered & set(wanted) and (workload := scene.workload_of.get(pod.ref)):
            found[workload.ref] = None
    return tuple(found)


def _well(pod: Resource) -> bool:
    restarted = any(s.count("restartCount") for s in pod.each("status.containerStatuses"))
    return is_ready(pod) and not restarted


def exporter_says(scene: Scene, device: Device, *metrics: Metric) -> Observation:
    """The exporter's values of the device, with the query that shows them again."""
    found = device.reading.values if device.reading else {}
    lines = [f"{found[m].source}: {found[m].value:g}" for m in metrics if m in found]
    absent = [m for m in metrics if m not in found]
    if absent:
        lines.append(f"not collected: {', '.join(absent)}")
    source = next((found[m].source for m in metrics if m in found), "DCGM_FI_DEV_XID_ERRORS")
    return cite.metric(scene, f'{source}{{UUID="{device.uuid}"}}', lines)
