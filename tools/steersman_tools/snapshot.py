"""A cluster at one moment, as plain values: what diagnosis judges, whether it came from a server, a folder or a paste."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Literal, TypeAlias

from .fields import Fields
from .flows import Flows
from .gpu.types import GpuReadings
from .quantum.types import QuantumReadings
from .types import Json, JsonObject, NotChecked, Ref


class Resource(Fields):
    """One object of the Kubernetes API."""

    __slots__ = ("name", "namespace", "ref")

    def __init__(self, raw: Json, kind: str) -> None:
        super().__init__(raw)
        self.namespace, self.name = self.text("metadata.namespace"), self.text("metadata.name")
        self.ref = Ref(self.namespace, kind, self.name)

    def __repr__(self) -> str:
        return f"Resource({self.ref})"

    @property
    def kind(self) -> str:
        return self.ref.kind

    @property
    def uid(self) -> str:
        return self.text("metadata.uid")

    @property
    def labels(self) -> dict[str, str]:
        return self.map("metadata.labels")

    @property
    def annotations(self) -> dict[str, str]:
        return self.map("metadata.annotations")

    @property
    def created(self) -> datetime | None:
        return self.time("metadata.creationTimestamp")

    @property
    def deleting(self) -> bool:
        return self.has("metadata.deletionTimestamp")

    @property
    def controller(self) -> Ref | None:
        """The object that manages this one."""
        owners = self.each("metadata.ownerReferences")
        owner = next((o for o in owners if o.flag("controller")), owners[0] if owners else None)
        return Ref(self.namespace, owner.text("kind"), owner.text("name")) if owner else None


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An Event of the API: the words of a component about an object, repeated `count` times."""

    about: Ref
    type: str
    reason: str
    message: str
    count: int = 1
    first: datetime | None = None
    last: datetime | None = None
    source: str = ""
    container: str = ""
    uid: str = ""
    """That of the object it is about: another object may later bear the same name."""

    @property
    def warning(self) -> bool:
        return self.type == "Warning"


@dataclass(frozen=True, slots=True)
class LogLine:
    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LogQuery:
    """A request for the newest lines of one container's log, `previous` for those of its last run."""

    pod: Ref
    container: str
    previous: bool = False
    lines: int = 200

    @property
    def call(self) -> str:
        tail = " --previous" if self.previous else ""
        return f"kubectl logs {self.pod.name} -n {self.pod.namespace} -c {self.container} --tail={self.lines}{tail}"


@dataclass(frozen=True, slots=True)
class Log:
    """The newest lines of one container's log; `why_not` says why there are none to be had."""

    query: LogQuery
    lines: tuple[LogLine, ...] = ()
    truncated: bool = False
    why_not: str = ""
    filtered: bool = False
    """Whether only lines that complain were kept: then silence after them says nothing."""
    until: datetime | None = None
    """The moment up to which it was read, where that is known to be earlier than the rest of what is known."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A firing alert of Prometheus or Alertmanager."""

    name: str
    labels: Mapping[str, str]
    summary: str = ""
    since: datetime | None = None
    state: Literal["firing", "pending", "suppressed"] = "firing"


@dataclass(frozen=True, slots=True)
class UnitStatus:
    """What systemd says of a service of a node, such as kubelet or containerd."""

    node: str
    unit: str
    active: bool
    text: str
    call: str = ""


