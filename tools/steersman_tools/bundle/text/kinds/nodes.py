"""Nodes, and what a node's description tells about the pods on it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ....types import Json
from ..build import Object, only, put, told, truth
from ..outline import Described, grid
from ..times import age, stamp
from .common import amounts, comma, conditions, metadata

_TAINT = re.compile(r"([^\s=:]+)(?:=([^\s:]*))?:(\w+)$")
_AMOUNT = re.compile(r"(\S+)(?: \(\d+%\))?")
_INFO = {
    "Machine ID": "machineID", "System UUID": "systemUUID", "Boot ID": "bootID", "Kernel Version": "kernelVersion",
    "OS Image": "osImage", "Operating System": "operatingSystem", "Architecture": "architecture",
    "Container Runtime Version": "containerRuntimeVersion", "Kubelet Version": "kubeletVersion",
    "Kube-Proxy Version": "kubeProxyVersion",
}  # fmt: skip


def node(text: Described) -> Object:
    obj = metadata(text)
    put(obj, "spec.taints", taints(text.section("Taints").texts))
    put(obj, "spec.unschedulable", truth(text.section("Unschedulable").value))
    put(obj, "spec.podCIDR", text.value("PodCIDR"))
    put(obj, "spec.podCIDRs", comma(text.value("PodCIDRs")))
    put(obj, "spec.providerID", text.value("ProviderID"))
    put(obj, "status.conditions", conditions(text.section("Conditions")))
    addresses = text.section("Addresses").entries
    put(obj, "status.addresses", [{"type": a.title, "address": a.value} for a in addresses if a.value])
    put(obj, "status.capacity", amounts(text.section("Capacity")))
    put(obj, "status.allocatable", amounts(text.section("Allocatable")))
    for entry in text.section("System Info").entries:
        if entry.title in _INFO:
            put(obj, f"status.nodeInfo.{_INFO[entry.title]}", told(entry.value))
    return obj


def taints(texts: list[str]) -> list[Json]:
    """`key=value:Effect` texts."""
    return [only(key=m[1], value=m[2] or None, effect=m[3]) for text in texts if (m := _TAINT.match(text))]


def renewed(text: Described) -> str | None:
    """When the kubelet last renewed its lease."""
    entries = text.section("Lease").entries
    return next((stamp(entry.value) for entry in entries if entry.title == "RenewTime"), None)


def pods_on(text: Described) -> Iterator[tuple[str, str, Object, float | None]]:
    """Namespace, name, object and age of the pods in `Non-terminated Pods`: where they run and what they ask for.

    Their phase is `Unknown`, the API's word for a pod of which nobody knows how it fares.
    """
    name = text.value("Name")
    for row in grid(text.section("Non-terminated Pods").lines):
        if not (row.get("Namespace") and row.get("Name")) or len(row) < 6:
            continue
        obj: Object = {}
        resources: Object = {}
        for column, path in (
            ("CPU Requests", "requests.cpu"), ("Memory Requests", "requests.memory"),
            ("CPU Limits", "limits.cpu"), ("Memory Limits", "limits.memory"),
        ):  # fmt: skip
            found = _AMOUNT.match(row.get(column, ""))
            put(resources, path, found[1] if found and found[1] != "0" else None)
        put(obj, "spec.nodeName", name)
        put(obj, "spec.containers", [{"name": "", "resources": resources}])
        put(obj, "status.phase", "Unknown")
        yield row["Namespace"], row["Name"], obj, age(row.get("Age") or row.get("AGE", ""))
