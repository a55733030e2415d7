"""`kubectl get`: from tables to parts of objects, and which kinds were listed whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from .build import NOTHING, Object, put
from .eventrows import bare_events, is_bare_event, table_events
from .kinds.common import listed
from .parts import Part, Rank, Reading
from .rows import cluster, network, pods, workloads
from .tables import Row, Table, spaced, tables
from .times import age, stamp
from .words import CLUSTER, READ, kind_named

Converter: TypeAlias = Callable[[Row], Object]

_CONVERTERS: dict[str, Converter] = {
    "Pod": pods.pod,
    "Deployment": workloads.deployment,
    "ReplicaSet": workloads.replica_set,
    "ReplicationController": workloads.replica_set,
    "StatefulSet": workloads.stateful_set,
    "DaemonSet": workloads.daemon_set,
    "Job": workloads.job,
    "CronJob": workloads.cron_job,
    "Service": network.service,
    "Endpoints": network.endpoints,
    "Ingress": network.ingress,
    "NetworkPolicy": network.network_policy,
    "Node": cluster.node,
    "Namespace": cluster.namespace,
    "PersistentVolumeClaim": cluster.claim,
    "PersistentVolume": cluster.volume,
    "StorageClass": cluster.storage_class,
    "ResourceQuota": cluster.quota,
    "Secret": cluster.secret,
    "HorizontalPodAutoscaler": cluster.autoscaler,
    "PodDisruptionBudget": cluster.disruption_budget,
    "RoleBinding": cluster.binding,
    "ClusterRoleBinding": cluster.binding,
}
_SIGNATURES: tuple[tuple[str, frozenset[str]], ...] = tuple(
    (kind, frozenset(columns.split()))
    for kind, columns in (
        ("Pod", "READY STATUS RESTARTS"), ("Deployment", "READY UP-TO-DATE AVAILABLE"), ("DaemonSet", "DESIRED UP-TO-DATE READY"),
        ("ReplicaSet", "DESIRED CURRENT READY"), ("Service", "TYPE CLUSTER-IP"), ("Endpoints", "ENDPOINTS"),
        ("Node", "STATUS ROLES VERSION"), ("PersistentVolume", "CAPACITY CLAIM"), ("PersistentVolumeClaim", "STATUS VOLUME CAPACITY"),
        ("StorageClass", "PROVISIONER RECLAIMPOLICY"), ("HorizontalPodAutoscaler", "REFERENCE MINPODS"),
        ("Job", "COMPLETIONS DURATION"), ("CronJob", "SCHEDULE SUSPEND"), ("Ingress", "HOSTS PORTS"),
        ("NetworkPolicy", "POD-SELECTOR"), ("ResourceQuota", "REQUEST AGE"), ("Secret", "TYPE DATA"), ("ConfigMap", "DATA AGE"),
        ("ServiceAccount", "SECRETS AGE"), ("RoleBinding", "ROLE AGE"), ("StatefulSet", "READY AGE"),
    )
)  # fmt: skip
_BARE_COLUMNS = {
    "Pod": ("NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "NOMINATED NODE", "READINESS GATES"),
    "Deployment": ("NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"),
    "ReplicaSet": ("NAME", "DESIRED", "CURRENT", "READY", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"),
    "Service": ("NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE", "SELECTOR"),
    "Endpoints": ("NAME", "ENDPOINTS", "AGE"),
    "Node": ("NAME", "STATUS", "ROLES", "AGE", "VERSION"),
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]*(?: \(default\))?$")
_RESTARTED = re.compile(r"\d+ \((\S+) ago\)$")


def read(lines: Sequence[str], kind: str, namespace: str | None) -> Reading:
    """The rows of the tables in an output. `kind` is '' where neither the command nor a row's prefix tells it."""
    reading = Reading()
    found = list(tables(lines))
    for table in found:
        if "LAST SEEN" in table.columns or "FIRST SEEN" in table.columns:
            reading.events += table_events(table.rows, namespace)
            continue
        guess = kind or kind_by_columns(table)
        reading.parts += [p for row in table.rows if (p := _part(row, guess, namespace))]
    if not found:
        _read_bare(lines, kind, namespace, reading)
    return reading


def kind_by_columns(table: Table) -> str:
    """The kind whose tables have such columns; '' where none has."""
    columns = set(table.columns)
    return next((kind for kind, wanted in _SIGNATURES if wanted <= columns), "")


def _read_bare(lines: Sequence[str], kind: str, namespace: str | None, reading: Reading) -> None:
    """Rows whose header a pipe or a flag has left out."""
    if any(is_bare_event(line) for line in lines[:3]):
        reading.events += bare_events(lines, namespace)
        return
    names = _BARE_COLUMNS.get(kind, ())
    for line in lines:
        cells = re.split(r" {2,}", line.strip())
        if names and 3 <= len(cells) <= len(names) + 1:
            wide = cells[1:2] and re.match(r"[a-z]", cells[1]) is not None and kind not in ("Endpoints", "Node")
            columns = (("NAMESPACE",) if wide else ()) + names
            if (row := spaced(line, columns[: len(cells)])) and (part := _part(row, kind, namespace)):
                reading.parts.append(part)


def _part(row: Row, kind: str, namespace: str | None) -> Part | None:
    """What a row tells; None where it is no row of an object that is kept."""
    word, slash, name = row.get("NAME", "").rpartition("/")
    kind = (kind_named(word) if slash else kind) or kind
    if kind not in READ or not _NAME.match(name):
        return None
    obj = _CONVERTERS[kind](row) if kind in _CONVERTERS else {}
    where = "" if kind in CLUSTER else row.get("NAMESPACE") or namespace
    if (shown := row.get("LABELS")) and shown not in NOTHING:
        put(obj, "metadata.labels", listed(shown))
    part = Part(kind, where, name.removesuffix(" (default)"), obj, Rank.ROW)
    put(obj, "metadata.creationTimestamp", stamp(row.get("CREATED AT", "")))
    _ages(row, part)
    return part


def _ages(row: Row, part: Part) -> None:
    if (seconds := age(row.get("AGE", ""))) is not None:
        part.ages["metadata", "creationTimestamp"] = seconds
    if row.get("STATUS") == "Terminating":
        part.ages["metadata", "deletionTimestamp"] = 0.0
    if part.kind == "Pod" and (found := _RESTARTED.match(row.get("RESTARTS", ""))):
        if (ago := age(found[1])) is not None and "containerStatuses" in str(part.obj.get("status")):
            part.ages["status", "containerStatuses", 0, "lastState", "terminated", "finishedAt"] = ago
    elif part.kind == "CronJob" and (ago := age(row.get("LAST SCHEDULE", ""))) is not None:
        part.ages["status", "lastScheduleTime"] = ago
