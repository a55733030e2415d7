"""The status of a Deployment: counts and conditions, as a pure function. Source: pkg/controller/deployment/{sync,progress}.go."""

from __future__ import annotations

from datetime import datetime

from ..objects import Obj, moment, stamp
from .base import set_state
from .rolling import bounds


def deployment_status(obj: Obj, current: Obj | None, found: list[Obj], now: datetime) -> tuple[Obj, float | None]:
    """The status, and the seconds until the progress deadline may pass."""
    old, spec = obj.get("status") or {}, obj["spec"]
    total = sum((r.get("status") or {}).get("replicas", 0) for r in found)
    serving = sum((r.get("status") or {}).get("availableReplicas", 0) for r in found)
    counts = {
        "replicas": total,
        "updatedReplicas": (current.get("status") or {}).get("replicas", 0) if current else 0,
        "readyReplicas": sum((r.get("status") or {}).get("readyReplicas", 0) for r in found),
        "availableReplicas": serving,
        "unavailableReplicas": max(0, sum(r["spec"].get("replicas", 0) for r in found) - serving),
    }
    status: Obj = {"observedGeneration": obj["metadata"].get("generation", 1)} | {k: v for k, v in counts.items() if v}
    if old.get("collisionCount"):
        status["collisionCount"] = old["collisionCount"]
    conditions = list(old.get("conditions") or [])
    strategy = spec.get("strategy") or {}
    rolling = strategy.get("rollingUpdate") or {}
    unavailable = (
        0
        if strategy.get("type") == "Recreate"
        else bounds(rolling.get("maxSurge"), rolling.get("maxUnavailable"), spec["replicas"])[1]
    )
    enough = serving >= spec["replicas"] - unavailable
    conditions = set_state(conditions, _condition(
        "Available", enough, "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
        f"Deployment {'has' if enough else 'does not have'} minimum availability.", now))  # fmt: skip
    conditions, again = _progress(obj, current, status, conditions, now)
    failure = next(
        (c for r in found for c in (r.get("status") or {}).get("conditions") or () if c["type"] == "ReplicaFailure"),
        None,
    )
    conditions = [c for c in conditions if c["type"] != "ReplicaFailure" or failure]
    if failure:
        made = _condition("ReplicaFailure", True, failure["reason"], failure["message"], now)
        conditions = set_state(conditions, made)
    return status | {"conditions": conditions}, again


def _condition(kind: str, holds: bool, reason: str, message: str, now: datetime) -> Obj:  # noqa: FBT001   # the value itself
    return {"type": kind, "status": "True" if holds else "False", "lastUpdateTime": stamp(now), "lastTransitionTime": stamp(now),
            "reason": reason, "message": message}  # fmt: skip


def _progress(
    obj: Obj, current: Obj | None, status: Obj, conditions: list[Obj], now: datetime
) -> tuple[list[Obj], float | None]:
    """The Progressing condition: complete, on the move, or out of time."""
    spec, old = obj["spec"], obj.get("status") or {}
    limit = spec.get("progressDeadlineSeconds", 600)
    if limit >= 2**31 - 1:
        return [c for c in conditions if c["type"] != "Progressing"], None
    known = next((c for c in conditions if c["type"] == "Progressing"), None)
    if spec.get("paused"):
        if known is None or known.get("reason") not in ("DeploymentPaused", "ProgressDeadlineExceeded"):
            conditions = _replaced(
                conditions,
                _condition("Progressing", True, "DeploymentPaused", "Deployment is paused", now)
                | {"status": "Unknown"},
            )
        return conditions, None
    if known and known.get("reason") == "DeploymentPaused":
        known = _condition("Progressing", True, "DeploymentResumed", "Deployment is resumed", now) | {
            "status": "Unknown"
        }
        conditions = _replaced(conditions, known)
    wanted, name = (
        spec["replicas"],
        f'ReplicaSet "{current["metadata"]["name"]}"' if current else f'Deployment "{obj["metadata"]["name"]}"',
    )
    same = all(status.get(k, 0) == wanted for k in ("updatedReplicas", "replicas", "availableReplicas"))
    if (
        same
        and known
        and known.get("reason") == "NewReplicaSetAvailable"
        and status.get("replicas", 0) == status.get("updatedReplicas", 0)
    ):
        return conditions, None
    if same:
        return _replaced(
            conditions,
            _condition("Progressing", True, "NewReplicaSetAvailable", f"{name} has successfully progressed.", now),
        ), None
    if (
        status.get("replicas", 0) == status.get("updatedReplicas", 0)
        and known
        and known.get("reason") == "NewReplicaSetAvailable"
    ):
        return conditions, None
    if known is None or _moved(old, status):
        made = _condition("Progressing", True, "ReplicaSetUpdated", f"{name} is progressing.", now)
        if known and known["status"] == "True":
            made["lastTransitionTime"] = known["lastTransitionTime"]
        return _replaced(conditions, made), float(limit)
    since = moment(known.get("lastUpdateTime") or known["lastTransitionTime"])
    left = limit - (now - since).total_seconds()
    if known.get("reason") == "ProgressDeadlineExceeded":
        return conditions, None
    if left <= 0:
        made = _condition("Progressing", False, "ProgressDeadlineExceeded", f"{name} has timed out progressing.", now)
        return _replaced(conditions, made), None
    return conditions, left + 1


def _replaced(conditions: list[Obj], new: Obj) -> list[Obj]:
    old = next((c for c in conditions if c["type"] == new["type"]), None)
    if old is None:
        return [*conditions, new]
    if old["status"] == new["status"]:
        new = new | {"lastTransitionTime": old.get("lastTransitionTime", new["lastTransitionTime"])}
    if (
        old["status"] == new["status"]
        and old.get("reason") == new.get("reason")
        and old.get("message") == new.get("message")
        and old.get("reason") != "ReplicaSetUpdated"
    ):
        new = old
    return [new if c["type"] == new["type"] else c for c in conditions]


def _moved(old: Obj, new: Obj) -> bool:
    """Whether a rollout has come further."""

    def outdated(status: Obj) -> int:
        return int(status.get("replicas", 0)) - int(status.get("updatedReplicas", 0))

    return bool(new.get("updatedReplicas", 0) > old.get("updatedReplicas", 0) or outdated(new) < outdated(old)
                or new.get("readyReplicas", 0) > old.get("readyReplicas", 0)
                or new.get("availableReplicas", 0) > old.get("availableReplicas", 0))  # fmt: skip
