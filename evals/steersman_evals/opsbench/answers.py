"""A diagnosis in the benchmark's words: its three first answers. The table is labels.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from steersman.types import Cause, Diagnosis
from steersman_tools.types import Ref

PLACES = 3
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod")


@dataclass(frozen=True, slots=True)
class Label:
    """One of the benchmark's root causes."""

    name: str
    taxonomy: str
    object: str
    """What it is charged to: `app`, `node` or `namespace`."""
    faults: tuple[str, ...]
    also: tuple[str, ...] = ()
    resource: str = ""
    """Of a quota: a pattern of the resource that is exceeded."""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prediction:
    """One answer, in the form that the benchmark scores."""

    taxonomy: str
    entity: str
    cause: str

    @property
    def document(self) -> dict[str, str]:
        return {"fault_taxonomy": self.taxonomy, "fault_object": self.entity, "root_cause": self.cause}


@cache
def labels() -> dict[str, Label]:
    """The benchmark's root causes by name."""
    text = resources.files(__package__).joinpath("labels.toml").read_text(encoding="utf-8")
    return {
        entry["name"]: Label(
            entry["name"], entry["taxonomy"], entry["object"], tuple(entry["faults"]), tuple(entry["also"]),
            entry.get("resource", ""), tuple(entry.get("aliases", ())),
        )
        for entry in tomllib.loads(text)["cause"]
    }  # fmt: skip


def predictions(diagnosis: Diagnosis) -> tuple[Prediction, ...]:
    """The causes in their order, then what was considered beside them, then what looks like the first."""
    found: list[Prediction] = []
    for one in _all(diagnosis):
        if one not in found:
            found.append(one)
    return tuple(found[:PLACES])


def _all(diagnosis: Diagnosis) -> Iterator[Prediction]:
    for cause in diagnosis.causes:
        yield from _said(cause.fault, _subjects(cause), cause.field)
    for cause in diagnosis.causes:
        for other in cause.ruled_out:
            if other.why.startswith("explains nothing"):
                yield from _said(other.fault, (other.entity,), "")
    for cause in diagnosis.causes:
        label = label_of(cause.fault, cause.field)
        for name in label.also if label else ():
            yield from _as(labels()[name], _subjects(cause))


def _said(fault: str, subjects: Sequence[Ref], field: str) -> Iterator[Prediction]:
    if label := label_of(fault, field):
        yield from _as(label, subjects)


def label_of(fault: str, field: str) -> Label | None:
    """The root cause that one of our faults means; of a quota, by the resource in the field."""
    meant = [label for label in labels().values() if fault in label.faults]
    exact = [label for label in meant if label.resource and re.search(label.resource, field)]
    return next(iter(exact or meant), None)


def _as(label: Label, subjects: Sequence[Ref]) -> Iterator[Prediction]:
    if name := _charged(label.object, subjects):
        yield Prediction(label.taxonomy, f"{label.object}/{name}", label.name)


def _subjects(cause: Cause) -> tuple[Ref, ...]:
    return (cause.entity, *cause.explains)


def _charged(kind: str, subjects: Sequence[Ref]) -> str:
    """The name that the benchmark would blame: of the workload that suffers first, of the Service, the node, the namespace."""
    if kind == "namespace":
        return next((s.namespace for s in subjects if s.namespace), "")
    if kind == "node":
        return next((s.name for s in subjects if s.kind == "Node"), "")
    if subjects and subjects[0].kind in (*_WORKLOADS, "Service"):
        return subjects[0].name
    ordered = [s for k in (_WORKLOADS, ("Service",)) for s in subjects if s.kind in k]
    return ordered[0].name if ordered else ""
