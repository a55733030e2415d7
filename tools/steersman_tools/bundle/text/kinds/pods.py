"""Pods, and the pod templates of whatever makes pods."""

from __future__ import annotations

import re

from ....types import Json
from ..build import Object, number, only, put, told
from ..outline import Described, Section
from ..times import stamp
from .common import conditions, labels, metadata, notes, selector
from .containers import container
from .volumes import volumes

_TOLERATION = re.compile(
    r"(?P<key>[^\s=:]*)(?:=(?P<value>[^\s:]*))?(?::(?P<effect>\w+))?(?P<exists> ?op=Exists)?(?: for (?P<seconds>\d{1,12})s)?$"
)
_SPREAD = re.compile(r"(\S+?):(\w+) when max skew (\d{1,9}) is exceeded(?: for selector (.*))?$")


def pod(text: Described) -> Object:
    """A Pod. Conditions come without reasons and waiting containers without messages: the description has none."""
    obj = metadata(text)
    node, _, host = (text.value("Node") or "").partition("/")
    put(obj, "spec.nodeName", told(node))
    put(obj, "spec.serviceAccountName", text.value("Service Account"))
    put(obj, "spec.priority", number(text.section("Priority").value))
    put(obj, "spec.priorityClassName", text.value("Priority Class Name", "PriorityClassName"))
    put(obj, "spec.runtimeClassName", text.value("Runtime Class Name"))
    for title, part in (("Init Containers", "initContainers"), ("Containers", "containers")):
        specs, statuses = _containers(text.section(title), text.odd)
        put(obj, f"spec.{part}", specs)
        put(obj, f"status.{part.replace('ontainers', 'ontainerStatuses')}", statuses)
    _placement(obj, "spec", text.sections, text.odd)
    phase = text.value("Status") or ""
    put(obj, "status.phase", "Running" if phase.startswith("Terminating") else told(phase))
    put(obj, "status.reason", text.value("Reason"))
    put(obj, "status.message", "\n".join(text.section("Message").texts) or None)
    put(obj, "status.hostIP", told(host))
    put(obj, "status.podIP", text.value("IP"))
    put(obj, "status.podIPs", [{"ip": e.value} for e in text.section("IPs").entries if told(e.value)])
    put(obj, "status.startTime", stamp(text.value("Start Time") or ""))
    put(obj, "status.qosClass", text.value("QoS Class"))
    put(obj, "status.nominatedNodeName", text.value("NominatedNodeName"))
    put(obj, "status.conditions", conditions(text.section("Conditions")))
    return obj


def template(section: Section, odd: list[str]) -> Object:
    """A pod template, from the lines below `Pod Template:`."""
    parts = section.entries
    by = {part.title: part for part in parts}
    found: Object = {}
    if "Labels" in by:
        put(found, "metadata.labels", labels(by["Labels"].texts))
    if "Annotations" in by:
        put(found, "metadata.annotations", notes(by["Annotations"]))
    if "Service Account" in by:
        put(found, "spec.serviceAccountName", told(by["Service Account"].value))
    if "Priority Class Name" in by:
        put(found, "spec.priorityClassName", told(by["Priority Class Name"].value))
    for title, path in (("Init Containers", "initContainers"), ("Containers", "containers")):
        if title in by:
            put(found, f"spec.{path}", _containers(by[title], odd)[0])
    _placement(found, "spec", parts, odd)
    return found


def _containers(section: Section, odd: list[str]) -> tuple[list[Json], list[Json]]:
    specs: list[Json] = []
    statuses: list[Json] = []
    for entry in section.entries:
        spec, status = container(entry, odd)
        specs.append(spec)
        if status:
            statuses.append(status)
    if section.title and not specs:
        odd.append(section.title)
    return specs, statuses


def _placement(obj: Object, path: str, sections: list[Section], odd: list[str]) -> None:
    """Volumes, node selector, tolerations and spread constraints, of a pod or of a template."""
    for section in sections:
        match section.title:
            case "Volumes":
                put(obj, f"{path}.volumes", volumes(section, odd))
            case "Node-Selectors":
                put(obj, f"{path}.nodeSelector", labels(section.texts))
            case "Tolerations":
                put(obj, f"{path}.tolerations", tolerations(section.texts))
            case "Topology Spread Constraints":
                put(obj, f"{path}.topologySpreadConstraints", _spreads(section))


def tolerations(texts: list[str]) -> list[Json]:
    """`key=value:Effect`, `key:Effect op=Exists for 300s`; versions that print no operator mean Exists where no value is."""
    telling = any("op=Exists" in text for text in texts)
    found: list[Json] = []
    for text in texts:
        if match := _TOLERATION.match(text):
            exists = bool(match["exists"]) or (match["value"] is None and not telling)
            found.append(
                only(
                    key=match["key"] or None,
                    operator="Exists" if exists else "Equal",
                    value=match["value"],
                    effect=match["effect"],
                    tolerationSeconds=int(match["seconds"]) if match["seconds"] else None,
                )
            )
    return found


def _spreads(section: Section) -> list[Json]:
    return [
        only(topologyKey=m[1], whenUnsatisfiable=m[2], maxSkew=int(m[3]), labelSelector=selector(m[4]))
        for text in section.texts
        if (m := _SPREAD.match(text))
    ]
