"""The three patches that are pure functions of two documents: JSON patch, JSON merge patch and strategic merge patch.

Source: RFC 6902, RFC 7386; sigs.k8s.io community contributors/devel/sig-api-machinery/strategic-merge-patch.md.
"""

from __future__ import annotations

from typing import Any

import jsonpatch
import jsonpointer

from ..objects import Obj, copy
from ..schema import ANYTHING, Definition, Field, definition
from .status import ApiError, bad_request

_DIRECTIVE, _RETAIN = "$patch", "$retainKeys"
_ORDER, _DELETE = "$setElementOrder/", "$deleteFromPrimitiveList/"


REJECTED = "the server rejected our request due to an error in our request"


def json_patch(obj: Obj, patch: Any) -> Obj:
    """RFC 6902."""
    if not isinstance(patch, list) or not all(isinstance(step, dict) for step in patch):
        raise bad_request("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    try:
        made = jsonpatch.JsonPatch(patch).apply(copy(obj))
    except (
        jsonpatch.JsonPatchException,
        jsonpointer.JsonPointerException,
        KeyError,
        TypeError,
        ValueError,
        IndexError,
    ) as error:
        raise ApiError(422, REJECTED, details={}) from error
    if not isinstance(made, dict):
        raise ApiError(422, REJECTED, details={})
    return made


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    made = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merge_patch(made.get(key), value)
    return made


def strategic(kind: Definition, obj: Obj, patch: Obj) -> Obj:
    """A strategic merge patch: lists of keyed entries are merged, `$patch`, `$retainKeys` and the like are obeyed."""
    return _object(kind, obj, patch)


def _object(kind: Definition | Field, target: Obj, patch: Obj) -> Obj:
    directive = patch.get(_DIRECTIVE)
    if directive == "replace":
        return {k: v for k, v in patch.items() if k != _DIRECTIVE}
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise bad_request(f"Unrecognized patch directive: map[{_DIRECTIVE}:{directive}]" if not isinstance(directive, str)
                          else f"Unknown patch type found: {directive}")  # fmt: skip
    made = dict(target)
    if _RETAIN in patch:
        keep = patch[_RETAIN]
        made = {k: v for k, v in made.items() if isinstance(keep, list) and k in keep}
    spec = definition(kind.ref) if isinstance(kind, Field) and kind.code == "r" else kind
    for key, value in patch.items():
        if key.startswith(_DELETE):
            _drop_values(made, key.removeprefix(_DELETE), value)
    for key, value in patch.items():
        if key in (_DIRECTIVE, _RETAIN) or key.startswith((_DELETE, _ORDER)):
            continue
        inner = spec.fields.get(key, ANYTHING) if isinstance(spec, Definition) else (spec.item or ANYTHING)
        if value is None:
            made.pop(key, None)
        elif isinstance(value, dict):
            here = made.get(key)
            made[key] = _object(inner, here if isinstance(here, dict) else {}, value)
        elif isinstance(value, list):
            made[key] = _list(inner, made.get(key), value, patch.get(_ORDER + key))
        else:
            made[key] = value
    for key, order in patch.items():
        if key.startswith(_ORDER) and (name := key.removeprefix(_ORDER)) in made and name not in patch:
            inner = spec.fields.get(name, ANYTHING) if isinstance(spec, Definition) else ANYTHING
            made[name] = _ordered(inner, made[name], order, target.get(name) or [])
    return made


def _drop_values(made: Obj, key: str, values: Any) -> None:
    if isinstance(made.get(key), list) and isinstance(values, list):
        made[key] = [entry for entry in made[key] if entry not in values]


def _list(spec: Field, target: Any, patch: list[Any], order: Any) -> list[Any]:
    live = target if isinstance(target, list) else []
    if any(isinstance(entry, dict) and entry.get(_DIRECTIVE) == "replace" for entry in patch):
        return [e for e in patch if not (isinstance(e, dict) and _DIRECTIVE in e)]
    if spec.code != "l" or not spec.merges:
        return [e for e in patch if e is not None]
    merged = _merged(spec, live, patch) if spec.merge_key else [*live, *(e for e in patch if e not in live)]
    return _ordered(spec, merged, order if isinstance(order, list) else patch, live)


def _merged(spec: Field, live: list[Any], patch: list[Any]) -> list[Any]:
    key, item = spec.merge_key, spec.item or ANYTHING
    made = list(live)
    for entry in patch:
        if not isinstance(entry, dict) or key not in entry:
            raise ApiError(500, f"map: {_go(entry)} does not contain declared merge key: {key}", reason="-")
        place = next((i for i, e in enumerate(made) if isinstance(e, dict) and e.get(key) == entry[key]), None)
        if entry.get(_DIRECTIVE) == "delete":
            made = [e for e in made if not (isinstance(e, dict) and e.get(key) == entry[key])]
        elif place is None:
            made.append(_object(item, {}, entry))
        else:
            made[place] = _object(item, made[place], entry)
    return made


def _ordered(spec: Field, entries: list[Any], order: Any, live: list[Any]) -> list[Any]:
    """The entries that the patch names, in its order, woven into the others, which keep the order that they had."""
    if not isinstance(order, list):
        return entries
    key = spec.merge_key

    def name(entry: Any) -> Any:
        return entry.get(key) if key and isinstance(entry, dict) else entry

    wanted, had = [name(entry) for entry in order], [name(entry) for entry in live]
    right = sorted((e for e in entries if name(e) in wanted), key=lambda e: wanted.index(name(e)))
    left = [e for e in entries if name(e) not in wanted]
    made: list[Any] = []
    while left and right:
        first, second = name(left[0]), name(right[0])
        before = first in had and second in had and had.index(first) < had.index(second)
        made.append(left.pop(0) if before else right.pop(0))
    return made + left + right


def _go(value: Any) -> str:
    """A value as Go prints it with %v."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{k}:{_go(v)}" for k, v in sorted(value.items())) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(_go, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
