"""Nodes that offer fewer accelerators than they have, where no single device is known to be at fault."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.gpu.types import Count, NodeGpus

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..gpus import node_of, victims
from ..scene import Scene
from .gpu_health import device_errors, missing


def out_of_service(scene: Scene) -> Iterator[Output]:
    """One finding for each node whose count of devices has fallen without a device to blame."""
    sure = [f for f in device_errors(scene) if isinstance(f, Finding) and f.certainty >= 0.86]
    for node in scene.accelerators.nodes:
        known = len({f.entity for f in sure if node_of(node) in f.breaks})
        gone = missing(node)
        sick = sum(c.out_of_service / c.replicas for c in node.counts)
        counts = [c for c in node.counts if c.form == "full"]
        if node.mig_state in ("pending", "rebooting"):
            continue  # the partitions are being made anew
        if gone and counts and not any(c.capacity for c in counts):
            yield _plugin(scene, node, gone)
        elif gone + sick > known:
            yield _fewer(scene, node, gone, sick - known if not gone else sick)


def _plugin(scene: Scene, node: NodeGpus, gone: float) -> Finding:
    """No device at all is counted: the plugin or the driver, rather than every single GPU."""
    alive = [d for d in node.devices if d.value("temperature") is not None]
    words = f"none of {gone:g} GPUs is offered" + (f", though {len(alive)} answer the exporter" if alive else "")
    return _finding(
        scene,
        node,
        Fault.GPU_UNHEALTHY,
        words,
        "Look at the device plugin and the driver on this node and restart their pods; the GPUs need not be sick",
    )


def _fewer(scene: Scene, node: NodeGpus, gone: float, sick: float) -> Finding:
    if gone:
        words = f"{gone:g} of its GPUs are not enumerated any more"
        return _finding(scene, node, Fault.GPU_LOST, words, "Cordon and drain the node, then reboot it")
    words = f"the device plugin has taken {sick:g} of its devices out of service: {', '.join(map(_shown, node.counts))}"
    return _finding(scene, node, Fault.GPU_UNHEALTHY, words, "Read the kernel log of the node for Xid lines")


def _shown(count: Count) -> str:
    return f"{count.allocatable:g} of {count.capacity:g} {count.resource} are allocatable"


def _finding(scene: Scene, node: NodeGpus, fault: Fault, words: str, advice: str) -> Finding:
    resource = scene.nodes[node.node]
    return Finding(
        fault=fault,
        entity=node_of(node),
        field="status.allocatable",
        observed=words,
        expected=f"{node.physical.value:g} devices" if node.physical else "every device in service",
        summary=f"Node {node.node}: {words}",
        advice=advice,
        certainty=0.9,
        breaks=(node_of(node), *victims(scene, node)),
        needs_symptom=False,
        observations=(
            cite.fields(
                scene, resource, "status.capacity", "status.allocatable", "metadata.labels['nvidia.com/gpu.count']"
            ),
        ),
    )
