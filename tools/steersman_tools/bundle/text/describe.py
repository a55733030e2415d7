"""`kubectl describe`: from text to parts of objects and events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from ...types import NotChecked
from .build import Object
from .eventrows import described_events
from .kinds import config, jobs, netpol, nodes, pods, quotas, rights, routes, scaling, services, storage, workloads
from .kinds.common import lasts
from .outline import Described, described, objects
from .parts import Listing, Part, Rank, Reading
from .words import CLUSTER

Converter: TypeAlias = Callable[[Described], Object]

CONVERTERS: dict[str, Converter] = {
    "Pod": pods.pod,
    "Deployment": workloads.deployment,
    "ReplicaSet": workloads.replica_set,
    "ReplicationController": workloads.replication_controller,
    "StatefulSet": workloads.stateful_set,
    "DaemonSet": workloads.daemon_set,
    "Job": jobs.job,
    "CronJob": jobs.cron_job,
    "Service": services.service,
    "Endpoints": services.endpoints,
    "EndpointSlice": services.endpoint_slice,
    "Ingress": routes.ingress,
    "IngressClass": routes.ingress_class,
    "NetworkPolicy": netpol.network_policy,
    "Node": nodes.node,
    "PersistentVolume": storage.persistent_volume,
    "PersistentVolumeClaim": storage.claim,
    "StorageClass": storage.storage_class,
    "ResourceQuota": quotas.resource_quota,
    "LimitRange": quotas.limit_range,
    "Namespace": quotas.namespace,
    "Secret": config.secret,
    "ConfigMap": config.config_map,
    "ServiceAccount": config.service_account,
    "Role": rights.role,
    "ClusterRole": rights.role,
    "RoleBinding": rights.binding,
    "ClusterRoleBinding": rights.binding,
    "HorizontalPodAutoscaler": scaling.autoscaler,
    "PodDisruptionBudget": scaling.disruption_budget,
    "PriorityClass": scaling.priority_class,
}

_MARKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Namespace", ("Status", "!Namespace", "!Roles", "!Claim", "!Containers")),
    ("Pod", ("Containers", "Node")),
    ("Deployment", ("StrategyType",)),
    ("StatefulSet", ("Update Strategy", "Pod Template")),
    ("DaemonSet", ("Desired Number of Nodes Scheduled",)),
    ("CronJob", ("Schedule", "Concurrency Policy")),
    ("Job", ("Completions", "Pods Statuses")),
    ("ReplicaSet", ("Pods Status", "Pod Template")),
    ("Service", ("Session Affinity",)),
    ("Endpoints", ("Subsets",)),
    ("EndpointSlice", ("AddressType",)),
    ("Node", ("Roles", "Unschedulable")),
    ("PersistentVolume", ("Reclaim Policy", "Source")),
    ("PersistentVolumeClaim", ("Access Modes", "Volume")),
    ("StorageClass", ("Provisioner",)),
    ("Ingress", ("Default backend",)),
    ("IngressClass", ("Controller", "!Containers")),
    ("HorizontalPodAutoscaler", ("Reference", "Max replicas")),
    ("PriorityClass", ("GlobalDefault",)),
    ("ServiceAccount", ("Mountable secrets",)),
    ("RoleBinding", ("Role", "Subjects", "Namespace")),
    ("NetworkPolicy", ("Spec", "Created on")),
)
_WITHOUT_EVENTS = {
    "ResourceQuota", "LimitRange", "Secret", "NetworkPolicy", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding",
    "Namespace", "PriorityClass", "ConfigMap", "EndpointSlice", "IngressClass",
}  # fmt: skip


def read(text: str, kind: str, namespace: str | None, *, events_shown: bool = True) -> Reading:
    """The objects of a text of one or many descriptions; `kind` is '' where the command does not tell it."""
    reading = Reading()
    for lines in objects(text):
        one = described(lines, kind)
        one.kind = kind or recognised(one)
        if convert := CONVERTERS.get(one.kind):
            _read(one, convert, namespace, reading)
            if events_shown and one.kind not in _WITHOUT_EVENTS and not one.has("Events"):
                one.odd.append("the end, which is cut off")
            reading.gaps += [_gap(one, what) for what in dict.fromkeys(one.odd)]
        else:
            reading.gaps.append(NotChecked(what=f"describe {one.value('Name')}", why="its kind is not known here"))
    return reading


def recognised(text: Described) -> str:
    """The kind that a description is of, by the sections that it has; '' where they fit none."""
    titles = {section.title for section in text.sections}
    if text.body:
        return "Secret" if "Type" in titles else "ConfigMap"
    for kind, marks in _MARKS:
        if all((mark[1:] not in titles) if mark[0] == "!" else mark in titles for mark in marks):
            return kind
    firsts = {line.split(None, 1)[0] for section in text.sections for line in section.lines if line[:1].isupper()}
    return "ResourceQuota" if "Resource" in firsts else "LimitRange" if "Type" in firsts else ""


def _read(text: Described, convert: Converter, namespace: str | None, reading: Reading) -> None:
    name = text.value("Name")
    if not name:
        return
    obj = convert(text)
    where = "" if text.kind in CLUSTER else text.value("Namespace") or namespace
    part = Part(text.kind, where, name, obj, Rank.DESCRIBED)
    if (seconds := lasts(text)) is not None:
        part.ages["metadata", "deletionTimestamp"] = seconds
    reading.parts.append(part)
    reading.events += described_events(text, where)
    reading.parts += _mentioned(text, part)
    if text.kind == "Namespace":
        _of_namespace(text, name, reading)


def _mentioned(text: Described, part: Part) -> Iterator[Part]:
    """What a description tells of other objects: a Node of the pods on it, a Service of its endpoints."""
    if text.kind == "Node":
        part.seen = nodes.renewed(text)
        for namespace, name, obj, seconds in nodes.pods_on(text):
            ages: dict[tuple[str | int, ...], float] = {}
            if seconds is not None:
                ages["metadata", "creationTimestamp"] = seconds
            yield Part("Pod", namespace, name, obj, Rank.MENTION, ages)
    elif text.kind == "Service" and (behind := services.behind(text)) is not None:
        yield Part("Endpoints", part.namespace, part.name, behind, Rank.MENTION)


def _of_namespace(text: Described, name: str, reading: Reading) -> None:
    """The quotas and limits that a Namespace's description lists: all that there are."""
    for kind, found in (("ResourceQuota", quotas.quotas_in(text)), ("LimitRange", quotas.limits_in(text))):
        if found is None:
            continue
        names = set()
        for obj in found:
            metadata = obj.get("metadata")
            own = str(metadata.get("name")) if isinstance(metadata, dict) else "unnamed"
            names.add((name, own))
            reading.parts.append(Part(kind, name, own, obj, Rank.DESCRIBED))
        reading.listings.append(Listing(kind, name, frozenset(names)))


def _gap(text: Described, what: str) -> NotChecked:
    return NotChecked(what=f"{text.kind} {text.value('Name')}: {what}", why="the pasted text does not tell")
