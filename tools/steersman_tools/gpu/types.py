"""What is known of accelerators. Each value carries its source and its time; what is absent was not collected, and is not zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from ..types import NotChecked, Ref

Metric: TypeAlias = Literal[
    "use", "use-peak", "memory-copy", "compute-active", "tensor-active", "dram-active", "memory-used", "memory-free",
    "memory-total", "temperature", "memory-temperature", "power", "power-mean", "power-limit", "energy", "clock",
    "xid-last", "xid-recent", "ecc-double", "ecc-double-new", "ecc-single", "rows-uncorrectable", "rows-correctable", "rows-pending",
    "remap-failed", "nvlink-errors", "pcie-replays", "thermal-stalled", "power-stalled", "recovery-action", "health",
]  # fmt: skip
"""Percent (use, memory-copy), shares 0..1 (…-active), MiB (memory-…), °C, W, J (energy), MHz (clock). xid-last is the last code
seen, however long ago; xid-recent the errors in the exporter's own window; …-new the increase of the last minutes; …-stalled the
share of the last minutes that clocks were held back for that reason. The rest are counts or codes."""

Vendor: TypeAlias = Literal["nvidia", "amd", "intel"]
Form: TypeAlias = Literal["full", "mig", "shared"]
"""A whole device, a hardware partition of one, or one that several pods share in turns."""

SENTINEL = 9_223_372_036_854_775_792
"""DCGM's values from here on mean blank: not supported, not permitted, not found (dcgm_structs.h, DCGM_INT64_BLANK)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A number, where it comes from and when it was taken."""

    value: float
    source: str
    """The query, label or field that shows it again."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """A word of a label or field, where it comes from and when it was written."""

    value: str
    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DeviceReading:
    """One device as an exporter or NVML shows it."""

    uuid: str
    node: str = ""
    index: str = ""
    model: str = ""
    pci: str = ""
    driver: str = ""
    profile: str = ""
    """The MIG profile, such as 3g.20gb, where this is a partition."""
    instance: str = ""
    pod: Ref | None = None
    container: str = ""
    values: Mapping[Metric, Reading] = field(default_factory=dict)
    codes: tuple[tuple[datetime, int], ...] = ()
    """The codes that `xid-last` has shown within the hour, each with when it began; 0 is none, as after a reset. Only where there is one
    now."""

    def value(self, metric: Metric) -> float | None:
        """The number, or None where it was not collected."""
        reading = self.values.get(metric)
        return reading.value if reading else None


ServerMetric: TypeAlias = Literal["running", "waiting", "cache-use", "preemptions"]
"""Requests, requests, share of the KV cache 0..1, and preemptions within the last minutes."""


@dataclass(frozen=True, slots=True)
class ServerReading:
    """One inference server's own figures."""

    pod: Ref
    model: str = ""
    values: Mapping[ServerMetric, Reading] = field(default_factory=dict)

    def value(self, metric: ServerMetric) -> float | None:
        reading = self.values.get(metric)
        return reading.value if reading else None


@dataclass(frozen=True, slots=True)
class GpuReadings:
    """What metrics say of accelerators at one moment."""

    devices: tuple[DeviceReading, ...] = ()
    servers: tuple[ServerReading, ...] = ()
    gaps: tuple[NotChecked, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceTaint:
    """A mark on one device in a ResourceSlice or by a DeviceTaintRule: it should not, or must not, be given to new pods."""

    key: str
    value: str
    effect: str
    since: datetime | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Allocation:
    """Who has accelerators: a pod, the workload, queue and tenant it belongs to, and what it was given."""

    pod: Ref
    node: str
    resource: str
    count: float
    """Devices, partitions or turns at a device, as the resource counts them."""
    workload: Ref
    queue: str = ""
    tenant: str = ""
    priority: int = 0
    since: datetime | None = None
    devices: tuple[str, ...] = ()
    """UUIDs, or driver/pool/device of DRA, as far as they are known."""
    claim: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """One physical or partitioned device, from everything that speaks of it."""

    uuid: str
    node: str
    index: str = ""
    vendor: Vendor = "nvidia"
    form: Form = "full"
    model: Said | None = None
    memory: Reading | None = None
    """MiB."""
    driver: Said | None = None
    pci: str = ""
    profile: str = ""
    parent: str = ""
    numa: str = ""
    reading: DeviceReading | None = None
    taints: tuple[DeviceTaint, ...] = ()
    owner: Allocation | None = None
    source: str = ""

    @property
    def ref(self) -> Ref:
        return Ref("gpu", "Device", self.uuid)

    def value(self, metric: Metric) -> float | None:
        return self.reading.value(metric) if self.reading else None


@dataclass(frozen=True, slots=True)
class Count:
    """One extended resource of a node."""

    resource: str
    capacity: float
    allocatable: float
    requested: float
    form: Form = "full"
    replicas: int = 1
    """How many pods share one device in turns."""

    @property
    def free(self) -> float:
        return max(self.allocatable - self.requested, 0.0)

    @property
    def out_of_service(self) -> float:
        return max(self.capacity - self.allocatable, 0.0)


@dataclass(frozen=True, slots=True)
class NodeGpus:
    """The accelerators of one node."""

    node: str
    vendor: Vendor
    counts: tuple[Count, ...]
    physical: Reading | None = None
    """How many devices the machine should have: slices and turns are not counted. None: nobody says."""
    model: Said | None = None
    memory: Reading | None = None
    """MiB of one device or, where partitions are uniform, of one partition."""
    driver: Said | None = None
    cuda: Said | None = None
    clique: str = ""
    zone: str = ""
    sharing: str = "none"
    mig_strategy: str = ""
    mig_config: str = ""
    mig_state: str = ""
    labels_at: datetime | None = None
    """When the labels were written, where the labeller says so."""
    schedulable: bool = True
    remediator: str = ""
    """Another controller that looks after this node: hands off."""
    devices: tuple[Device, ...] = ()

    @property
    def capacity(self) -> float:
        return sum(c.capacity for c in self.counts if c.form != "shared")

    @property
    def allocatable(self) -> float:
        return sum(c.allocatable for c in self.counts)

    @property
    def requested(self) -> float:
        return sum(c.requested for c in self.counts)


@dataclass(frozen=True, slots=True)
class TenantUse:
    """What one tenant holds and how much of it works."""

    tenant: str
    allocated: float
    busy: Reading | None = None
    """Mean use of its devices, in percent; None where none was collected."""
    power: Reading | None = None
    """Watts in all."""
    pods: int = 0
    workloads: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class Estate:
    """All accelerators of a cluster."""

    at: datetime
    nodes: tuple[NodeGpus, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    tenants: tuple[TenantUse, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()

    @property
    def devices(self) -> tuple[Device, ...]:
        return tuple(device for node in self.nodes for device in node.devices)
