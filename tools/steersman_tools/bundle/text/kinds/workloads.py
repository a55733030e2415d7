"""Deployments, ReplicaSets, ReplicationControllers, StatefulSets and DaemonSets."""

from __future__ import annotations

import re

from ....types import Json
from ..build import Object, number, number_or_text, only, put, told
from ..outline import Described, Section
from .common import conditions, labels, listed, metadata, notes, selector
from .pods import template

_COUNT = re.compile(r"(\d{1,9}) (desired|updated|total|available|unavailable|current)")
_ROLLING = re.compile(r"(\S+) max unavailable, (\S+) max surge")
_NODES = {
    "Desired Number of Nodes Scheduled": "desiredNumberScheduled",
    "Current Number of Nodes Scheduled": "currentNumberScheduled",
    "Number of Nodes Scheduled with Up-to-date Pods": "updatedNumberScheduled",
    "Number of Nodes Scheduled with Available Pods": "numberAvailable",
    "Number of Nodes Misscheduled": "numberMisscheduled",
}


def deployment(text: Described) -> Object:
    obj = _controller(text)
    counts = _counts(text)
    put(obj, "spec.replicas", counts.get("desired"))
    put(obj, "spec.minReadySeconds", number(text.section("MinReadySeconds").value) or None)
    put(obj, "spec.strategy.type", text.value("StrategyType"))
    if found := _ROLLING.match(text.section("RollingUpdateStrategy").value):
        ways: Object = only(maxUnavailable=number_or_text(found[1]), maxSurge=number_or_text(found[2]))
        put(obj, "spec.strategy.rollingUpdate", ways)
    for word, name in (
        ("updated", "updatedReplicas"), ("total", "replicas"),
        ("available", "availableReplicas"), ("unavailable", "unavailableReplicas"),
    ):  # fmt: skip
        put(obj, f"status.{name}", counts.get(word))
    put(obj, "status.conditions", conditions(text.section("Conditions")))
    return obj


def replica_set(text: Described) -> Object:
    obj = _controller(text)
    _current_of_desired(obj, text)
    return obj


def replication_controller(text: Described) -> Object:
    obj = _controller(text, plain=True)
    _current_of_desired(obj, text)
    return obj


def _current_of_desired(obj: Object, text: Described) -> None:
    counts = _counts(text)
    put(obj, "spec.replicas", counts.get("desired"))
    put(obj, "status.replicas", counts.get("current"))
    put(obj, "status.conditions", conditions(text.section("Conditions")))


def stateful_set(text: Described) -> Object:
    obj = _controller(text)
    counts = _counts(text)
    put(obj, "spec.replicas", counts.get("desired"))
    put(obj, "status.replicas", counts.get("total"))
    strategy = text.section("Update Strategy")
    put(obj, "spec.updateStrategy.type", told(strategy.value))
    for entry in strategy.entries:
        if entry.title == "Partition":
            put(obj, "spec.updateStrategy.rollingUpdate.partition", number(entry.value))
        elif entry.title == "MaxUnavailable":
            put(obj, "spec.updateStrategy.rollingUpdate.maxUnavailable", number_or_text(entry.value))
    put(obj, "spec.volumeClaimTemplates", _claims(text.section("Volume Claims")))
    return obj


def daemon_set(text: Described) -> Object:
    obj = _controller(text)
    put(obj, "spec.template.spec.nodeSelector", listed(text.value("Node-Selector")))
    for title, name in _NODES.items():
        put(obj, f"status.{name}", number(text.section(title).value))
    return obj


def _controller(text: Described, *, plain: bool = False) -> Object:
    """Metadata, selector and template."""
    obj = metadata(text)
    put(obj, "spec.selector", listed(text.value("Selector")) if plain else selector(text.value("Selector")))
    put(obj, "spec.template", template(text.section("Pod Template"), text.odd))
    return obj


def _counts(text: Described) -> dict[str, int]:
    """`1 desired | 1 updated | 1 total`, or `1 current / 1 desired`."""
    return {word: int(count) for count, word in _COUNT.findall(text.section("Replicas").value)}


def _claims(section: Section) -> list[Json]:
    """Claim templates, each from its `Name` on."""
    found: list[Json] = []
    claim: Object = {}
    for entry in section.entries:
        match entry.title:
            case "Name":
                claim = {}
                put(claim, "metadata.name", told(entry.value))
                found.append(claim)
            case "Labels":
                put(claim, "metadata.labels", labels(entry.texts))
            case "Annotations":
                put(claim, "metadata.annotations", notes(entry))
            case "StorageClass":
                put(claim, "spec.storageClassName", told(entry.value))
            case "Capacity" if told(entry.value) and entry.value != "<default>":
                put(claim, "spec.resources.requests.storage", entry.value)
            case "Access Modes":
                put(claim, "spec.accessModes", list[Json](entry.value.strip("[]").split()))
    return found
