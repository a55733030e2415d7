"""Who last wrote a field, read from an object's managedFields.

Source: kubernetes.io/docs/reference/using-api/server-side-apply (fieldsV1: `f:name`, `k:{keys}`, `v:value`, `i:index`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import orjson

from .fields import Fields, read_time
from .types import Json, JsonObject

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]|\['([^']+)'\]")


@dataclass(frozen=True, slots=True)
class Writer:
    """The field manager of a write, and when it wrote."""

    manager: str
    at: datetime | None
    operation: str = ""
    subresource: str = ""


def path_steps(path: str) -> list[str | int]:
    """`spec.ports[0].targetPort` and `data['a.b']` as the keys and indices to follow."""
    return [int(index) if index else quoted or name for name, index, quoted in _STEP.findall(path)]


def writers(resource: Fields, path: str) -> list[Writer]:
    """Those who own the field or, where nobody does, the nearest mapping above it; the latest first."""
    steps = path_steps(path)
    while steps:
        found = [
            Writer(
                entry.text("manager"), read_time(entry.text("time")), entry.text("operation"), entry.text("subresource")
            )
            for entry in resource.each("metadata.managedFields")
            if _owns(entry.at("fieldsV1").raw, resource.raw, steps)
        ]
        if found:
            return sorted(found, key=lambda w: w.at.timestamp() if w.at else 0.0, reverse=True)
        steps.pop()
    return []


def _owns(owned: JsonObject, value: Json | JsonObject, steps: list[str | int]) -> bool:
    """Whether the set of owned fields holds the path, following the object's own lists to learn an entry's keys."""
    for position, step in enumerate(steps):
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return False
            value = value[step]
            key = next((k for k in owned if _names(k, value, step)), None)
        else:
            value = value.get(step) if isinstance(value, dict) else None
            key = f"f:{step}" if f"f:{step}" in owned else None
        if key is None:
            return False
        inner = owned[key]
        if not inner:  # the field is owned with all that it holds
            return True
        if position == len(steps) - 1:
            return True
        owned = inner if isinstance(inner, dict) else {}
    return False


def _names(key: str, entry: Json, index: int) -> bool:
    """Whether a key of a fieldsV1 list names this entry."""
    prefix, _, rest = key.partition(":")
    if prefix == "i":
        return rest == str(index)
    if prefix not in ("k", "v"):
        return False
    try:
        wanted = orjson.loads(rest)
    except orjson.JSONDecodeError:
        return False
    if prefix == "v":
        return bool(wanted == entry)
    return isinstance(entry, dict) and isinstance(wanted, dict) and all(entry.get(k) == v for k, v in wanted.items())
