"""Objects as people own them: without what the server manages, so that two can be compared or one made again."""

from __future__ import annotations

import copy

from .types import Json, JsonObject

_SERVERS = (
    "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink", "deletionTimestamp",
    "deletionGracePeriodSeconds",
)  # fmt: skip
_CONTROLLERS = ("deployment.kubernetes.io/revision", "deployment.kubernetes.io/revision-history")


def owned(obj: JsonObject) -> dict[str, Json]:
    """The object without status and the server's metadata. What controllers note in annotations is theirs as well."""
    made = {key: copy.deepcopy(value) for key, value in obj.items() if key != "status"}
    meta = made.get("metadata")
    if isinstance(meta, dict):
        for key in _SERVERS:
            meta.pop(key, None)
        notes = meta.get("annotations")
        if isinstance(notes, dict):
            for key in _CONTROLLERS:
                notes.pop(key, None)
    return made


def creatable(obj: JsonObject) -> dict[str, Json]:
    """The object as it can be sent to be made again: bound to no node and to no volume's old identity."""
    made = owned(obj)
    spec = made.get("spec")
    if made.get("kind") == "Pod" and isinstance(spec, dict):
        spec.pop("nodeName", None)
    if made.get("kind") == "Job" and isinstance(spec, dict):  # the server chooses the selector from the new uid
        spec.pop("selector", None)
        template = spec.get("template")
        meta = template.get("metadata") if isinstance(template, dict) else None
        labels = meta.get("labels") if isinstance(meta, dict) else None
        for key in ("controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name"):
            if isinstance(labels, dict):
                labels.pop(key, None)
    return made
