"""Objects between the shape in which they are stored and the shape of the API version that a client speaks."""

from __future__ import annotations

import contextlib

import orjson

from ..objects import Obj
from .kinds import Type

_NOTE = "autoscaling.alpha.kubernetes.io/"


def to_version(kind: Type, obj: Obj, version: str) -> Obj:
    """A stored object as the version has it, without kind and apiVersion."""
    if kind.id == "horizontalpodautoscalers.autoscaling" and version == "v1":
        return _autoscaler_v1(obj)
    if kind.id == "endpointslices.discovery.k8s.io" and version == "v1beta1":
        return obj | {"endpoints": [_endpoint_v1beta1(e) for e in obj.get("endpoints") or ()]}
    if kind.id == "events.events.k8s.io":
        return _event_new(obj)
    return obj


def from_version(kind: Type, obj: Obj, version: str) -> Obj:
    """What a client sent, in the stored shape."""
    if kind.id == "horizontalpodautoscalers.autoscaling" and version == "v1":
        return _autoscaler_v2(obj)
    if kind.id == "endpointslices.discovery.k8s.io" and version == "v1beta1":
        return obj | {"endpoints": [_endpoint_v1(e) for e in obj.get("endpoints") or ()]}
    return obj


def differs(kind: Type, version: str) -> bool:
    """Whether the version's shape is another than the stored one."""
    return (kind.id, version) in {
        ("horizontalpodautoscalers.autoscaling", "v1"),
        ("endpointslices.discovery.k8s.io", "v1beta1"),
    }


def _autoscaler_v1(obj: Obj) -> Obj:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    made = {k: v for k, v in spec.items() if k not in ("metrics", "behavior")}
    notes = {}
    others = []
    for metric in spec.get("metrics") or ():
        target = (metric.get("resource") or {}).get("target") or {}
        if (metric.get("resource") or {}).get("name") == "cpu" and target.get("averageUtilization") is not None:
            made["targetCPUUtilizationPercentage"] = target["averageUtilization"]
        else:
            others.append(metric)
    if others:
        notes[f"{_NOTE}metrics"] = orjson.dumps(others).decode()
    if status.get("conditions"):
        notes[f"{_NOTE}conditions"] = orjson.dumps(status["conditions"]).decode()
    shown = {
        k: v
        for k, v in status.items()
        if k in ("observedGeneration", "lastScaleTime", "currentReplicas", "desiredReplicas")
    }
    for metric in status.get("currentMetrics") or ():
        if (metric.get("resource") or {}).get("name") == "cpu":
            shown["currentCPUUtilizationPercentage"] = metric["resource"].get("current", {}).get("averageUtilization")
    meta = obj["metadata"]
    if notes:
        meta = meta | {"annotations": {**(meta.get("annotations") or {}), **notes}}
    return obj | {"metadata": meta, "spec": made, "status": shown}


def _autoscaler_v2(obj: Obj) -> Obj:
    spec = dict(obj.get("spec") or {})
    percent = spec.pop("targetCPUUtilizationPercentage", None)
    if percent is not None:
        target = {"type": "Utilization", "averageUtilization": percent}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    notes = dict((obj.get("metadata") or {}).get("annotations") or {})
    if others := notes.pop(f"{_NOTE}metrics", None):
        with contextlib.suppress(orjson.JSONDecodeError, TypeError):
            spec["metrics"] = [*spec.get("metrics", ()), *orjson.loads(others)]
    notes.pop(f"{_NOTE}conditions", None)
    meta = {k: v for k, v in (obj.get("metadata") or {}).items() if k != "annotations"} | (
        {"annotations": notes} if notes else {}
    )
    return {k: v for k, v in obj.items() if k != "status"} | {"metadata": meta, "spec": spec}


def _endpoint_v1beta1(entry: Obj) -> Obj:
    made = {k: v for k, v in entry.items() if k not in ("zone", "deprecatedTopology", "nodeName")}
    topology = {
        k: v
        for k, v in (
            ("kubernetes.io/hostname", entry.get("nodeName")),
            ("topology.kubernetes.io/zone", entry.get("zone")),
        )
        if v
    }
    return made | ({"topology": topology} if topology else {})


def _endpoint_v1(entry: Obj) -> Obj:
    made = {k: v for k, v in entry.items() if k != "topology"}
    topology = entry.get("topology") or {}
    known = {"nodeName": topology.get("kubernetes.io/hostname"), "zone": topology.get("topology.kubernetes.io/zone")}
    return made | {k: v for k, v in known.items() if v}


def _event_new(obj: Obj) -> Obj:
    """A core Event as events.k8s.io has it: the same object under other names."""
    made = {
        "metadata": obj["metadata"], "regarding": obj.get("involvedObject") or {}, "note": obj.get("message", ""),
        "type": obj.get("type", ""), "reason": obj.get("reason", ""), "eventTime": obj.get("eventTime"),
        "deprecatedSource": obj.get("source") or {}, "deprecatedCount": obj.get("count"),
        "deprecatedFirstTimestamp": obj.get("firstTimestamp"), "deprecatedLastTimestamp": obj.get("lastTimestamp"),
        "reportingController": obj.get("reportingComponent") or (obj.get("source") or {}).get("component", ""),
        "reportingInstance": obj.get("reportingInstance") or (obj.get("source") or {}).get("host", ""), "action": obj.get("action"),
    }  # fmt: skip
    return {k: v for k, v in made.items() if v is not None}
