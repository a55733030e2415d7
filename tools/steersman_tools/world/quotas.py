"""What an object uses of a ResourceQuota."""

from __future__ import annotations

from ..quantity import amount
from .api.kinds import Type
from .objects import Obj

_COUNTED = {
    "pods",
    "services",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "replicationcontrollers",
    "resourcequotas",
}


def used_by(kind: Type, obj: Obj) -> dict[str, float]:
    """The amounts by resource name, as quotas name them."""
    used = {f"count/{kind.id}": 1.0}
    if kind.id in _COUNTED:
        used[kind.plural] = 1.0
    if kind.id == "pods":
        if (obj.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
            return {f"count/{kind.id}": 1.0}
        return used | _pod(obj["spec"])
    if kind.id == "services":
        style = obj["spec"].get("type")
        if style == "LoadBalancer":
            used["services.loadbalancers"] = 1.0
        if style in ("NodePort", "LoadBalancer"):
            used["services.nodeports"] = float(len(obj["spec"].get("ports") or ()))
    if kind.id == "persistentvolumeclaims":
        used["requests.storage"] = amount(
            ((obj["spec"].get("resources") or {}).get("requests") or {}).get("storage", "0")
        )
    return used


def _pod(spec: Obj) -> dict[str, float]:
    used: dict[str, float] = {}
    for field in ("requests", "limits"):
        totals = total(spec, field)
        for name, value in totals.items():
            used[f"{field}.{name}"] = value
            if field == "requests" and name in ("cpu", "memory", "ephemeral-storage"):
                used[name] = value
    return used


def total(spec: Obj, field: str) -> dict[str, float]:
    """What a pod asks for: the sum of its containers, or its greediest init container if that is more."""
    totals: dict[str, float] = {}
    for container in spec.get("containers") or ():
        for name, value in ((container.get("resources") or {}).get(field) or {}).items():
            totals[name] = totals.get(name, 0.0) + amount(value)
    for container in spec.get("initContainers") or ():
        for name, value in ((container.get("resources") or {}).get(field) or {}).items():
            if container.get("restartPolicy") == "Always":
                totals[name] = totals.get(name, 0.0) + amount(value)
            else:
                totals[name] = max(totals.get(name, 0.0), amount(value))
    for name, value in (spec.get("overhead") or {}).items():
        totals[name] = totals.get(name, 0.0) + amount(value)
    return totals
