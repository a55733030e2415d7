"""A stage for tests: builds snapshots of small clusters as the API server would show them, and readers of them."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import yaml

from .fields import Fields
from .kinds import KINDS
from .kubernetes.objects import event_record
from .metrics import Query, Series
from .snapshot import Alert, EventRecord, Log, LogLine, LogQuery, Resource, Snapshot
from .types import Json, Ref, Unreachable

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
Given: TypeAlias = Any
"""JSON that a test writes down: checked by what is built of it."""


def stamp(seconds_ago: float = 0.0) -> str:
    """A time of the API, so many seconds before the stage's now."""
    return (NOW - timedelta(seconds=seconds_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Stage:
    """A cluster in the making: everything is ready and an hour old unless it is said otherwise."""

    namespace: str = "shop"
    objects: list[tuple[str, Given]] = field(default_factory=list)
    events: list[EventRecord] = field(default_factory=list)
    logs: dict[LogQuery, Log] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Objects as YAML documents."""
        for document in yaml.safe_load_all(text):
            self.put(document)

    def put(self, obj: Given) -> Given:
        kind = str(obj["kind"])
        meta = obj.setdefault("metadata", {})
        if next(k for k in KINDS if k.name == kind).namespaced:
            meta.setdefault("namespace", self.namespace)
        meta.setdefault("uid", f"{kind}-{meta['name']}".lower())
        meta.setdefault("creationTimestamp", stamp(3600))
        self.objects.append((kind, obj))
        return obj

    def nodes(
        self, *names: str, cpu: str = "8", memory: str = "32Gi", labels: Mapping[str, str] | None = None, **spec: Given
    ) -> None:
        for name in names:
            size: Json = {"cpu": cpu, "memory": memory, "pods": "110"}
            self.put(
                {
                    "kind": "Node",
                    "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **(labels or {})}},
                    "spec": spec,
                    "status": {
                        "allocatable": size,
                        "capacity": size,
                        "conditions": [{"type": "Ready", "status": "True"}],
                    },
                }
            )

    def deployment(
        self,
        name: str,
        *,
        replicas: int = 2,
        ready: int | None = None,
        image: str = "",
        port: int = 8080,
        env: Mapping[str, str] | None = None,
        container: Mapping[str, Given] | None = None,
        spec: Mapping[str, Given] | None = None,
        before: Mapping[str, Given] | None = None,
        state: Mapping[str, Given] | None = None,
        node: str = "node-1",
    ) -> list[Given]:
        """A Deployment with its ReplicaSet and pods; returns the pods.

        `before` changes the container of the previous revision; `state` is the container status of the pods not ready.
        """
        ready = replicas if ready is None else ready
        main: Given = {
            "name": name,
            "image": image or f"registry.example/{name}:1",
            "ports": [{"containerPort": port}],
            "env": [{"name": k, "value": v} for k, v in (env or {}).items()],
            **(container or {}),
        }
        template: Given = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [main], **(spec or {})}}
        owner: Json = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "controller": True}
        status: Json = {"replicas": replicas, "readyReplicas": ready, "unavailableReplicas": replicas - ready}
        self.put(
            {
                "kind": "Deployment",
                "metadata": {"name": name},
                "spec": {"replicas": replicas, "template": template},
                "status": status,
            }
        )
        number = 1
        if before is not None:
            old = copy.deepcopy(template)
            old["spec"]["containers"] = [{**main, **before}]
            self._replica_set(name, 1, old, owner, 0)
            number = 2
        self._replica_set(name, number, template, owner, replicas)
        return [self._pod(name, number, i, template, None if i < ready else state or {}, node) for i in range(replicas)]

    def _replica_set(self, name: str, number: int, template: Given, owner: Json, replicas: int) -> None:
        self.put(
            {
                "kind": "ReplicaSet",
                "metadata": {
                    "name": f"{name}-rs{number}",
                    "annotations": {"deployment.kubernetes.io/revision": str(number)},
                    "ownerReferences": [owner],
                },
                "spec": {"replicas": replicas, "template": template},
            }
        )

    def _pod(
        self, name: str, number: int, index: int, template: Given, trouble: Mapping[str, Given] | None, node: str
    ) -> Given:
        running: Given = {
            "state": {"running": {"startedAt": stamp(3600)}},
            "ready": trouble is None,
            "restartCount": 0,
        }
        conditions: list[Json] = [{"type": "Ready", "status": "True" if trouble is None else "False"}]
        if not node:
            conditions.append({"type": "PodScheduled", "status": "False", "reason": "Unschedulable"})
        spec = copy.deepcopy(dict(Fields(template).at("spec").raw))
        labels: Json = dict(Fields(template).map("metadata.labels"))
        return self.put(
            {
                "kind": "Pod",
                "metadata": {
                    "name": f"{name}-rs{number}-{index}",
                    "labels": labels,
                    "ownerReferences": [{"kind": "ReplicaSet", "name": f"{name}-rs{number}", "controller": True}],
                },
                "spec": {**spec, **({"nodeName": node} if node else {})},
                "status": {
                    "phase": "Running" if node else "Pending",
                    "podIP": f"10.244.{len(self.objects) // 250}.{len(self.objects) % 250}",
                    "conditions": conditions,
                    "containerStatuses": [{"name": name, "image": "", **running, **(trouble or {})}] if node else [],
                },
            }
        )

    def service(
        self, name: str, *, port: int = 8080, target: int | str | None = None, selector: Mapping[str, str] | None = None
    ) -> Given:
        address = f"10.96.0.{len(self.objects) % 250}"
        return self.put(
            {
                "kind": "Service",
                "metadata": {"name": name},
                "spec": {
                    "clusterIP": address,
                    "selector": dict(selector or {"app": name}),
                    "ports": [{"port": port, "targetPort": target if target is not None else port}],
                },
            }
        )

    def event(
        self, ref: str, reason: str, message: str, *, ago: float = 5.0, count: int = 1, kind: str = "Warning"
    ) -> None:
        """An event about `Kind/name` in the stage's namespace."""
        about, _, name = ref.partition("/")
        raw: Json = {
            "involvedObject": {"kind": about, "name": name, "namespace": self.namespace},
            "type": kind,
            "reason": reason,
            "message": message,
            "count": count,
            "lastTimestamp": stamp(ago),
        }
        self.events.append(event_record(Fields(raw)))

    def log(self, pod: Given, *lines: str, previous: bool = False, ago: float = 2.0) -> None:
        """The log of the pod's first container; all lines were written at one time."""
        view = Fields(pod)
        ref = Ref(view.text("metadata.namespace"), "Pod", view.text("metadata.name"))
        query = LogQuery(ref, view.each("spec.containers")[0].text("name"), previous)
        at = NOW - timedelta(seconds=ago)
        self.logs[query] = Log(query, tuple(LogLine(line, at) for line in lines))

    def snapshot(self) -> Snapshot:
        """All that is on the stage; every kind counts as read whole."""
        return Snapshot(
            taken_at=NOW,
            resources=tuple(Resource(obj, kind) for kind, obj in self.objects),
            events=tuple(self.events),
            alerts=tuple(self.alerts),
            logs=dict(self.logs),
            complete=frozenset((kind.name, "") for kind in KINDS),
        )


class FakeReader:
    """A Reader of a snapshot; logs that the snapshot lacks do not exist."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    async def snapshot(self, namespace: str | None) -> Snapshot:
        return Snapshot(**{**self._snapshot.__dict__, "logs": {}, "namespace": namespace})

    async def logs(self, queries: Sequence[LogQuery]) -> list[Log]:
        return [self._snapshot.logs.get(q, Log(q, why_not="there is none")) for q in queries]


class DeadReader:
    """A Reader whose cluster does not answer."""

    async def snapshot(self, namespace: str | None) -> Snapshot:
        raise Unreachable("https://127.0.0.1:1 does not answer (connection refused).")

    async def logs(self, queries: Sequence[LogQuery]) -> list[Log]:
        raise Unreachable("https://127.0.0.1:1 does not answer (connection refused).")


class FakeMetrics:
    """A MetricsSource with set answers; `broken` raises Unreachable instead."""

    def __init__(self, alerts: Iterable[Alert] = (), broken: str = "") -> None:
        self._alerts, self._broken = tuple(alerts), broken

    async def instant(self, query: Query, at: datetime | None = None) -> list[Series]:
        return self._answer([])

    async def range(self, query: Query, start: datetime, end: datetime, step: float) -> list[Series]:
        return self._answer([])

    async def alerts(self) -> tuple[Alert, ...]:
        self._answer([])
        return self._alerts

    def _answer(self, series: list[Series]) -> list[Series]:
        if self._broken:
            raise Unreachable(self._broken)
        return series
