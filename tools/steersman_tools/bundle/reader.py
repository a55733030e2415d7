"""A Reader of a folder. Its moment is the newest time that anything in it bears: a bundle does not age."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ..fields import Fields
from ..kinds import KINDS
from ..kubernetes.objects import event_record, lean, log_lines, without_secrets
from ..snapshot import Alert, EventRecord, Log, LogQuery, Resource, Snapshot
from ..types import Json, NotChecked, Unreachable
from .contents import Contents
from .files import read_folder
from .logtext import log_text

LOG_BYTES = 256 * 1024
_TIMES = ("metadata.creationTimestamp", "status.startTime", "metadata.deletionTimestamp")
_LEAN = {kind.name for kind in KINDS if kind.lean}
_ASKED = ("Pod", "Node", "Service", "Deployment")


class BundleReader:
    """A Reader of what a folder or a file holds."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise Unreachable(f"There is no {path}: give an existing folder with --bundle.")
        self.path = path
        self._contents: Contents | None = None

    @property
    def contents(self) -> Contents:
        if self._contents is None:
            self._contents = read_folder(self.path)
        return self._contents

    async def snapshot(self, namespace: str | None) -> Snapshot:
        found = self.contents
        if not found.objects:
            gap = f" ({found.gaps[0].what}: {found.gaps[0].why})" if found.gaps else ""
            raise Unreachable(
                f"There are no Kubernetes objects in {self.path}{gap}: give the folder of `kubectl cluster-info dump "
                "--output-directory`, a file of `kubectl get ... -o json`, or what kubectl printed with its commands."
            )
        return snapshot_of(found, namespace, str(self.path))

    async def logs(self, queries: Sequence[LogQuery]) -> list[Log]:
        return [log_of(self.contents, query) for query in queries]


def snapshot_of(found: Contents, namespace: str | None, context: str) -> Snapshot:
    """What was found as a snapshot: of one namespace and the cluster's own kinds, or of all namespaces."""
    resources, events = [], []
    for kind, raw in found.objects:
        if kind == "Event":
            events.append(event_record(Fields(raw)))
        else:
            resources.append(_resource(raw, kind))
    if namespace is not None:
        resources = [r for r in resources if r.namespace in ("", namespace)]
        events = [e for e in events if e.about.namespace in ("", namespace)]
    return Snapshot(
        taken_at=_newest(resources, events, [found.logs_until] if found.logs_until else []),
        resources=tuple(resources),
        events=tuple(events),
        wanted=tuple(
            r for r in (_resource(raw, kind) for kind, raw in found.wanted) if namespace in (None, r.namespace)
        ),
        alerts=tuple(_alerts(found.alerts)),
        units=tuple(found.units),
        complete=frozenset(found.complete),
        not_checked=(*found.gaps, *_gaps(found)),
        version=found.version,
        context=context,
        namespace=namespace,
    )


def log_of(found: Contents, query: LogQuery) -> Log:
    """The log of a container, or why there is none."""
    where = (query.pod.namespace, query.pod.name)
    for container in (query.container, ""):
        if (source := found.logs.get((*where, container, query.previous))) is not None:
            data = log_text(source, query.container, LOG_BYTES)
            lines = log_lines(data)
            cut = len(data) >= LOG_BYTES or len(lines) > query.lines
            filtered = (*where, container, query.previous) in found.filtered
            return Log(query, lines[-query.lines :], truncated=cut, filtered=filtered, until=found.logs_until)
    return Log(query, why_not="the bundle does not hold it")


def _resource(raw: Json, kind: str) -> Resource:
    if kind == "Secret":
        raw = without_secrets(raw)
    return Resource(lean(raw) if kind in _LEAN else raw, kind)


def _newest(resources: Iterable[Resource], events: Iterable[EventRecord], more: Iterable[datetime]) -> datetime:
    """The moment of the bundle."""
    times = [*more]
    for resource in resources:
        times += [t for path in _TIMES if (t := resource.time(path))]
        for condition in resource.each("status.conditions"):
            times += [
                t
                for name in ("lastHeartbeatTime", "lastTransitionTime", "lastUpdateTime")
                if (t := condition.time(name))
            ]
        for status in resource.each("status.containerStatuses"):
            times += [t for p in ("state.running.startedAt", "state.terminated.finishedAt") if (t := status.time(p))]
    times += [event.last for event in events if event.last]
    return max(times, default=datetime.now(UTC))


def _alerts(document: Json) -> Iterator[Alert]:
    view = Fields(document)
    for entry in view.each("alerts") or view.each("data.alerts"):
        labels, notes = entry.map("labels"), entry.map("annotations")
        state = "firing" if entry.text("state", "firing") == "firing" else "pending"
        yield Alert(
            labels.get("alertname", "unnamed"),
            labels,
            notes.get("summary") or notes.get("description", ""),
            entry.time("activeAt"),
            "firing" if state == "firing" else "pending",
        )


def _gaps(found: Contents) -> Iterator[NotChecked]:
    """What a diagnosis would like to see and the bundle does not hold."""
    kinds = {kind for kind, _ in found.objects} | {kind for kind, _ in found.complete}
    for kind in _ASKED:
        if kind not in kinds:
            yield NotChecked(what=f"{kind} objects", why="the bundle holds none")
    if found.alerts is None:
        yield NotChecked(what="metrics and alerts", why="the bundle holds none")
    if not found.logs:
        yield NotChecked(what="logs", why="the bundle holds none")
    if "Event" not in kinds:
        yield NotChecked(what="events", why="the bundle holds none")
