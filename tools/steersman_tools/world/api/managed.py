"""managedFields: what each write of each manager does to the sets of owned fields, and server-side apply upon them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..objects import Obj, copy
from ..schema import ANYTHING, Definition, Field, definition
from .ownership import NOTHING, Path, Paths, changed, children, element, of_object, owned_only, readable, trie, untrie
from .status import ApiError


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: a field manager, how, in which version, to which subresource, and when."""

    manager: str
    operation: str
    version: str
    time: str
    subresource: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.manager, self.operation, self.version, self.subresource


def entries(obj: Obj) -> dict[tuple[str, str, str, str], tuple[Obj, Paths]]:
    """The managedFields of an object by writer."""
    found = {}
    for entry in obj["metadata"].get("managedFields") or ():
        key = (
            entry.get("manager", ""),
            entry.get("operation", ""),
            entry.get("apiVersion", ""),
            entry.get("subresource", ""),
        )
        found[key] = (entry, frozenset(untrie(entry.get("fieldsV1") or {})))
    return found


def after_update(kind: Definition, old: Obj | None, new: Obj, writer: Writer) -> Obj:
    """The new object with its managedFields brought up to date after a write that is not an apply."""
    known = entries(old) if old else {}
    if old is not None and new["metadata"].get("managedFields") == []:
        known = {}  # a client has asked for them to be forgotten
    written, removed = changed(kind, old or {"metadata": {}}, new)
    mine, lost = owned_only(written), owned_only(removed)
    if not mine and not lost:
        return _with(new, [entry for entry, _ in known.values()])
    kept = []
    for key, (entry, paths) in known.items():
        left = paths - lost if key == writer.key else paths - lost - mine
        if key == writer.key:
            mine = mine | left
        elif left:
            kept.append(entry if left == paths else entry | {"fieldsV1": trie(left)})
    if mine:
        kept.append(_entry(writer, mine))
    return _with(new, kept)


def _entry(writer: Writer, paths: Paths) -> Obj:
    made: Obj = {
        "manager": writer.manager,
        "operation": writer.operation,
        "apiVersion": writer.version,
        "time": writer.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": trie(paths),
    }
    return made | ({"subresource": writer.subresource} if writer.subresource else {})


def _with(obj: Obj, kept: list[Obj]) -> Obj:
    meta = {k: v for k, v in obj["metadata"].items() if k != "managedFields"}
    if kept:
        meta["managedFields"] = sorted(
            kept, key=lambda e: (e["operation"] != "Apply", e.get("time") or "", e["manager"])
        )
    return obj | {"metadata": meta}


@dataclass(frozen=True, slots=True)
class Applied:
    """The outcome of a server-side apply before defaults and validation, and the set that the applier owns from now on."""

    obj: Obj
    paths: Paths


def merge_applied(kind: Definition, live: Obj, config: Obj, writer: Writer, *, force: bool) -> Applied:
    """Merges an applied configuration into the live object. Raises the conflict when others own what it changes."""
    config = {k: v for k, v in config.items() if k not in ("apiVersion", "kind")}
    wanted = of_object(kind, config)
    known = entries(live)
    merged = merged_value(kind, live, config)
    written, _ = changed(kind, live, merged)
    touched = owned_only(written)
    if not force:
        _check(known, touched, wanted, writer)
    before = known.get(writer.key, ({}, NOTHING))[1]
    others = frozenset(p for key, (_, paths) in known.items() if key != writer.key for p in paths)
    dropped = before - wanted - others
    for path in sorted(dropped, key=len, reverse=True):
        merged = without(kind, merged, path)
    return Applied(merged, wanted)


def _check(
    known: dict[tuple[str, str, str, str], tuple[Obj, Paths]], touched: Paths, wanted: Paths, writer: Writer
) -> None:
    found: list[tuple[str, Obj, Path]] = []
    for key, (entry, paths) in known.items():
        if key[0] != writer.manager or key[1] != "Apply":
            found += [(key[0], entry, path) for path in sorted(paths & touched & wanted)]
    if found:
        raise _conflict(found)


