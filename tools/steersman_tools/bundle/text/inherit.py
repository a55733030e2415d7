"""What `describe` leaves out of a pod (affinity, DNS policy, pull secrets, security context) and its template tells."""

from __future__ import annotations

from collections.abc import Mapping

from ...fields import Fields
from ...types import Json
from .build import Object
from .merge import fill
from .owners import Key

_MADE_OF = {"ReplicaSet": "Deployment"}
_TEMPLATED = ("ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController")


def inherit(objects: Mapping[Key, Object]) -> None:
    """Fills the specs of ReplicaSets and pods from the templates that they were made of, as far as these are the present ones."""
    newest = _newest_sets(objects)
    for (kind, namespace, name), obj in objects.items():
        if kind == "ReplicaSet" and (namespace, name) in newest.values():
            _fill_template(obj, _owner(obj, namespace, objects), "spec")
    for (kind, namespace, _), obj in objects.items():
        if kind == "Pod" and (above := _owner(obj, namespace, objects)):
            spec, template = obj.get("spec"), Fields(above).get("spec.template.spec")
            if isinstance(spec, dict) and isinstance(template, dict) and spec.get("containers"):
                fill(spec, template)


def _newest_sets(objects: Mapping[Key, Object]) -> dict[Key, tuple[str, str]]:
    """By Deployment: its newest ReplicaSet. Where two are of the same age, none is taken for the newest."""
    found: dict[Key, list[tuple[str, str, str]]] = {}
    for (kind, namespace, name), obj in objects.items():
        view = Fields(obj)
        if kind == "ReplicaSet" and (owner := next(iter(view.each("metadata.ownerReferences")), None)):
            key = (owner.text("kind"), namespace, owner.text("name"))
            revision = view.map("metadata.annotations").get("deployment.kubernetes.io/revision", "").zfill(9)
            found.setdefault(key, []).append((f"{revision} {view.text('metadata.creationTimestamp')}", namespace, name))
    newest = {}
    for key, sets in found.items():
        ordered = sorted(sets, reverse=True)
        if len(ordered) == 1 or ordered[0][0] > ordered[1][0]:
            newest[key] = ordered[0][1:]
    return newest


def _owner(obj: Object, namespace: str, objects: Mapping[Key, Object]) -> Object | None:
    for owner in Fields(obj).each("metadata.ownerReferences"):
        kind = owner.text("kind")
        if kind in _TEMPLATED or kind in _MADE_OF.values():
            return objects.get((kind, namespace, owner.text("name")))
    return None


def _fill_template(obj: Object, above: Object | None, part: str) -> None:
    own: Json = obj.get(part)
    template: Json = Fields(above).get("spec.template") if above else None
    if isinstance(own, dict) and isinstance(template, dict):
        mine = own.setdefault("template", {})
        if isinstance(mine, dict):
            fill(mine, template)