@dataclass(frozen=True, slots=True)
class Reachability:
    """What came of an attempt to connect to a port of a Service from inside the cluster."""

    service: Ref
    port: int
    open: bool
    text: str
    call: str = ""
    source: str = ""
    """The node from which it was tried, where that is known."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """A call between Services that a mesh, a tracer or a service map has seen."""

    caller: Ref
    callee: Ref


Measure: TypeAlias = Literal[
    "cpu",
    "cpu-throttled",
    "memory",
    "requests",
    "success",
    "latency-median",
    "latency-tail",
    "received",
    "sent",
    "retransmits",
]
"""Cores; share of periods throttled (or seconds a second); bytes; requests a second; share of requests that succeed; seconds
(the tail is the 90th to 99th percentile); packets or bytes a second; TCP segments that are sent again, a second or in a hundred."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure of one thing: what it was before the time in question, and since. Values are in order of time,
    those of all things at the same moments where they come from one table; NaN where nothing was seen."""

    about: Ref
    """A workload, a Service, a pod or a node."""
    measure: Measure
    before: tuple[float, ...]
    now: tuple[float, ...]
    call: str = ""
    """The query that shows it again."""
    said: str = ""
    """The words of an alert, where the numbers come from one."""


@dataclass(frozen=True, slots=True)
class Was:
    """An object as it stood some minutes ago, at a revision of the cluster's store."""

    raw: JsonObject
    revision: int


@dataclass(frozen=True)
class Snapshot:
    """What was read. An object is absent only where its kind was read whole: everything else is not known."""

    taken_at: datetime
    """The moment that counts as now: of a bundle, the moment it was made."""
    resources: tuple[Resource, ...] = ()
    events: tuple[EventRecord, ...] = ()
    wanted: tuple[Resource, ...] = ()
    """What somebody's files ask for and the cluster does not have: not part of what there is."""
    alerts: tuple[Alert, ...] = ()
    logs: Mapping[LogQuery, Log] = field(default_factory=dict)
    units: tuple[UnitStatus, ...] = ()
    reachability: tuple[Reachability, ...] = ()
    metrics: tuple[Measured, ...] = ()
    flows: Flows = field(default_factory=Flows)
    dependencies: tuple[Dependency, ...] = ()
    gpus: GpuReadings | None = None
    """What metrics say of accelerators; None: nobody asked."""
    quantum: QuantumReadings | None = None
    """What quantum providers say of their backends and queues; None: none is configured."""
    node_operations: str = ""
    """The annotation by which machines of this cluster are asked to reboot, where there is such an agent; empty where there is none."""
    past: Mapping[Ref, Was | None] = field(default_factory=dict)
    """What lost objects were. None: asked for, and nobody knows."""
    complete: frozenset[tuple[str, str]] = frozenset()
    """(kind, namespace) pairs read whole; the namespace is '' for all of them and for kinds of the cluster."""
    not_checked: tuple[NotChecked, ...] = ()
    version: str = ""
    context: str = ""
    namespace: str | None = None
    """The only namespace that was read, or None for all."""

    @cached_property
    def by_kind(self) -> Mapping[str, Mapping[tuple[str, str], Resource]]:
        found: dict[str, dict[tuple[str, str], Resource]] = defaultdict(dict)
        for resource in self.resources:
            found[resource.kind][resource.namespace, resource.name] = resource
        return dict(found)

    @cached_property
    def events_about(self) -> Mapping[Ref, tuple[EventRecord, ...]]:
        found: dict[Ref, list[EventRecord]] = defaultdict(list)
        for event in self.events:
            found[event.about].append(event)
        return {ref: tuple(events) for ref, events in found.items()}

    def all(self, *kinds: str) -> Iterable[Resource]:
        """The objects of these kinds."""
        for kind in kinds:
            yield from self.by_kind.get(kind, {}).values()

    def get(self, ref: Ref) -> Resource | None:
        return self.by_kind.get(ref.kind, {}).get((ref.namespace, ref.name))

    def read_whole(self, kind: str, namespace: str = "") -> bool:
        """Whether all objects of the kind in the namespace are here."""
        return (kind, "") in self.complete or (kind, namespace) in self.complete

    def lacks(self, ref: Ref) -> bool:
        """Whether the object is known not to exist; False also when that was not checked."""
        return self.get(ref) is None and self.read_whole(ref.kind, ref.namespace)

    def with_logs(self, logs: Iterable[Log]) -> Snapshot:
        """The same moment with these logs beside those that it had."""
        return replace(self, logs={**self.logs, **{log.query: log for log in logs}})

    def with_past(self, past: Mapping[Ref, Was | None]) -> Snapshot:
        """The same moment with what these objects were before."""
        return replace(self, past={**self.past, **past})
