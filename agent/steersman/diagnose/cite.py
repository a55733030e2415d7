"""Turns what an analyzer has read into observations: the text that shows it, and the command that shows it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from steersman_tools.fields import Fields
from steersman_tools.kinds import BY_NAME
from steersman_tools.managed import path_steps
from steersman_tools.redact import bounded, redact
from steersman_tools.snapshot import Alert, EventRecord, Log, LogLine, Resource
from steersman_tools.types import Json, Observation, Ref, Tool

from .mining import pattern_of
from .scene import Scene
from .stacks import folded

CHARACTERS = 1_200


def _make(scene: Scene, tool: Tool, call: str, text: str, *, found: bool = True) -> Observation:
    return Observation(
        tool=tool,
        call=call,
        observed_at=scene.now,
        text=bounded(redact(text), CHARACTERS),
        outcome="data" if found else "no-data",
    )


def get(ref: Ref, options: str = "-o yaml") -> str:
    """The kubectl line that shows the object."""
    kind = BY_NAME.get(ref.kind)
    argument = kind.argument if kind else ref.kind.lower()
    where = f" -n {ref.namespace}" if ref.namespace else ""
    return f"kubectl get {argument} {ref.name}{where} {options}".rstrip()


def fields(scene: Scene, resource: Resource, *paths: str, note: str = "") -> Observation:
    """Fields of an object as they are now."""
    lines = [f"{path}: {short(_at(resource, path))}" for path in paths]
    return _make(scene, "kubernetes", get(resource.ref), "\n".join(lines + ([note] if note else [])))


def absent(scene: Scene, ref: Ref) -> Observation:
    """An object that does not exist."""
    return _make(scene, "kubernetes", get(ref, ""), f"{ref.kind} {ref.name} not found", found=False)


def past(scene: Scene, ref: Ref, revision: int, text: str) -> Observation:
    """What an object was before."""
    kind = BY_NAME[ref.kind]
    query = f"fieldSelector=metadata.name%3D{ref.name}&limit=500&resourceVersion={revision}&resourceVersionMatch=Exact"
    call = f"kubectl get --raw '{kind.path(kind.versions[0], ref.namespace)}?{query}'"
    return _make(scene, "kubernetes", call, f"{ref.kind} {ref.name} at revision {revision}: {text}")


def listing(scene: Scene, call: str, lines: Sequence[str]) -> Observation:
    """A comparison of several objects."""
    return _make(scene, "kubernetes", call, "\n".join(lines) or "none", found=bool(lines))


def event(scene: Scene, record: EventRecord) -> Observation:
    """An Event."""
    about = record.about
    where = f" -n {about.namespace}" if about.namespace else " -A"
    selector = f"involvedObject.kind={about.kind},involvedObject.name={about.name}"
    times = f" (x{record.count}, last {clock(record.last)})" if record.last else ""
    return _make(
        scene,
        "events",
        f"kubectl get events{where} --field-selector {selector}",
        f"{record.type} {record.reason}{times}: {record.message}",
    )


def log(scene: Scene, source: Log, lines: Sequence[LogLine]) -> Observation:
    """Lines of a log, each with how often and since when the log says so; a stack trace is one line."""
    shown = "\n".join(f"{clock(line.at)} {line.text}{_often(line, source)}".strip() for line in folded(lines))
    return _make(scene, "logs", source.query.call, shown, found=bool(lines))


def _often(line: LogLine, source: Log) -> str:
    pattern = pattern_of(line, source)
    if pattern is None or pattern.count < 2:
        return ""
    times = f", {clock(pattern.first)} to {clock(pattern.last)}" if pattern.first and pattern.last else ""
    return f" ({pattern.count} such lines{times})"


def alert(scene: Scene, source: Alert) -> Observation:
    """A firing alert."""
    labels = ", ".join(f"{k}={v}" for k, v in sorted(source.labels.items()) if k != "alertname")
    since = f" since {clock(source.since)}" if source.since else ""
    return _make(
        scene,
        "alerts",
        f'ALERTS{{alertname="{source.name}"}}',
        f"{source.name} {source.state}{since} {{{labels}}}: {source.summary}",
    )


def metric(scene: Scene, query: str, lines: Sequence[str]) -> Observation:
    """Values of series, with a query that shows them again."""
    return _make(scene, "metrics", query, "\n".join(lines) or "no such series", found=bool(lines))


def quantum(scene: Scene, call: str, text: str) -> Observation:
    """What a quantum provider says."""
    return _make(scene, "quantum", call or "steersman quantum jobs", text, found=bool(text))


def container_state(scene: Scene, pod: Resource, status: Fields) -> Observation:
    """How a container fares."""
    parts = [f"{pod.name} container {status.text('name')}: restarts {status.count('restartCount')}"]
    for which in ("state", "lastState"):
        for phase, state in status.items(which):
            words = [f"{which} {phase}", state.text("reason"), _exit(state), state.text("message")]
            parts.append(" ".join(word for word in words if word))
    return _make(scene, "kubernetes", get(pod.ref), "; ".join(parts))


def clock(moment: datetime | None) -> str:
    return moment.strftime("%H:%M:%S") if moment else ""


def _exit(state: Fields) -> str:
    code = state.integer("exitCode")
    return "" if code is None else f"(exit code {code})"


def _at(resource: Resource, path: str) -> Json:
    value: Json = resource.raw  # type: ignore[assignment]   # a Mapping is read as the dict that it is
    for step in path_steps(path):
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def short(value: Json) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {short(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(short(v) for v in value) + "]"
    return "<unset>" if value is None else bounded(str(value), 400)
