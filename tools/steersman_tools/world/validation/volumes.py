"""Validation of the volumes of a pod."""

from __future__ import annotations

from ..objects import Obj
from .base import Errors

_NEEDS = {"persistentVolumeClaim": "claimName", "secret": "secretName", "configMap": "name", "hostPath": "path"}


def volume(entry: Obj, path: str, errors: Errors) -> None:
    """One volume: exactly one source, with what that needs."""
    sources = [key for key in entry if key != "name"]
    if not sources:
        errors.required(path, "must specify a volume type")
    for extra in sources[1:]:
        errors.forbidden(f"{path}.{extra}", "may not specify more than 1 volume type")
    for kind, field in _NEEDS.items():
        if kind in entry and not entry[kind].get(field):
            errors.required(f"{path}.{kind}.{field}")