def _conflict(found: list[tuple[str, Obj, Path]]) -> ApiError:
    by_manager: dict[str, list[str]] = {}
    causes = []
    for manager, entry, path in found:
        called = f'"{manager}"'
        if entry["operation"] == "Update":
            sub = f' with subresource "{entry["subresource"]}"' if entry.get("subresource") else ""
            called += f"{sub} using {entry['apiVersion']}"
            if entry.get("time"):
                called += f" at {entry['time']}"
        by_manager.setdefault(called, []).append(readable(path))
        causes.append({"reason": "FieldManagerConflict", "message": f"conflict with {called}", "field": readable(path)})
    total, plural = len(found), "s" if len(found) > 1 else ""
    if len(by_manager) == 1:
        called, fields = next(iter(by_manager.items()))
        listed = f": {fields[0]}" if len(fields) == 1 else ":\n" + "\n".join(f"- {f}" for f in fields)
        text = f"conflict{plural} with {called}{listed}"
    else:
        text = "conflicts with " + "\nconflicts with ".join(
            f"{called}:\n" + "\n".join(f"- {f}" for f in fields) for called, fields in by_manager.items()
        )
    return ApiError(409, f"Apply failed with {total} conflict{plural}: {text}", details={"causes": causes})


def after_apply(live: Obj | None, new: Obj, writer: Writer, paths: Paths, kind: Definition) -> Obj:
    """The object with its managedFields after an apply; those who lost a fight lose the field."""
    known = entries(live) if live else {}
    kept = []
    written = owned_only(changed(kind, live, new)[0]) if live else NOTHING
    for key, (entry, owned) in known.items():
        if key == writer.key:
            if owned == paths and live is not None and not written:
                writer = Writer(
                    writer.manager, "Apply", writer.version, entry.get("time", writer.time), writer.subresource
                )
            continue
        left = owned - (written & paths)
        if left:
            kept.append(entry if left == owned else entry | {"fieldsV1": trie(left)})
    return _with(new, [*kept, _entry(writer, paths)])


def merged_value(kind: Definition | Field, live: Any, applied: Any) -> Any:
    """The live value with what is applied on top, lists of keyed entries merged entry by entry."""
    spec = definition(kind.ref) if isinstance(kind, Field) and kind.code == "r" else kind
    whole = isinstance(kind, Field) and kind.list_type == "atomic"
    if whole or children(kind, applied) is None or type(live) is not type(applied):
        return copy({"v": applied})["v"]
    if isinstance(applied, dict):
        made = dict(live)
        for key, value in applied.items():
            inner = spec.fields.get(key, ANYTHING) if isinstance(spec, Definition) else (spec.item or ANYTHING)
            made[key] = merged_value(inner, live[key], value) if key in live else value
        return made
    assert isinstance(kind, Field)
    places = {element(kind, entry): index for index, entry in enumerate(live)}
    entries_ = list(live)
    for entry in applied:
        if (index := places.get(element(kind, entry))) is None:
            entries_.append(entry)
        elif not kind.is_set:
            entries_[index] = merged_value(kind.item or ANYTHING, entries_[index], entry)
    return entries_


def without(kind: Definition | Field, value: Any, path: Path) -> Any:
    """The value without the thing at a path."""
    step, rest = path[0], path[1:]
    if isinstance(value, dict) and step.startswith("f:"):
        key = step[2:]
        if key not in value:
            return value
        spec = definition(kind.ref) if isinstance(kind, Field) and kind.code == "r" else kind
        inner = spec.fields.get(key, ANYTHING) if isinstance(spec, Definition) else (spec.item or ANYTHING)
        if not rest:
            return {k: v for k, v in value.items() if k != key}
        return value | {key: without(inner, value[key], rest)}
    if isinstance(value, list) and isinstance(kind, Field):
        if not rest:
            return [entry for entry in value if element(kind, entry) != step]
        item = kind.item or ANYTHING
        return [without(item, entry, rest) if element(kind, entry) == step else entry for entry in value]
    return value


def known_paths(found: Iterable[Obj]) -> Paths:
    return frozenset(p for entry in found for p in untrie(entry.get("fieldsV1") or {}))
