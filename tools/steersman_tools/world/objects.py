"""What the world's parts call an object: JSON whose shape the API's schema has checked before it was stored."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, TypeAlias

import orjson

Obj: TypeAlias = dict[str, Any]
"""One object of the API, or a part of one. Stored objects are never changed: a write stores another."""


def copy(obj: Obj) -> Obj:
    """A copy that shares nothing."""
    made: Obj = orjson.loads(orjson.dumps(obj))
    return made


def stamp(moment: datetime) -> str:
    """A moment as the API writes it, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro(moment: datetime) -> str:
    """A moment as leases write it, to the microsecond."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(text: str) -> datetime:
    """The moment that a stamp names."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text).replace("Z", "+00:00"))


def controller_of(obj: Obj) -> Obj | None:
    """The owner reference of the controller that manages the object."""
    return next((o for o in obj["metadata"].get("ownerReferences") or () if o.get("controller")), None)


def condition(obj: Obj, kind: str) -> Obj | None:
    """The status condition of a type."""
    return next((c for c in (obj.get("status") or {}).get("conditions") or () if c.get("type") == kind), None)


def name_of(obj: Obj) -> tuple[str, str]:
    """Namespace ('' for kinds of the cluster) and name."""
    meta = obj["metadata"]
    return meta.get("namespace", ""), meta["name"]
