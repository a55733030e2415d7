"""Small clusters with GPUs, for tables of tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from steersman_tools.gpu.types import DeviceReading, GpuReadings, Metric, Reading
from steersman_tools.snapshot import Snapshot
from steersman_tools.testing import NOW, Stage
from steersman_tools.types import Ref

GPU = "nvidia.com/gpu"


def node(
    stage: Stage,
    name: str,
    gpus: int = 4,
    *,
    allocatable: int | None = None,
    capacity: int | None = None,
    resource: str = GPU,
    labels: Mapping[str, str] | None = None,
    **spec: Any,
) -> None:
    """A node with so many GPUs by its label; capacity and allocatable unless said otherwise are the same."""
    have = gpus if capacity is None else capacity
    usual = {"cpu": "64", "memory": "512Gi", "pods": "110"}
    stage.put(
        {
            "kind": "Node",
            "metadata": {
                "name": name,
                "labels": {
                    "kubernetes.io/hostname": name,
                    "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3",
                    "nvidia.com/gpu.count": str(gpus),
                    "nvidia.com/gpu.memory": "81559",
                    **(labels or {}),
                },
            },
            "spec": spec,
            "status": {
                "capacity": {**usual, resource: str(have)},
                "allocatable": {**usual, resource: str(have if allocatable is None else allocatable)},
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        }
    )


def wants(gpus: int) -> dict[str, Any]:
    """A container's resources with so many GPUs."""
    return {"resources": {"limits": {GPU: gpus}, "requests": {GPU: gpus}}}


def device(
    uuid: str, at: str, pod: str = "", minutes: float = 5, codes: tuple[int, ...] = (), **values: float
) -> DeviceReading:
    """One device; `codes` are those that the exporter has shown one after the other, the last `minutes` ago."""
    shown = tuple((NOW - timedelta(minutes=minutes + 5 * (len(codes) - 1 - n)), code) for n, code in enumerate(codes))
    found: dict[Metric, Reading] = {k.replace("_", "-"): Reading(v, k, NOW) for k, v in values.items()}  # type: ignore[misc]
    found.setdefault("xid-last", Reading(codes[-1] if codes else 0, "DCGM_FI_DEV_XID_ERRORS", NOW))
    return DeviceReading(
        uuid=uuid, node=at, index=uuid[-1], pod=Ref("shop", "Pod", pod) if pod else None, values=found, codes=shown
    )


def seen(stage: Stage, *devices: DeviceReading) -> Snapshot:
    """The stage with what the exporter says of it."""
    return replace(stage.snapshot(), gpus=GpuReadings(devices=devices))
