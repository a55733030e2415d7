"""Which container a pasted log is of: `kubectl logs deploy/web` names no pod."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...fields import Fields
from ..contents import LogKey
from .build import Object
from .owners import Key
from .parts import LogPart


def assign_logs(logs: Sequence[LogPart], objects: Mapping[Key, Object]) -> Iterator[tuple[LogKey, LogPart]]:
    """Each log with the pod that it is of: the one named, or the newest of the workload's."""
    for log in logs:
        namespace = log.namespace or ""
        names = [log.name] if log.kind == "Pod" else _pods_of(log.kind, namespace, log.name, objects)
        for name in names[:1]:
            container = log.container or _default(Fields(objects.get(("Pod", namespace, name))))
            yield (namespace, name, container, log.previous), log


def _default(pod: Fields) -> str:
    """The container whose log is shown where none is named."""
    containers = [c.text("name") for c in pod.each("spec.containers")]
    return pod.map("metadata.annotations").get("kubectl.kubernetes.io/default-container") or next(iter(containers), "")


def _pods_of(kind: str, namespace: str, name: str, objects: Mapping[Key, Object]) -> list[str]:
    """The pods of a workload, or behind a Service, the newest first."""
    pods = [(key[2], Fields(obj)) for key, obj in objects.items() if key[0] == "Pod" and key[1] == namespace]
    if kind == "Service":
        wanted = Fields(objects.get((kind, namespace, name))).map("spec.selector")
        own = [p for p in pods if wanted and wanted.items() <= p[1].map("metadata.labels").items()]
    else:
        own = [p for p in pods if (kind, name) in _owners(namespace, p[1], objects)]
    return [pod for pod, _ in sorted(own, key=lambda p: p[1].text("metadata.creationTimestamp"), reverse=True)]


def _owners(namespace: str, view: Fields, objects: Mapping[Key, Object]) -> Iterable[tuple[str, str]]:
    """The owner of an object, and the owner's owner."""
    for owner in view.each("metadata.ownerReferences"):
        kind, name = owner.text("kind"), owner.text("name")
        yield kind, name
        if above := objects.get((kind, namespace, name)):
            yield from _owners(namespace, Fields(above), objects)
        elif kind == "ReplicaSet":
            yield "Deployment", name.rpartition("-")[0]
