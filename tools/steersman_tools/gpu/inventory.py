"""One inventory of accelerators from everything that speaks of them: labels, resources, DRA, exporters. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ..quantity import amount
from ..snapshot import Resource, Snapshot
from ..types import NotChecked, Ref
from . import dra
from .owners import allocations
from .resources import form_of, vendor_of
from .types import Allocation, Count, Device, DeviceReading, Estate, NodeGpus, Reading, Said, TenantUse, Vendor

REMEDIATORS = (
    ("dgxc.nvidia.com/nvsentinel-state", "NVSentinel"),
    ("k8saas.nvidia.com/cordon-by", "k8saas.nvidia.com/cordon-by"),
    ("nvidia.com/mig.config.state", "MIG manager"),
    ("autopilot.ibm.com/gpuhealth", "Autopilot"),
)
"""Labels with which other controllers say that they are at work on a node."""
_AT_WORK = {
    "MIG manager": ("pending", "rebooting"),
    "Autopilot": ("EVICT",),
    "NVSentinel": ("quarantined", "draining", "drain-succeeded", "remediating"),
}
_PRODUCT = {
    "nvidia": ("nvidia.com/gpu.product",),
    "amd": ("amd.com/gpu.product-name", "beta.amd.com/gpu.product-name", "amd.com/gpu.family"),
    "intel": ("gpu.intel.com/product", "gpu.intel.com/family"),
}
_DRIVER = {
    "nvidia": ("nvidia.com/cuda.driver-version.full",),
    "amd": ("amd.com/gpu.driver-version",),
    "intel": (),
}
_COUNT = {"nvidia": "nvidia.com/gpu.count", "amd": "amd.com/gpu.device-count", "intel": "gpu.intel.com/device.count"}


def inventory(snapshot: Snapshot, tenant_label: str = "") -> Estate:
    """All accelerators of the snapshot, who has them, and what was not looked at."""
    held = allocations(snapshot, tenant_label)
    by_node: dict[str, list[Allocation]] = defaultdict(list)
    for allocation in held:
        by_node[allocation.node].append(allocation)
    readings: dict[str, list[DeviceReading]] = defaultdict(list)
    for reading in snapshot.gpus.devices if snapshot.gpus else ():
        readings[reading.node].append(reading)
    sliced: dict[str, dict[str, Device]] = defaultdict(dict)
    for key, device in dra.devices(snapshot):
        sliced[device.node][key] = device
    nodes = []
    for node in sorted(snapshot.all("Node"), key=lambda n: n.name):
        name = node.name
        if vendor := _vendor(node, sliced.get(name, {})):
            nodes.append(_node(snapshot, node, vendor, by_node[name], readings[name], sliced[name]))
    estate = Estate(snapshot.taken_at, tuple(nodes), held, not_checked=_gaps(snapshot, nodes))
    return replace(estate, tenants=tuple(_tenants(estate)))


def _vendor(node: Resource, slices: Mapping[str, Device]) -> Vendor | None:
    for resource in (*node.map("status.capacity"), *node.map("status.allocatable")):
        if vendor := vendor_of(resource):
            return vendor
    if node.labels.get("nvidia.com/gpu.present") == "true" or "nvidia.com/gpu.product" in node.labels:
        return "nvidia"
    return next((device.vendor for device in slices.values()), None)


def _node(
    snapshot: Snapshot,
    node: Resource,
    vendor: Vendor,
    held: Sequence[Allocation],
    readings: Sequence[DeviceReading],
    slices: Mapping[str, Device],
) -> NodeGpus:
    labels = node.labels
    written = _stamp(labels.get("nvidia.com/gfd.timestamp", ""))
    seen = written or snapshot.taken_at
    counts = tuple(_counts(node, held))

    def said(keys: Iterable[str]) -> Said | None:
        key = next((k for k in keys if labels.get(k)), "")
        return Said(labels[key], f"label {key}", seen) if key else None

    model = said(_PRODUCT[vendor]) or next((d.model for d in slices.values() if d.model), None)
    devices = _devices(node.name, vendor, held, readings, slices)
    memory = labels.get("nvidia.com/gpu.memory", "")
    return NodeGpus(
        node=node.name,
        vendor=vendor,
        counts=counts,
        physical=_physical(labels, vendor, counts, seen),
        model=model,
        memory=Reading(float(memory), "label nvidia.com/gpu.memory", seen) if memory.isdigit() else None,
        driver=said(_DRIVER[vendor]) or next((d.driver for d in slices.values() if d.driver), None),
        cuda=said(("nvidia.com/cuda.runtime-version.full",)),
        clique=labels.get("nvidia.com/gpu.clique", ""),
        zone=labels.get("topology.kubernetes.io/zone", ""),
        sharing=labels.get("nvidia.com/gpu.sharing-strategy", "none"),
        mig_strategy=labels.get("nvidia.com/mig.strategy", ""),
        mig_config=labels.get("nvidia.com/mig.config", ""),
        mig_state=labels.get("nvidia.com/mig.config.state", ""),
        labels_at=written,
        schedulable=not node.flag("spec.unschedulable"),
        remediator=_remediator(node),
        devices=tuple(replace(d, model=d.model or model) for d in devices),
    )


def _counts(node: Resource, held: Sequence[Allocation]) -> Iterable[Count]:
    capacity, allocatable = node.map("status.capacity"), node.map("status.allocatable")
    replicas = node.labels.get("nvidia.com/gpu.replicas", "1")
    for resource in sorted({*capacity, *allocatable}):
        if vendor_of(resource):
            form = form_of(resource, node.labels)
            yield Count(
                resource=resource,
                capacity=amount(capacity.get(resource, "0")),
                allocatable=amount(allocatable.get(resource, "0")),
                requested=sum(a.count for a in held if a.resource == resource),
                form=form,
                replicas=int(replicas) if form == "shared" and replicas.isdigit() else 1,
            )


def _physical(labels: Mapping[str, str], vendor: Vendor, counts: Sequence[Count], at: datetime) -> Reading | None:
    """How many devices the machine has. Under MIG `single` the label counts partitions; then nobody says."""
    if any(c.form == "mig" and c.resource == "nvidia.com/gpu" for c in counts):
        return None
    if (text := labels.get(_COUNT[vendor], "")).isdigit():
        return Reading(float(text), f"label {_COUNT[vendor]}", at)
    return None


def _devices(
    node: str,
    vendor: Vendor,
    held: Sequence[Allocation],
    readings: Sequence[DeviceReading],
    slices: Mapping[str, Device],
) -> tuple[Device, ...]:
    """The devices that anybody names, one each, with what the exporter says of it and who has it."""
    found: dict[tuple[str, str], Device] = {}
    by_claim = {key: a for a in held for key in a.devices}
    for key, device in slices.items():
        found[device.uuid, ""] = replace(device, owner=by_claim.get(key))
    by_pod = {a.pod: a for a in held}
    for reading in readings:
        known = found.pop((reading.uuid, ""), None) if not reading.instance else None
        base = known or Device(uuid=reading.uuid, node=node, vendor=vendor, source=f"series of {reading.uuid}")
        owner = by_pod.get(reading.pod) if reading.pod else None
        at = next((r.at for r in reading.values.values()), datetime.now(UTC))
        found[reading.uuid, reading.instance] = replace(
            base,
            index=base.index or reading.index,
            form="mig" if reading.profile else base.form,
            profile=base.profile or reading.profile,
            parent=reading.uuid if reading.profile else base.parent,
            model=base.model or (Said(reading.model, "label modelName", at) if reading.model else None),
            driver=base.driver
            or (Said(reading.driver, "label DCGM_FI_DRIVER_VERSION", at) if reading.driver else None),
            memory=base.memory or _memory(reading, at),
            pci=base.pci or reading.pci,
            reading=reading,
            owner=base.owner or owner,
        )
    return tuple(device for _, device in sorted(found.items(), key=lambda pair: (pair[1].index, pair[0])))


def _memory(reading: DeviceReading, at: datetime) -> Reading | None:
    total = reading.value("memory-total")
    used, free = reading.value("memory-used"), reading.value("memory-free")
    if total is None and used is not None and free is not None:
        total = used + free
    return Reading(total, "DCGM_FI_DEV_FB_USED + DCGM_FI_DEV_FB_FREE", at) if total else None


def _remediator(node: Resource) -> str:
    for key, who in REMEDIATORS:
        value = node.labels.get(key) or node.annotations.get(key, "")
        if value and (who not in _AT_WORK or value in _AT_WORK[who]):
            return f"{who} ({value})"
    return ""


def _tenants(estate: Estate) -> Iterable[TenantUse]:
    held: dict[str, list[Allocation]] = defaultdict(list)
    for allocation in estate.allocations:
        held[allocation.tenant].append(allocation)
    used: dict[str, list[Device]] = defaultdict(list)
    for device in estate.devices:
        if device.owner:
            used[device.owner.tenant].append(device)
    for tenant, mine in sorted(held.items()):
        yield TenantUse(
            tenant=tenant,
            allocated=sum(a.count for a in mine),
            busy=_mean([d.reading.values["use"] for d in used[tenant] if d.reading and "use" in d.reading.values]),
            power=_total(
                [d.reading.values["power"] for d in used[tenant] if d.reading and "power" in d.reading.values]
            ),
            pods=len({a.pod for a in mine}),
            workloads=tuple(dict.fromkeys(a.workload for a in mine)),
        )


def _mean(readings: Sequence[Reading]) -> Reading | None:
    total = _total(readings)
    return replace(total, value=total.value / len(readings)) if total else None


def _total(readings: Sequence[Reading]) -> Reading | None:
    if not readings:
        return None
    return Reading(sum(r.value for r in readings), readings[0].source, min(r.at for r in readings))


def _gaps(snapshot: Snapshot, nodes: Sequence[NodeGpus]) -> tuple[NotChecked, ...]:
    if not nodes:
        return ()
    if snapshot.gpus is None:
        return (NotChecked(what="GPU metrics", why="no metrics were read: give --prometheus URL"),)
    silent = [n.node for n in nodes if n.vendor == "nvidia" and not any(d.reading for d in n.devices)]
    found = list(snapshot.gpus.gaps)
    if silent:
        shown = ", ".join(silent[:5]) + (f" and {len(silent) - 5} more" if len(silent) > 5 else "")
        found.append(NotChecked(what=f"GPU metrics of {shown}", why="no exporter reports these nodes"))
    return tuple(found)


def _stamp(text: str) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if text.isdigit() else None


def node_ref(node: NodeGpus) -> Ref:
    """The Node object of a node's accelerators."""
    return Ref("", "Node", node.node)
