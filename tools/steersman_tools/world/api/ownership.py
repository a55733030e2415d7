"""Which manager owns which fields: the sets of paths behind managedFields.

Source: sigs.k8s.io/structured-merge-diff; kubernetes.io/docs/reference/using-api/server-side-apply.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import orjson

from ..objects import Obj
from ..schema import ANYTHING, Definition, Field, definition

Path: TypeAlias = tuple[str, ...]
"""Steps of fieldsV1: `f:name`, `k:{keys}`, `v:value`."""
Paths: TypeAlias = frozenset[Path]
NOTHING: Paths = frozenset()

SKIPPED = frozenset({"kind", "apiVersion"})
META_SKIPPED = frozenset({
    "name", "namespace", "creationTimestamp", "uid", "resourceVersion", "generation", "managedFields", "selfLink",
    "deletionTimestamp", "deletionGracePeriodSeconds", "clusterName",
})  # fmt: skip


def element(spec: Field, entry: Any) -> str:
    """The step that names an entry of a list: `k:{"name":"web"}` or `v:"value"`."""
    if spec.is_set:
        return "v:" + orjson.dumps(entry).decode()
    keys = {k: entry[k] for k in sorted(spec.map_keys) if isinstance(entry, dict) and k in entry}
    if "protocol" in spec.map_keys and "protocol" not in keys:
        keys = {k: ("TCP" if k == "protocol" else keys.get(k)) for k in sorted(spec.map_keys)}
    return "k:" + orjson.dumps(keys).decode()


def children(kind: Definition | Field, value: Any) -> Iterator[tuple[str, Definition | Field, Any]] | None:
    """The parts of a value that can be owned apart, or None where it is owned as a whole."""
    if isinstance(kind, Field):
        if kind.code == "r":
            return None if kind.list_type == "atomic" else children(definition(kind.ref), value)
        if kind.code == "l":
            if not (kind.map_keys or kind.is_set) or not isinstance(value, list):
                return None
            item = kind.item or ANYTHING
            return ((element(kind, entry), ANYTHING if kind.is_set else item, entry) for entry in value)
        if kind.code == "d" and kind.list_type != "atomic" and isinstance(value, dict):
            item = kind.item or ANYTHING
            return ((f"f:{key}", item, entry) for key, entry in value.items())
        if kind.code == "*" and isinstance(value, dict):
            return ((f"f:{key}", ANYTHING, entry) for key, entry in value.items())
        return None
    if kind.atomic or not isinstance(value, dict):
        return None
    return ((f"f:{key}", kind.fields.get(key, ANYTHING), entry) for key, entry in value.items())


def leaves(kind: Definition | Field, value: Any, prefix: Path = (), *, maps: bool = True) -> Iterator[Path]:
    """The paths of all that a value has; `maps` says whether maps count as well as what is in them."""
    parts = children(kind, value)
    if parts is None:
        yield prefix
        return
    if prefix and (prefix[-1][0] == "k" or (maps and isinstance(kind, Field) and kind.code == "d")):
        yield prefix
    empty = True
    for step, inner, entry in parts:
        empty = False
        yield from leaves(inner, entry, (*prefix, step), maps=maps)
    if empty and prefix:
        yield prefix


def of_object(kind: Definition, obj: Obj) -> Paths:
    """The paths of an applied object, but for what nobody owns: its name, its uid and so on."""
    return owned_only(leaves(kind, obj, maps=False))


def owned_only(paths: Iterable[Path]) -> Paths:
    return frozenset(
        p
        for p in paths
        if p[0][2:] not in SKIPPED and not (p[0] == "f:metadata" and (len(p) == 1 or p[1][2:] in META_SKIPPED))
    )


def changed(kind: Definition | Field, old: Any, new: Any, prefix: Path = ()) -> tuple[set[Path], set[Path]]:
    """The paths that a write added or modified, and those that it removed."""
    if old is new or old == new:
        return set(), set()
    fresh, gone = children(kind, new), children(kind, old)
    if fresh is None or gone is None:
        return {prefix}, set()
    before = {step: (inner, entry) for step, inner, entry in gone}
    written: set[Path] = set()
    removed: set[Path] = set()
    for step, inner, entry in fresh:
        here = (*prefix, step)
        if step not in before:
            written.update(leaves(inner, entry, here))
            continue
        above, lost = changed(inner, before.pop(step)[1], entry, here)
        written |= above
        removed |= lost
    for step, (inner, entry) in before.items():
        removed.update(leaves(inner, entry, (*prefix, step)))
    return written, removed


def trie(paths: Iterable[Path]) -> Obj:
    """The paths as fieldsV1."""
    made: Obj = {}
    ordered = sorted(paths)
    whole = {p[:-1] for p in ordered} | {p[:n] for p in ordered for n in range(1, len(p) - 1)}
    for path in ordered:
        here = made
        for step in path:
            here = here.setdefault(step, {})
        if path in whole:
            here["."] = {}
    return made


def untrie(fields: Obj, prefix: Path = ()) -> Iterator[Path]:
    """The paths of fieldsV1."""
    for step, below in fields.items():
        if step == ".":
            yield prefix
        elif isinstance(below, dict):
            yield from untrie(below, (*prefix, step)) if below else iter([(*prefix, step)])


def readable(path: Path) -> str:
    """A path as conflicts show it: `.spec.template.spec.containers[name="web"].image`."""
    text = ""
    for step in path:
        if step.startswith("f:"):
            text += f".{step[2:]}"
        elif step.startswith("k:"):
            keys = orjson.loads(step[2:])
            text += "[" + ",".join(f"{k}={orjson.dumps(v).decode()}" for k, v in keys.items()) + "]"
        else:
            text += f"[={step[2:]}]"
    return text
