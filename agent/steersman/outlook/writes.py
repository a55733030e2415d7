"""Who wrote configuration when, as marks beside a service's series: metrics know of rollouts and replicas, only objects of the rest."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.fields import Fields, read_time
from steersman_tools.snapshot import Resource, Snapshot
from steersman_tools.types import NotChecked, ToolFailed

from ..gather import Sources
from ..signals.anomaly import Mark

CONFIGURATION = (
    "ConfigMap", "Secret", "Service", "NetworkPolicy", "Ingress", "HorizontalPodAutoscaler", "ResourceQuota", "LimitRange",
)  # fmt: skip
"""Kinds whose writes change how others work. Workloads' own writes are rollouts, and counted by metrics."""
_CLOCKWORK = ("control-plane.alpha.kubernetes.io/leader",)
"""Annotations of objects that are written every few seconds: locks, not configuration."""


async def writes(
    sources: Sources, namespace: str | None, since: float
) -> tuple[tuple[Mark, ...], tuple[NotChecked, ...]]:
    """The writes since that moment (Unix seconds), oldest first. A cluster that does not answer is not checked."""
    try:
        snapshot = await sources.reader.snapshot(namespace)
    except ToolFailed as problem:
        return (), (NotChecked(what="who wrote configuration", why=str(problem)),)
    return tuple(sorted(_marks(snapshot, since), key=lambda mark: (mark.at, mark.name))), ()


def _marks(snapshot: Snapshot, since: float) -> Iterator[Mark]:
    for kind in CONFIGURATION:
        for found in snapshot.all(kind):
            at = _written(found)
            if at >= since and not any(mark in found.annotations for mark in _CLOCKWORK):
                yield Mark(kind="config", name=str(found.ref), at=at)


def _written(found: Resource) -> float:
    """The last write of what somebody wants (Unix seconds); 0 where that is not on record."""
    times = (read_time(entry.text("time")) for entry in found.each("metadata.managedFields") if _means(entry))
    return max((at.timestamp() for at in times if at), default=0.0)


def _means(entry: Fields) -> bool:
    """Whether somebody's intent was written: controllers keep status, and in old versions annotations, up to date."""
    fields = set(entry.at("fieldsV1").raw or {}) - {"f:status"}
    if entry.text("manager").startswith("kube-"):
        fields.discard("f:metadata")
    return bool(fields) and entry.text("subresource") != "status"
