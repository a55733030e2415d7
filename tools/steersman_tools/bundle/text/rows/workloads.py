"""Lines of `kubectl get` about what makes pods."""

from __future__ import annotations

import re

from ....types import Json
from ..build import Object, number, only, put, told, truth
from ..kinds.common import listed, selector
from ..tables import Row

_OF = re.compile(r"(\d{1,9})/(\d{1,9})(?: of \d+)?$")


def deployment(row: Row) -> Object:
    obj = _made_of(row)
    ready, wanted = _ready(row)
    put(obj, "spec.replicas", wanted if wanted is not None else number(row.get("DESIRED", "")))
    put(obj, "status.readyReplicas", ready)
    put(obj, "status.replicas", number(row.get("CURRENT", "")))
    put(obj, "status.updatedReplicas", number(row.get("UP-TO-DATE", "")))
    put(obj, "status.availableReplicas", number(row.get("AVAILABLE", "")))
    return obj


def stateful_set(row: Row) -> Object:
    obj = _made_of(row)
    ready, wanted = _ready(row)
    put(obj, "spec.replicas", wanted if wanted is not None else number(row.get("DESIRED", "")))
    put(obj, "status.readyReplicas", ready)
    put(obj, "status.replicas", number(row.get("CURRENT", "")))
    return obj


def replica_set(row: Row) -> Object:
    """A ReplicaSet, without the images: half a template would look like a change from the one before."""
    obj: Object = {}
    put(obj, "spec.selector", selector(row.get("SELECTOR")))
    put(obj, "spec.replicas", number(row.get("DESIRED", "")))
    put(obj, "status.replicas", number(row.get("CURRENT", "")))
    put(obj, "status.readyReplicas", number(row.get("READY", "")))
    return obj


def daemon_set(row: Row) -> Object:
    obj = _made_of(row)
    put(obj, "spec.template.spec.nodeSelector", listed(row.get("NODE SELECTOR")))
    for column, name in (
        ("DESIRED", "desiredNumberScheduled"), ("CURRENT", "currentNumberScheduled"), ("READY", "numberReady"),
        ("UP-TO-DATE", "updatedNumberScheduled"), ("AVAILABLE", "numberAvailable"),
    ):  # fmt: skip
        put(obj, f"status.{name}", number(row.get(column, "")))
    return obj


def job(row: Row) -> Object:
    obj = _made_of(row)
    found = _OF.match(row.get("COMPLETIONS", ""))
    word = row.get("STATUS", "")
    if found:
        put(obj, "spec.completions", int(found[2]))
        put(obj, "status.succeeded", int(found[1]))
        if not word and found[1] == found[2]:
            word = "Complete"
    if word in ("Complete", "Failed", "Suspended"):
        put(obj, "status.conditions", [{"type": word, "status": "True"}])
    return obj


def cron_job(row: Row) -> Object:
    obj: Object = {}
    put(obj, "spec.schedule", told(row.get("SCHEDULE", "")))
    put(obj, "spec.timeZone", told(row.get("TIMEZONE", "")))
    put(obj, "spec.suspend", truth(row.get("SUSPEND", "")))
    return obj


def _made_of(row: Row) -> Object:
    """Selector and containers, which only the wide form shows."""
    obj: Object = {}
    put(obj, "spec.selector", selector(row.get("SELECTOR")))
    names, images = row.get("CONTAINERS", ""), row.get("IMAGES", "")
    if names and images:
        pairs = zip(names.split(","), images.split(","), strict=False)
        containers: list[Json] = [only(name=name, image=image) for name, image in pairs]
        put(obj, "spec.template.spec.containers", containers)
    return obj


def _ready(row: Row) -> tuple[int | None, int | None]:
    """`1/2`: how many are ready, of how many."""
    found = _OF.match(row.get("READY", ""))
    return (int(found[1]), int(found[2])) if found else (None, None)
