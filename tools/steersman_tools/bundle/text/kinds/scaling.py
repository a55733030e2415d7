"""What keeps the number of pods: HorizontalPodAutoscalers, PodDisruptionBudgets; and PriorityClasses."""

from __future__ import annotations

import re

from ....types import Json
from ..build import Object, number, number_or_text, only, put, told, truth
from ..outline import Described, Section
from .common import conditions, metadata, selector

_REPLICAS = re.compile(r"(\d{1,9}) current / (\d{1,9}) desired")
_RESOURCE = re.compile(r"resource (\S+)(?: of container \"([^\"]+)\")? on pods(?: +\(as a percentage of request\))?$")
_OTHER = re.compile(r"\"(.+)\" (?:on (pods)|on (\S+?)/(\S+))? ?(?:\((target average value|target value)\))?$")
_PERCENT = re.compile(r"(\d{1,9})%(?: \((\S+)\))?$")


def autoscaler(text: Described) -> Object:
    """A HorizontalPodAutoscaler of autoscaling/v2, from any version's description."""
    obj = metadata(text)
    kind, _, name = (text.value("Reference") or "").partition("/")
    put(obj, "spec.scaleTargetRef", only(kind=told(kind), name=told(name)))
    put(obj, "spec.minReplicas", number(text.section("Min replicas").value))
    put(obj, "spec.maxReplicas", number(text.section("Max replicas").value))
    metrics: list[Json] = []
    current: list[Json] = []
    for entry in text.section("Metrics").entries:
        _metric(entry, metrics, current)
    if found := _PERCENT.match(text.section("Target CPU utilization").value):
        target: Object = {"type": "Utilization", "averageUtilization": int(found[1])}
        metrics.append({"type": "Resource", "resource": {"name": "cpu", "target": target}})
    put(obj, "spec.metrics", metrics)
    put(obj, "status.currentMetrics", current)
    for section in text.sections:
        if section.title.endswith(" pods") and (found := _REPLICAS.match(section.value)):
            put(obj, "status.currentReplicas", int(found[1]))
            put(obj, "status.desiredReplicas", int(found[2]))
    put(obj, "status.conditions", conditions(text.section("Conditions")))
    return obj


def _metric(entry: Section, metrics: list[Json], current: list[Json]) -> None:
    """One line of `Metrics: ( current / target )`."""
    now, _, wanted = entry.value.partition(" / ")
    if found := _RESOURCE.match(entry.title):
        kind = "ContainerResource" if found[2] else "Resource"
        field = kind[0].lower() + kind[1:]
        about = only(name=found[1], container=found[2])
        metrics.append({"type": kind, field: {**about, "target": _target(wanted)}})
        if values := _values(now):
            current.append({"type": kind, field: {**about, "current": values}})
    elif found := _OTHER.match(entry.title):
        kind = "Pods" if found[2] else "Object" if found[3] else "External"
        field = kind.lower()
        about = only(metric={"name": found[1]}, describedObject=only(kind=found[3], name=found[4]))
        average = found[2] or found[5] == "target average value"
        target: Object = (
            {"type": "AverageValue", "averageValue": wanted} if average else {"type": "Value", "value": wanted}
        )
        metrics.append({"type": kind, field: {**about, "target": target}})


def _target(text: str) -> Object:
    if found := _PERCENT.match(text):
        return {"type": "Utilization", "averageUtilization": int(found[1])}
    return {"type": "AverageValue", "averageValue": text} if told(text) and text != "<auto>" else {}


def _values(text: str) -> Object:
    if found := _PERCENT.match(text):
        return only(averageUtilization=int(found[1]), averageValue=found[2])
    return only(averageValue=told(text))


def disruption_budget(text: Described) -> Object:
    obj = metadata(text)
    put(obj, "spec.minAvailable", number_or_text(text.section("Min available").value))
    put(obj, "spec.maxUnavailable", number_or_text(text.section("Max unavailable").value))
    put(obj, "spec.selector", selector(text.value("Selector")))
    names = {
        "Allowed disruptions": "disruptionsAllowed", "Current": "currentHealthy", "Desired": "desiredHealthy",
        "Total": "expectedPods",
    }  # fmt: skip
    for entry in text.section("Status").entries:
        if entry.title in names:
            put(obj, f"status.{names[entry.title]}", number(entry.value))
    return obj


def priority_class(text: Described) -> Object:
    obj = metadata(text)
    obj["metadata"] = only(name=text.value("Name"))
    put(obj, "value", number(text.section("Value").value))
    put(obj, "globalDefault", truth(text.section("GlobalDefault").value))
    put(obj, "preemptionPolicy", text.value("PreemptionPolicy"))
    put(obj, "description", text.value("Description"))
    return obj
