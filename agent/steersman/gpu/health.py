"""How accelerators fare: a line a device, and the causes of whatever is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from steersman_tools.gpu.types import Device, Estate, Metric, NodeGpus
from steersman_tools.snapshot import Snapshot
from steersman_tools.types import Frozen, NotChecked, Ref

from ..diagnose import examine
from ..diagnose.analyzers import gpu_health, gpu_nodes, gpu_serving, gpu_training, gpu_waiting
from ..diagnose.scene import Scene
from ..types import Finding, RuledOut

ANALYZERS = (
    gpu_health.device_errors, gpu_nodes.out_of_service, gpu_waiting.scattered, gpu_waiting.gangs, gpu_waiting.queued,
    gpu_serving.caches, gpu_serving.canaries, gpu_serving.scalers, gpu_training.collectives, gpu_training.checkpoints,
    gpu_training.idle,
)  # fmt: skip
State = Literal["ok", "degraded", "failing", "not checked"]
_SHOWN: tuple[Metric, ...] = ("use", "temperature", "power", "memory-used", "xid-last", "ecc-double", "remap-failed")


class DeviceHealth(Frozen):
    """One device. `not checked`: no exporter and no ResourceSlice says anything of its health."""

    device: Ref
    node: str
    index: str
    model: str
    state: State
    why: str = ""
    values: dict[str, float] = Field(default_factory=dict)
    not_collected: tuple[str, ...] = ()
    owner: Ref | None = None


class HealthReport(Frozen):
    devices: tuple[DeviceHealth, ...] = ()
    findings: tuple[Finding, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()


def health(snapshot: Snapshot) -> HealthReport:
    """Every device's state, with what was found wrong, the surest first."""
    examined = examine(snapshot, ANALYZERS)
    findings = tuple(sorted(examined.findings, key=lambda f: -f.certainty))
    estate = examined.scene.accelerators
    return HealthReport(
        devices=tuple(line for node in estate.nodes for line in _lines(node, findings)),
        findings=findings,
        ruled_out=examined.ruled_out,
        not_checked=(*gaps(snapshot), *estate.not_checked),
    )


def gaps(snapshot: Snapshot) -> tuple[NotChecked, ...]:
    """What could not be read that matters here."""
    return tuple(
        g for g in snapshot.not_checked if any(word in g.what for word in ("nodes", "pods", "metrics", "resource"))
    )


def scene_of(snapshot: Snapshot) -> tuple[Scene, Estate]:
    """The snapshot with its relations, and the accelerators in it."""
    scene = Scene(snapshot)
    return scene, scene.accelerators


def _lines(node: NodeGpus, findings: tuple[Finding, ...]) -> Iterator[DeviceHealth]:
    """A line a device; one more for those that are counted and that nobody names."""
    yield from (_device(d, findings) for d in node.devices)
    counted = max((c.capacity / c.replicas for c in node.counts), default=0.0)
    unnamed = (node.physical.value if node.physical else counted) - len(node.devices)
    if unnamed > 0:
        yield DeviceHealth(
            device=Ref("", "Node", node.node),
            node=node.node,
            index=f"{unnamed:g} more" if node.devices else f"{unnamed:g}",
            model=node.model.value if node.model else "",
            state="not checked",
            why="no exporter and no ResourceSlice names them",
            not_collected=_SHOWN,
        )


def _device(device: Device, findings: tuple[Finding, ...]) -> DeviceHealth:
    mine = next((f for f in findings if f.entity == device.ref), None)
    heard = device.reading is not None or bool(device.taints)
    state: State = "not checked"
    if mine:
        state = "failing" if mine.certainty >= 0.86 and mine.fault != "gpu-throttled" else "degraded"
    elif heard or device.source.startswith("kubectl get resourceslice"):
        state = "ok"
    values = device.reading.values if device.reading else {}
    return DeviceHealth(
        device=device.ref,
        node=device.node,
        index=device.index,
        model=device.model.value if device.model else "",
        state=state,
        why=mine.observed if mine else "",
        values={m: values[m].value for m in _SHOWN if m in values},
        not_collected=tuple(m for m in _SHOWN if m not in values),
        owner=device.owner.workload if device.owner else None,
    )
