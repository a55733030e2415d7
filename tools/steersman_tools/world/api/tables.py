"""Objects as rows, the way `kubectl get` shows them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ..objects import Obj, condition, moment
from .columns import COLUMNS
from .kinds import Type

Column = tuple[str, str, int]
"""Name, type, priority (1: with -o wide only)."""


def age(since: str | None, now: datetime) -> str:
    """How long ago, in kubectl's short form."""
    if not since:
        return "<unknown>"
    seconds = max(0, int((now - moment(since)).total_seconds()))
    if seconds < 120:
        return f"{seconds}s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 10:
        return f"{minutes}m" + (f"{seconds % 60}s" if seconds % 60 else "")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h" + (f"{minutes % 60}m" if minutes % 60 else "")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d" + (f"{hours % 24}h" if hours % 24 else "")
    return f"{days}d"


def table(kind: Type, objects: list[tuple[Obj, Obj]], now: datetime, meta: Obj) -> Obj:
    """A Table; `objects` are pairs of an object and what stands beside its row (metadata only, unless asked for more)."""
    columns, cells = COLUMNS.get(kind.id, (_default_columns(kind), _default_cells(kind)))
    shown = [
        {"name": n, "type": "string", "format": "name" if n == "Name" else "", "description": "", "priority": p}
        for n, p in columns
    ]
    rows = [{"cells": cells(obj, lambda since: age(since, now)), "object": beside} for obj, beside in objects]
    return {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta, "columnDefinitions": shown, "rows": rows}


def _default_columns(kind: Type) -> list[tuple[str, int]]:
    if kind.custom and kind.columns:
        return [
            ("Name", 0),
            *((name, 0) for name, _, _ in kind.columns),
            *([] if any(n == "Age" for n, _, _ in kind.columns) else [("Age", 0)]),
        ]
    return [("Name", 0), ("Age" if kind.custom else "Created At", 0)]


def _default_cells(kind: Type) -> Callable[[Obj, Callable[[str | None], str]], list[Any]]:
    def cells(obj: Obj, old: Callable[[str | None], str]) -> list[Any]:
        meta = obj["metadata"]
        if not kind.custom:
            return [meta["name"], meta.get("creationTimestamp")]
        made: list[Any] = [meta["name"]]
        for _, sort, path in kind.columns:
            value = _at(obj, path)
            made.append(old(value) if sort == "date" else "" if value is None else value)
        return made if any(n == "Age" for n, _, _ in kind.columns) else [*made, old(meta.get("creationTimestamp"))]

    return cells


def _at(obj: Obj, path: str) -> Any:
    """A JSON path of plain steps, and of `conditions[?(@.type=="Ready")].status`."""
    if "[?(@.type==" in path:
        kind, _, field = path.partition('"')[2].partition('")].')
        return (condition(obj, kind) or {}).get(field)
    here: Any = obj
    for step in path.strip(".").split("."):
        here = here.get(step) if isinstance(here, dict) else None
    return here
