"""Lines of `kubectl get` about nodes, volumes, quotas and the rest."""

from __future__ import annotations

import re

from ....types import Json
from ..build import Object, number, number_or_text, only, put, told, truth
from ..kinds.common import comma
from ..kinds.storage import modes
from ..tables import Row

_USE = re.compile(r"(\S+): ([^/\s]+)/([^/\s,]+)")
_TARGET = re.compile(r"(?:(\w+): )?(\S+)/(\d{1,6})%$")
_DEFAULT = "storageclass.kubernetes.io/is-default-class"


def node(row: Row) -> Object:
    obj: Object = {}
    words = row.get("STATUS", "").split(",")
    status = {"Ready": "True", "NotReady": "False", "Unknown": "Unknown"}.get(words[0])
    put(obj, "status.conditions", [{"type": "Ready", "status": status}] if status else None)
    put(obj, "spec.unschedulable", "SchedulingDisabled" in words)
    addresses: list[Json] = [
        {"type": kind, "address": row[column]}
        for column, kind in (("INTERNAL-IP", "InternalIP"), ("EXTERNAL-IP", "ExternalIP"))
        if told(row.get(column, ""))
    ]
    put(obj, "status.addresses", addresses)
    for column, name in (
        ("VERSION", "kubeletVersion"), ("OS-IMAGE", "osImage"), ("KERNEL-VERSION", "kernelVersion"),
        ("CONTAINER-RUNTIME", "containerRuntimeVersion"),
    ):  # fmt: skip
        put(obj, f"status.nodeInfo.{name}", told(row.get(column, "")))
    return obj


def namespace(row: Row) -> Object:
    obj: Object = {}
    put(obj, "status.phase", told(row.get("STATUS", "")))
    return obj


def claim(row: Row) -> Object:
    obj: Object = {}
    put(obj, "spec.storageClassName", row.get("STORAGECLASS"))
    put(obj, "spec.volumeName", told(row.get("VOLUME", "")))
    put(obj, "spec.volumeMode", told(row.get("VOLUMEMODE", "")))
    put(obj, "status.phase", told(row.get("STATUS", "")) if row.get("STATUS") != "Terminating" else None)
    put(obj, "status.capacity.storage", told(row.get("CAPACITY", "")))
    put(obj, "status.accessModes", modes(row.get("ACCESS MODES")))
    return obj


def volume(row: Row) -> Object:
    obj: Object = {}
    put(obj, "spec.storageClassName", row.get("STORAGECLASS"))
    put(obj, "spec.capacity.storage", told(row.get("CAPACITY", "")))
    put(obj, "spec.accessModes", modes(row.get("ACCESS MODES")))
    put(obj, "spec.persistentVolumeReclaimPolicy", told(row.get("RECLAIM POLICY", "")))
    namespace, slash, name = row.get("CLAIM", "").partition("/")
    if slash:
        put(obj, "spec.claimRef", {"kind": "PersistentVolumeClaim", "namespace": namespace, "name": name})
    put(obj, "status.phase", told(row.get("STATUS", "")) if row.get("STATUS") != "Terminating" else None)
    put(obj, "status.reason", told(row.get("REASON", "")))
    return obj


def storage_class(row: Row) -> Object:
    obj: Object = {}
    if row.get("NAME", "").endswith("(default)"):
        put(obj, "metadata.annotations", {_DEFAULT: "true"})
    put(obj, "provisioner", told(row.get("PROVISIONER", "")))
    put(obj, "reclaimPolicy", told(row.get("RECLAIMPOLICY", "")))
    put(obj, "volumeBindingMode", told(row.get("VOLUMEBINDINGMODE", "")))
    put(obj, "allowVolumeExpansion", truth(row.get("ALLOWVOLUMEEXPANSION", "")))
    return obj


def quota(row: Row) -> Object:
    """A ResourceQuota: `pods: 3/10, requests.cpu: 1/2`, used of hard."""
    obj: Object = {}
    found = _USE.findall(f"{row.get('REQUEST', '')}, {row.get('LIMIT', '')}")
    put(obj, "spec.hard", {name: hard for name, _, hard in found})
    put(obj, "status.hard", {name: hard for name, _, hard in found})
    put(obj, "status.used", {name: used for name, used, _ in found})
    return obj


def secret(row: Row) -> Object:
    obj: Object = {}
    put(obj, "type", told(row.get("TYPE", "")))
    return obj


def autoscaler(row: Row) -> Object:
    obj: Object = {}
    kind, _, name = row.get("REFERENCE", "").partition("/")
    put(obj, "spec.scaleTargetRef", only(kind=told(kind), name=told(name)))
    put(obj, "spec.minReplicas", number(row.get("MINPODS", "")))
    put(obj, "spec.maxReplicas", number(row.get("MAXPODS", "")))
    put(obj, "status.currentReplicas", number(row.get("REPLICAS", "")))
    metrics: list[Json] = []
    current: list[Json] = []
    for text in comma(row.get("TARGETS")):
        if found := _TARGET.match(str(text)):
            resource = found[1] or "cpu"
            target: Json = {"type": "Utilization", "averageUtilization": int(found[3])}
            metrics.append({"type": "Resource", "resource": {"name": resource, "target": target}})
            if (value := number(found[2].rstrip("%"))) is not None:
                current.append(
                    {"type": "Resource", "resource": {"name": resource, "current": {"averageUtilization": value}}}
                )
    put(obj, "spec.metrics", metrics)
    put(obj, "status.currentMetrics", current)
    return obj


def disruption_budget(row: Row) -> Object:
    obj: Object = {}
    for column, name in (("MIN AVAILABLE", "minAvailable"), ("MAX UNAVAILABLE", "maxUnavailable")):
        if (value := row.get(column, "N/A")) != "N/A":
            put(obj, f"spec.{name}", number_or_text(value))
    put(obj, "status.disruptionsAllowed", number(row.get("ALLOWED DISRUPTIONS", "")))
    return obj


def binding(row: Row) -> Object:
    """A RoleBinding or ClusterRoleBinding; only the wide form shows to whom."""
    obj: Object = {}
    kind, _, name = row.get("ROLE", "").partition("/")
    put(obj, "roleRef", only(kind=told(kind), name=told(name)))
    subjects: list[Json] = [{"kind": "User", "name": user} for user in comma(row.get("USERS"))]
    subjects += [{"kind": "Group", "name": group} for group in comma(row.get("GROUPS"))]
    for account in comma(row.get("SERVICEACCOUNTS")):
        space, _, own = str(account).partition("/")
        subjects.append(only(kind="ServiceAccount", namespace=space or None, name=own))
    put(obj, "subjects", subjects)
    return obj
