"""What the descriptions of many kinds share: metadata, labels, selectors, conditions, resource lists."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ....types import Json
from ..build import NOTHING, Object, only, put, told
from ..outline import Described, Section, grid
from ..times import age, stamp

_LASTS = re.compile(r"Terminating \(lasts (\S+?)\)")
_REQUIREMENT = re.compile(r"([\w./-]+) (in|notin) \(([^)]*)\)|(!?)([\w./-]+)(?:==?([^,]*))?")
_ANNOTATION = re.compile(r"([A-Za-z0-9][\w./-]*)([:=])(?: (.*)|(.*))$")
_OPERATORS = {"in": "In", "notin": "NotIn"}


def metadata(text: Described) -> Object:
    """`{"metadata": ...}` as far as every kind shows it."""
    obj: Object = {}
    put(obj, "metadata.name", told(text.section("Name").value))
    put(obj, "metadata.namespace", text.value("Namespace"))
    put(obj, "metadata.labels", labels(text.section("Labels").texts))
    put(obj, "metadata.annotations", notes(text.section("Annotations")))
    put(obj, "metadata.creationTimestamp", stamp(text.value("CreationTimestamp", "Created on") or ""))
    put(obj, "metadata.ownerReferences", owner(text.value("Controlled By", "Controllers") or ""))
    finalizers = (text.value("Finalizers") or "").strip("[]").split()
    put(obj, "metadata.finalizers", list[Json](finalizers))
    return obj


def lasts(text: Described) -> float | None:
    """For how many seconds the object has been terminating; None where it is not."""
    found = _LASTS.match(text.section("Status").value)
    return age(found[1]) if found else None


def labels(texts: Iterable[str]) -> Object:
    """`key=value` texts as a mapping."""
    pairs = (text.partition("=") for text in texts)
    return {key: value for key, equals, value in pairs if equals and " " not in key}


def notes(section: Section) -> Object:
    """`key: value`, or `key=value` of older versions; a long value stands indented below its key, and may be cut."""
    texts = [(section.value, 0)] if section.value not in NOTHING else []
    texts += [(line.strip(), len(line) - len(line.lstrip())) for line in section.lines if line.strip()]
    least = min((indent for _, indent in texts[1:]), default=0)
    found: dict[str, str] = {}
    key = ""
    for text, indent in texts:
        match = _ANNOTATION.match(text) if indent <= least or not key else None
        if match:
            key = match[1]
            found[key] = match[3] or match[4] or ""
        elif key:
            found[key] = f"{found[key]}\n{text}" if found[key] else text
    return dict(found)


def listed(text: str | None) -> Object:
    """`a=b,c=d` as a mapping: what a plain selector or the parameters of a class look like."""
    return labels((text or "").split(",")) if text and text not in NOTHING else {}


def selector(text: str | None) -> Object | None:
    """A LabelSelector from `app=web,tier in (a,b),!old`; None where nothing is told, empty for one that selects all."""
    if text is None or text in ("", "<unset>", "<error>"):
        return None
    matching: Object = {}
    rules: list[Json] = []
    for key, operator, values, negated, plain, value in _REQUIREMENT.findall("" if text == "<none>" else text):
        if key:
            rules.append(
                {"key": key, "operator": _OPERATORS[operator], "values": list[Json](re.split(r",\s*", values))}
            )
        elif negated or f"{plain}=" not in text:
            rules.append({"key": plain, "operator": "DoesNotExist" if negated else "Exists"})
        else:
            matching[plain] = value
    return only(matchLabels=matching, matchExpressions=rules)


def owner(text: str) -> list[Json]:
    """`ReplicaSet/web-5d` as the owner that controls."""
    kind, slash, name = text.partition("/")
    return [{"kind": kind, "name": name, "controller": True}] if slash else []


def conditions(section: Section) -> list[Json]:
    """A table of conditions, with as many columns as the kind has."""
    return [
        only(
            type=row["Type"],
            status=row["Status"],
            reason=told(row.get("Reason", "")),
            message=told(row.get("Message", "")),
            lastHeartbeatTime=stamp(row.get("LastHeartbeatTime", "")),
            lastProbeTime=stamp(row.get("LastProbeTime", "")),
            lastTransitionTime=stamp(row.get("LastTransitionTime", "")),
        )
        for row in grid(section.lines)
        if row.get("Type") and row.get("Status") in ("True", "False", "Unknown")
    ]


def amounts(section: Section) -> Object:
    """`cpu: 200m` lines as a resource list."""
    return {entry.title: entry.value for entry in section.entries if entry.value and " " not in entry.value}


def comma(text: str | None) -> list[Json]:
    """`a,b` or `a, b` as a list."""
    return [part.strip() for part in (text or "").split(",") if part.strip()] if text not in NOTHING else []
