"""Pods and nodes as the scheduler sees them: parsed once a revision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...fields import Fields
from ...quantity import amount
from ..objects import Obj
from ..quotas import total


@dataclass(frozen=True, slots=True, eq=False)
class PodView:
    """What of a pod matters for placing."""

    obj: Obj
    namespace: str
    name: str
    uid: str
    labels: Mapping[str, str]
    requests: Mapping[str, float]
    priority: int
    ports: frozenset[tuple[str, int]]
    """Protocol and host port."""
    node: str
    affinity: Fields
    ended: bool
    deleting: bool
    daemon: bool


@dataclass(slots=True, eq=False)
class NodeView:
    """A node with the pods on it."""

    obj: Obj
    name: str
    labels: Mapping[str, str]
    allocatable: Mapping[str, float]
    taints: tuple[Obj, ...]
    unschedulable: bool
    pods: list[PodView] = field(default_factory=list)
    used: dict[str, float] = field(default_factory=dict)
    ports: set[tuple[str, int]] = field(default_factory=set)

    def add(self, pod: PodView) -> None:
        self.pods.append(pod)
        self.ports |= pod.ports
        for name, value in pod.requests.items():
            self.used[name] = self.used.get(name, 0.0) + value

    def without(self, gone: list[PodView]) -> NodeView:
        """The node as it would be without some of its pods."""
        made = NodeView(self.obj, self.name, self.labels, self.allocatable, self.taints, self.unschedulable)
        for pod in self.pods:
            if pod not in gone:
                made.add(pod)
        return made


def pod_view(obj: Obj) -> PodView:
    spec, meta, status = obj["spec"], obj["metadata"], obj.get("status") or {}
    ports = {
        (p.get("protocol", "TCP"), p["hostPort"])
        for c in spec.get("containers") or ()
        for p in c.get("ports") or ()
        if p.get("hostPort")
    }
    owners = meta.get("ownerReferences") or ()
    return PodView(
        obj, meta["namespace"], meta["name"], meta["uid"], meta.get("labels") or {}, total(spec, "requests"), spec.get("priority") or 0,
        frozenset(ports), spec.get("nodeName", ""), Fields(spec.get("affinity") or {}), status.get("phase") in ("Succeeded", "Failed"),
        bool(meta.get("deletionTimestamp")), any(o.get("kind") == "DaemonSet" for o in owners))  # fmt: skip


def node_view(obj: Obj) -> NodeView:
    status, spec = obj.get("status") or {}, obj.get("spec") or {}
    able = {k: amount(str(v)) for k, v in (status.get("allocatable") or status.get("capacity") or {}).items()}
    return NodeView(
        obj,
        obj["metadata"]["name"],
        obj["metadata"].get("labels") or {},
        able,
        tuple(spec.get("taints") or ()),
        bool(spec.get("unschedulable")),
    )
