"""The fields of the API's kinds: types, merge keys and list types, read from `fields.json` (see scripts/world_schema.py)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Field:
    """The type of one field. `code`: s i n b q(uantity) o(int or string) t(ime) *(anything) r(eference) l(ist) d(ictionary)."""

    code: str
    ref: str = ""
    item: Field | None = None
    merge_key: str = ""
    patch: str = ""
    list_type: str = ""
    keys: tuple[str, ...] = ()

    @property
    def merges(self) -> bool:
        """Whether a strategic merge patch merges the list rather than replaces it."""
        return "merge" in self.patch

    @property
    def map_keys(self) -> tuple[str, ...]:
        """The keys that identify an entry of the list, for ownership; none for lists that are owned as a whole."""
        if self.list_type:
            return self.keys if self.list_type == "map" else ()
        return (self.merge_key,) if self.merges and self.merge_key else ()

    @property
    def is_set(self) -> bool:
        return self.list_type == "set" or (not self.list_type and self.merges and not self.merge_key)


@dataclass(frozen=True, slots=True)
class Definition:
    """One type of object: its fields by name."""

    name: str
    fields: dict[str, Field] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    atomic: bool = False
    free: bool = False
    """Whether any fields are allowed: objects of custom resources without a schema."""


ANYTHING = Field("*")


@cache
def _table() -> dict[str, Any]:  # JSON of our own making, read in this file only
    found: dict[str, Any] = orjson.loads((files(__package__) / "fields.json").read_bytes())
    return found


def names() -> list[str]:
    return list(_table())


@cache
def definition(name: str) -> Definition:
    """The type of that name, such as `core.v1.PodSpec`; an unknown one allows anything."""
    entry = _table().get(name)
    if entry is None or entry.get("any"):
        return Definition(name, free=True)
    return Definition(
        name,
        {key: _field(spec) for key, spec in entry["f"].items()},
        frozenset(entry.get("q", ())),
        entry.get("t") == "atomic",
    )


def _field(spec: Any) -> Field:
    if isinstance(spec, str):
        return Field(spec)
    common = {
        "patch": spec.get("p", ""),
        "merge_key": spec.get("m", ""),
        "list_type": spec.get("t", ""),
        "keys": tuple(spec.get("k", ())),
    }
    if "r" in spec:
        return Field("r", ref=spec["r"], **common)
    if "l" in spec:
        return Field("l", item=_field(spec["l"]), **common)
    return Field("d", item=_field(spec["d"]), **common)
