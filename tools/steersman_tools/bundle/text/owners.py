"""Who owns what. A line of a table does not say it, but controllers name what they make after themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .build import Object, put
from .kinds.common import owner

Key = tuple[str, str, str]
"""Kind, namespace and name."""

_SAFE = "bcdfghjklmnpqrstvwxz2456789"
_REPLICA = re.compile(rf"(?P<set>(?P<deployment>.+)-[{_SAFE}]{{1,10}})-[{_SAFE}]{{5}}$")
_MEMBER = re.compile(rf"(?P<name>.+)-[{_SAFE}]{{5}}$")
_ORDINAL = re.compile(r"(?P<name>.+)-\d{1,4}$")
_TIMED = re.compile(r"(?P<name>.+)-\d{7,11}$")
_HASHED = re.compile(rf"(?P<name>.+)-[{_SAFE}]{{1,10}}$")
_CERTAIN = re.compile(rf".+-[{_SAFE}]{{6,10}}-[{_SAFE}]{{5}}$")


def adopt(objects: Mapping[Key, Object]) -> None:
    """Gives every object known by a line only, and made by a controller, the owner that its name tells."""
    for (kind, namespace, name), obj in objects.items():
        metadata = obj.get("metadata")
        if kind in _FINDERS and not (isinstance(metadata, dict) and metadata.get("ownerReferences")):
            put(obj, "metadata.ownerReferences", owner(_FINDERS[kind](name, namespace, objects)))


def _of_pod(name: str, namespace: str, objects: Mapping[Key, Object]) -> str:
    if match := _REPLICA.match(name):
        above = (("ReplicaSet", namespace, match["set"]), ("Deployment", namespace, match["deployment"]))
        if any(key in objects for key in above):
            return f"ReplicaSet/{match['set']}"
    if (match := _ORDINAL.match(name)) and ("StatefulSet", namespace, match["name"]) in objects:
        return f"StatefulSet/{match['name']}"
    if match := _MEMBER.match(name):
        for kind in ("DaemonSet", "Job", "ReplicaSet", "ReplicationController"):
            if (kind, namespace, match["name"]) in objects:
                return f"{kind}/{match['name']}"
        if (timed := _TIMED.match(match["name"])) and ("CronJob", namespace, timed["name"]) in objects:
            return f"Job/{match['name']}"
    if _CERTAIN.match(name):  # no vowels, no 0, 1 and 3: nobody calls a thing so
        return f"ReplicaSet/{name.rpartition('-')[0]}"
    return ""


def _of_replica_set(name: str, namespace: str, objects: Mapping[Key, Object]) -> str:
    match = _HASHED.match(name)
    return f"Deployment/{match['name']}" if match and ("Deployment", namespace, match["name"]) in objects else ""


def _of_job(name: str, namespace: str, objects: Mapping[Key, Object]) -> str:
    match = _TIMED.match(name)
    return f"CronJob/{match['name']}" if match and ("CronJob", namespace, match["name"]) in objects else ""


_FINDERS = {"Pod": _of_pod, "ReplicaSet": _of_replica_set, "Job": _of_job}
