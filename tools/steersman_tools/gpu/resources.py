"""Which extended resources are accelerators, and what one piece of each is: a device, a partition, or a turn at a shared one."""

from __future__ import annotations

from collections.abc import Mapping

from ..fields import Fields
from ..quantity import amount
from .types import Form, Vendor

_VENDORS: tuple[tuple[str, Vendor], ...] = (
    ("nvidia.com/", "nvidia"),
    ("amd.com/gpu", "amd"),
    ("gpu.intel.com/", "intel"),
)
_NOT_DEVICES = ("gpu.intel.com/millicores", "gpu.intel.com/memory.max", "gpu.intel.com/tiles")
"""Intel's plugin offers these beside its devices; they measure, they do not count."""


def vendor_of(resource: str) -> Vendor | None:
    """The maker of the accelerator that the resource counts; None for other resources."""
    if resource in _NOT_DEVICES:
        return None
    if resource.startswith("nvidia.com/") and not resource.startswith(("nvidia.com/gpu", "nvidia.com/mig-")):
        return None
    return next((vendor for prefix, vendor in _VENDORS if resource.startswith(prefix)), None)


def has_accelerators(node: Fields) -> bool:
    """Whether the node offers, or by its labels has, an accelerator."""
    labels = node.map("metadata.labels")
    return any(vendor_of(name) for name in node.map("status.capacity")) or "nvidia.com/gpu.product" in labels


def form_of(resource: str, labels: Mapping[str, str]) -> Form:
    """What one piece of the resource is on a node with these labels."""
    if resource.startswith("nvidia.com/mig-"):
        return "mig"
    if resource.endswith(".shared") or labels.get("nvidia.com/gpu.sharing-strategy") in ("time-slicing", "mps"):
        return "shared"
    if resource == "nvidia.com/gpu" and labels.get("nvidia.com/mig.strategy") == "single" and _sliced(labels):
        return "mig"
    return "full"


def _sliced(labels: Mapping[str, str]) -> bool:
    """Whether the labels describe partitions: under the strategy `single` they replace those of the device."""
    return "MIG" in labels.get("nvidia.com/gpu.product", "") or "nvidia.com/gpu.slices.gi" in labels


def asked(pod: Fields) -> dict[str, float]:
    """By accelerator resource: how many pieces the pod asks for; init containers count where they ask for more."""
    total: dict[str, float] = {}
    inits = pod.each("spec.initContainers")
    sidecars = [c for c in inits if c.text("restartPolicy") == "Always"]
    for container in (*pod.each("spec.containers"), *sidecars):
        for name, value in _of(container).items():
            total[name] = total.get(name, 0.0) + value
    for container in inits:
        for name, value in _of(container).items():
            total[name] = max(total.get(name, 0.0), value)
    return {name: value for name, value in total.items() if value > 0}


def _of(container: Fields) -> dict[str, float]:
    found = {**container.map("resources.limits"), **container.map("resources.requests")}
    return {name: amount(text) for name, text in found.items() if vendor_of(name)}
