"""Devices as Dynamic Resource Allocation shows them: ResourceSlices with attributes, capacity and taints.

Source: resource.k8s.io/v1 (v1beta1 has one level more, `basic`); NVIDIA's driver names attributes uuid, productName, driverVersion,
parentUUID, profile, and marks sick devices with the taints gpu.nvidia.com/{xid,gpu-lost,unmonitored} (device_health.go).
"""

from __future__ import annotations

from collections.abc import Iterator

from ..fields import Fields
from ..quantity import amount
from ..snapshot import Resource, Snapshot
from .types import Device, DeviceTaint, Form, Reading, Said, Vendor

_VENDORS: dict[str, Vendor] = {"gpu.nvidia.com": "nvidia", "gpu.amd.com": "amd", "gpu.intel.com": "intel"}


def devices(snapshot: Snapshot) -> Iterator[tuple[str, Device]]:
    """`driver/pool/device` and the device, of every slice of an accelerator driver."""
    rules = list(snapshot.all("DeviceTaintRule"))
    newest: dict[tuple[str, str], int] = {}
    slices = [s for s in snapshot.all("ResourceSlice") if s.text("spec.driver") in _VENDORS]
    for one in slices:
        pool = (one.text("spec.driver"), one.text("spec.pool.name"))
        newest[pool] = max(newest.get(pool, 0), one.count("spec.pool.generation"))
    for one in slices:
        driver, pool_name = one.text("spec.driver"), one.text("spec.pool.name")
        if one.count("spec.pool.generation") < newest[driver, pool_name]:
            continue  # an older generation of the pool is being replaced
        for entry in one.each("spec.devices"):
            key = f"{driver}/{pool_name}/{entry.text('name')}"
            yield key, _device(snapshot, one, entry, _ruled(rules, driver, pool_name, entry.text("name")))


def _device(snapshot: Snapshot, one: Resource, entry: Fields, ruled: tuple[DeviceTaint, ...]) -> Device:
    body = entry.at("basic") or entry
    source = f"kubectl get resourceslice {one.name} -o yaml"
    name, kind = entry.text("name"), _attribute(body, "type")
    form: Form = "mig" if kind == "mig" or _attribute(body, "parentUUID") else "full"
    memory = amount(body.text("capacity.memory.value") or body.text("capacity.memory"))
    product, driver = _attribute(body, "productName"), _attribute(body, "driverVersion")
    return Device(
        uuid=_attribute(body, "uuid") or f"{one.text('spec.pool.name')}/{name}",
        node=one.text("spec.nodeName"),
        index=_attribute(body, "index") or name.rpartition("-")[2],
        vendor=_VENDORS[one.text("spec.driver")],
        form=form,
        model=Said(product, source, snapshot.taken_at) if product else None,
        memory=Reading(memory / 2**20, source, snapshot.taken_at) if memory else None,
        driver=Said(driver, source, snapshot.taken_at) if driver else None,
        pci=_attribute(body, "pciBusID") or _attribute(body, "resource.kubernetes.io/pciBusID"),
        profile=_attribute(body, "profile"),
        parent=_attribute(body, "parentUUID"),
        numa=_attribute(body, "numaNode") or _attribute(body, "numa"),
        taints=(*(_taint(t, source) for t in body.each("taints") or entry.each("taints")), *ruled),
        source=source,
    )


def _attribute(body: Fields, name: str) -> str:
    """A device attribute; its value stands under the name of its type."""
    held = body.at("attributes").raw
    value = Fields(held.get(name))
    for kind in ("string", "version", "int", "bool"):
        if value.has(kind):
            return value.text(kind)
    return ""


def _taint(taint: Fields, source: str) -> DeviceTaint:
    return DeviceTaint(taint.text("key"), taint.text("value"), taint.text("effect"), taint.time("timeAdded"), source)


def _ruled(rules: list[Resource], driver: str, pool: str, device: str) -> tuple[DeviceTaint, ...]:
    """The taints that rules put on the device."""
    found = []
    for rule in rules:
        chosen = rule.at("spec.deviceSelector")
        wanted = {"driver": driver, "pool": pool, "device": device}
        if all(chosen.text(key) in ("", value) for key, value in wanted.items()) and not chosen.has("selectors"):
            found.append(_taint(rule.at("spec.taint"), f"kubectl get devicetaintrule {rule.name} -o yaml"))
    return tuple(found)
