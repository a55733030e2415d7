"""Databases that refuse: wrong password, wrong port, read-only, no connection left."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..changes import container_before
from ..failures import Failure, failing_calls
from ..scene import Scene, ServiceView
from ..workloads import Workload
from .environment import is_stale

DATABASES = re.compile(
    r"(?:^|[/_-])(?:mysql|mariadb|postgres(?:ql)?|postgis|mongo(?:db)?|cockroach|mssql|sqlserver|oracle|clickhouse|percona|xenon)",
    re.I,
)
_PORTS = {3306, 5432, 27017, 1433, 1521, 26257, 33060}

_WORDS = {
    "auth-failed": (
        Fault.DB_CREDENTIALS_INVALID,
        "refuses its user or password",
        "credentials that the database accepts",
    ),
    "read-only": (Fault.DB_READ_ONLY, "refuses writes: it is read-only", "a database that takes writes"),
    "too-many-connections": (
        Fault.DB_CONNECTIONS_EXHAUSTED,
        "has no connection left",
        "fewer connections, or a higher limit",
    ),
}


def is_database(workload: Workload) -> bool:
    """Whether the workload is a database, by its image or its port."""
    return any(
        DATABASES.search(c.text("image")) or any(p.count("containerPort") in _PORTS for p in c.each("ports"))
        for c in workload.containers
    )


def refusals(scene: Scene) -> Iterator[Output]:
    """What clients log of their database, blamed on the side that must change."""
    by_kind: dict[tuple[str, Ref], list[Failure]] = {}
    for failure in failing_calls(scene):
        if failure.sign.kind in _WORDS and not (failure.sign.kind == "auth-failed" and is_stale(scene, failure.caller)):
            database = _database(scene, failure)
            subject = failure.caller if failure.sign.kind == "auth-failed" or database is None else database.ref
            by_kind.setdefault((failure.sign.kind, subject), []).append(failure)
    for (kind, subject), failures in by_kind.items():
        yield _finding(scene, kind, subject, failures)


def _database(scene: Scene, failure: Failure) -> Workload | None:
    """The database that the caller means: the one in the failing line, or the only one that it is set up to call."""
    named = [failure.target, *(c.service for c in scene.calls if c.caller == failure.caller)]
    views = [scene.services[ref] for ref in named if ref and ref in scene.services]
    found = {w.ref: w for v in views for w in v.workloads if is_database(w)}
    if not found:
        found = {
            w.ref: w for w in scene.workloads.values() if w.ref.namespace == failure.caller.namespace and is_database(w)
        }
    return next(iter(found.values())) if len(found) == 1 else _best_named(failure, list(found.values()))


def _best_named(failure: Failure, found: list[Workload]) -> Workload | None:
    return next((w for w in found if w.ref.name in failure.sign.line.text), None)


def _finding(scene: Scene, kind: str, subject: Ref, failures: list[Failure]) -> Finding:
    fault, words, expected = _WORDS[kind]
    callers = sorted({f.caller.name for f in failures})
    first = failures[0]
    field = _credentials(scene, subject) if kind == "auth-failed" else ""
    database = _database(scene, first)
    name = database.ref.name if database else "the database"
    return Finding(
        fault=fault,
        entity=subject,
        field=field,
        observed=first.sign.line.text.strip()[:240],
        expected=expected,
        summary=f"{name} {words.replace('its', 'the')}, say {', '.join(callers[:4])}",
        advice={
            "auth-failed": f"Compare the credentials of {subject.name} with those of {name}",
            "read-only": f"Switch {name} back to read-write once it is safe to do so",
            "too-many-connections": f"Find who holds the connections of {name}, or raise its limit",
        }[kind],
        certainty=0.92,
        breaks=tuple(dict.fromkeys((subject, *(f.caller for f in failures)))),
        needs_symptom=False,
        observations=tuple(cite.log(scene, f.log, [f.sign.line]) for f in failures[:3]),
    )


def _credentials(scene: Scene, ref: Ref) -> str:
    """Where the client takes its password from."""
    workload = scene.workloads.get(ref)
    for container in workload.containers if workload else []:
        base = workload.container_path(container.text("name")) if workload else ""
        for index, entry in enumerate(container.each("env")):
            if re.search(r"passw|pwd|secret", entry.text("name"), re.I):
                return f"{base}.env[{index}]"
        for index, source in enumerate(container.each("envFrom")):
            if source.has("secretRef"):
                return f"{base}.envFrom[{index}].secretRef"
    return ""


def wrong_ports(scene: Scene) -> Iterator[Output]:
    """Clients that ask a database for a port on which it does not listen."""
    for call in scene.calls:
        view = scene.services.get(call.service) if call.service else None
        if view is None or call.port is None or not any(is_database(w) for w in view.workloads):
            continue
        offered = _listening(view)
        if not offered or call.port in offered:
            continue
        failures = [
            f
            for f in failing_calls(scene)
            if f.caller == call.caller and (f.target == view.ref or call.host in f.address)
        ]
        workload = scene.workloads[call.caller]
        past = container_before(scene, workload, call.container)
        old = next((e.text("value") for e in past.each("env") if e.text("name") == call.variable), "")
        expected = old if old and old != call.value else ", ".join(map(str, sorted(offered)))
        holder = scene.snapshot.get(call.holder)
        yield Finding(
            fault=Fault.DB_PORT_WRONG,
            entity=call.holder if call.holder.kind not in ("Secret", "ConfigMap") else call.caller,
            field=call.field if call.holder == call.caller else "",
            observed=f"{call.variable}: port {call.port}",
            expected=expected,
            summary=f"{call.caller.kind} {call.caller.name} asks database {view.ref.name} for port {call.port}; it listens on {', '.join(map(str, sorted(offered)))}",
            advice=f"Set the port of {call.variable} to {expected}",
            certainty=0.97 if failures or workload.ready < workload.desired else 0.85,
            breaks=(call.caller,),
            needs_symptom=False,
            observations=(
                *((cite.fields(scene, holder, call.field),) if holder and call.field else ()),
                cite.fields(scene, view.resource, "spec.ports"),
                *(cite.log(scene, f.log, [f.sign.line]) for f in failures[:2]),
            ),
        )


def _listening(view: ServiceView) -> set[int]:
    if view.headless:
        return {p.count("containerPort") for w in view.workloads for c in w.containers for p in c.each("ports")}
    return {p.count("port") for p in view.ports}
