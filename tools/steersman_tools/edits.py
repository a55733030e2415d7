"""Changes of single fields: how one JSON value became another, exactly, so that it can be shown, checked and taken back.

A path is text such as `spec.template.spec.containers[name=app].image` or `data['tls.crt']`. Lists whose entries all have
names of their own are compared entry by entry, so that a neighbour's change is none of ours; other lists are one value.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import JsonValue

from .types import Frozen, Json

KEYS = ("name", "containerPort", "port", "mountPath", "key")
"""What tells the entries of a list apart, best first; `name` does in nearly all of the API."""

_STEP = re.compile(
    r"\.?(?:\[(?P<key>[A-Za-z]+)=(?P<value>[^\]]*)\]|\[(?P<index>\d+)\]|\['(?P<quoted>[^']*)'\]|(?P<name>[^.\[\]]+))"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A step into a list: the entry whose `key` reads `value`."""

    key: str
    value: str

    def matches(self, entry: Json) -> bool:
        return isinstance(entry, dict) and str(entry.get(self.key)) == self.value


Step: TypeAlias = str | int | Entry


class BadPath(ValueError):
    """The text is no path, or leads nowhere; the sentence says which."""


class Clash(Exception):
    """A field is not as it was when the change was made: somebody else has written it. The catcher leaves it alone."""


class Change(Frozen):
    """One field that was added, removed or replaced."""

    path: str
    op: Literal["add", "remove", "replace"]
    before: JsonValue = None
    after: JsonValue = None
    position: int | None = None
    """Where in its list the entry stands that was added or removed."""

    @property
    def inverse(self) -> Change:
        ops: dict[str, Literal["add", "remove", "replace"]] = {"add": "remove", "remove": "add", "replace": "replace"}
        return Change(path=self.path, op=ops[self.op], before=self.after, after=self.before, position=self.position)

    def __str__(self) -> str:
        match self.op:
            case "add":
                return f"{self.path}: + {_short(self.after)}"
            case "remove":
                return f"{self.path}: - {_short(self.before)}"
        return f"{self.path}: {_short(self.before)} → {_short(self.after)}"


def _short(value: JsonValue) -> str:
    text = str(value) if not isinstance(value, str) else value
    return text if len(text) <= 120 else f"{text[:117]}…"


def parse(path: str) -> tuple[Step, ...]:
    """The steps of a path. Raises BadPath."""
    steps: list[Step] = []
    at = 0
    while at < len(path):
        found = _STEP.match(path, at)
        if not found or found.end() == at:
            raise BadPath(f"{path!r} is no path of a field; write it as spec.ports[0].targetPort.")
        if found["key"]:
            steps.append(Entry(found["key"], found["value"]))
        elif found["index"]:
            steps.append(int(found["index"]))
        else:
            steps.append(found["quoted"] if found["quoted"] is not None else found["name"])
        at = found.end()
    if not steps:
        raise BadPath("An empty path names no field.")
    return tuple(steps)


def written(steps: Iterable[Step]) -> str:
    """The text of a path."""
    text = ""
    for step in steps:
        match step:
            case Entry(key, value):
                text += f"[{key}={value}]"
            case int():
                text += f"[{step}]"
            case _ if re.fullmatch(r"[^.\[\]']+", step):
                text += f".{step}" if text else step
            case _:
                text += f"['{step}']"
    return text


# -- comparing ---------------------------------------------------------------------------------------------------------
def diff(before: Json, after: Json, prefix: tuple[Step, ...] = ()) -> list[Change]:
    """What changed, in an order in which it can be applied."""
    if isinstance(before, dict) and isinstance(after, dict):
        found: list[Change] = []
        for key in {**before, **after}:
            path = (*prefix, key)
            if key not in after:
                found.append(Change(path=written(path), op="remove", before=before[key]))
            elif key not in before:
                found.append(Change(path=written(path), op="add", after=after[key]))
            else:
                found += diff(before[key], after[key], path)
        return found
    if isinstance(before, list) and isinstance(after, list) and before != after and (key := _key(before, after)):
        return _list_diff(before, after, key, prefix)
    return [] if _same(before, after) else [Change(path=written(prefix), op="replace", before=before, after=after)]


def _same(one: Json, other: Json) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _key(before: list[Json], after: list[Json]) -> str:
    """The key that tells the entries of both lists apart while those in both keep their order; empty where none does."""
    for key in KEYS:
        names = [[str(e[key]) for e in entries if isinstance(e, dict) and key in e] for entries in (before, after)]
        whole = all(len(n) == len(entries) == len(set(n)) for n, entries in zip(names, (before, after), strict=True))
        if whole and any("]" in n for part in names for n in part):
            continue
        common = set(names[0]) & set(names[1])
        if whole and [n for n in names[0] if n in common] == [n for n in names[1] if n in common]:
            return key
    return ""


def _list_diff(before: list[Json], after: list[Json], key: str, prefix: tuple[Step, ...]) -> list[Change]:
    def named(entries: list[Json]) -> dict[str, tuple[int, Json]]:
        return {str(e[key]): (i, e) for i, e in enumerate(entries) if isinstance(e, dict)}

    old, new = named(before), named(after)
    found = [
        Change(path=written((*prefix, Entry(key, name))), op="remove", before=entry, position=at)
        for name, (at, entry) in reversed(old.items())
        if name not in new
    ]
    for name, (at, entry) in new.items():
        path = (*prefix, Entry(key, name))
        if name in old:
            found += diff(old[name][1], entry, path)
        else:
            found.append(Change(path=written(path), op="add", after=entry, position=at))
    return found


# -- applying ----------------------------------------------------------------------------------------------------------
def apply(value: Json, changes: Iterable[Change]) -> Json:
    """The value with the changes made. Raises Clash where a field is not as it was before the change."""
    made = copy.deepcopy(value)
    for change in changes:
        _make(made, change)
    return made


def take_back(value: Json, changes: Iterable[Change]) -> Json:
    """The value with the changes undone, the last first. Raises Clash where somebody has written a field since."""
    return apply(value, [change.inverse for change in reversed(list(changes))])


def missing(value: Json, path: str) -> bool:
    """Whether there is nothing at the path."""
    return _find(value, parse(path)) is _NOTHING


def at(value: Json, path: str) -> Json:
    """What stands at the path; None where nothing does. Raises BadPath."""
    found = _find(value, parse(path))
    return None if found is _NOTHING else found  # type: ignore[return-value]


def put(value: Json, path: str, new: Json) -> Json:
    """A copy with the field set; mappings on the way are made where they are missing. Raises BadPath."""
    made = copy.deepcopy(value)
    *way, last = parse(path)
    place = made
    for number, step in enumerate(way):
        below = _find(place, (step,))
        if (below is _NOTHING or below is None) and isinstance(place, dict) and isinstance(step, str):
            following = (*way, last)[number + 1]
            below = place[step] = {} if isinstance(following, str) else []
        if below is _NOTHING:
            raise BadPath(f"There is no {written((*way[: number + 1],))} to set {path} in.")
        place = below  # type: ignore[assignment]
    _set(place, last, new, path)
    return made


def drop(value: Json, path: str) -> Json:
    """A copy without the field; a field that is not there is no error. Raises BadPath."""
    made = copy.deepcopy(value)
    *way, last = parse(path)
    place = _find(made, tuple(way))
    if isinstance(place, dict) and isinstance(last, str):
        place.pop(last, None)
    elif isinstance(place, list) and (where := _index(place, last)) is not None:
        del place[where]
    return made


_NOTHING = object()


def _find(value: Json, steps: tuple[Step, ...]) -> object:
    for step in steps:
        if isinstance(value, dict) and isinstance(step, str):
            if step not in value:
                return _NOTHING
            value = value[step]
        elif isinstance(value, list) and (where := _index(value, step)) is not None:
            value = value[where]
        else:
            return _NOTHING
    return value


def _index(entries: list[Json], step: Step) -> int | None:
    if isinstance(step, int):
        return step if step < len(entries) else None
    if isinstance(step, Entry):
        return next((i for i, entry in enumerate(entries) if step.matches(entry)), None)
    return None


def _set(place: Json, step: Step, new: Json, path: str) -> None:
    if isinstance(place, dict) and isinstance(step, str):
        place[step] = new
    elif isinstance(place, list) and (where := _index(place, step)) is not None:
        place[where] = new
    elif isinstance(place, list) and (step == len(place) or isinstance(step, Entry)):
        place.append(new)
    else:
        raise BadPath(f"There is no place for {path}.")


def _make(value: Json, change: Change) -> None:
    *way, last = parse(change.path)
    place, now = _find(value, tuple(way)), _find(value, (*way, last))
    expected = _NOTHING if change.op == "add" else change.before
    if (now is _NOTHING) != (expected is _NOTHING) or (now is not _NOTHING and now != expected):
        shown = "absent" if now is _NOTHING else _short(now)  # type: ignore[arg-type]
        wanted = "absent" if expected is _NOTHING else _short(change.before)
        raise Clash(f"{change.path} is {shown}, not {wanted} as it was left")
    new = copy.deepcopy(change.after)
    if isinstance(place, list):
        where = _index(place, last)
        if change.op == "add":
            place.insert(min(change.position if change.position is not None else len(place), len(place)), new)
        elif change.op == "remove" and where is not None:
            del place[where]
        elif where is not None:
            place[where] = new
    elif isinstance(place, dict) and isinstance(last, str):
        if change.op == "remove":
            del place[last]
        else:
            place[last] = new
    else:
        raise Clash(f"{written(tuple(way))} is gone")


def json_patch(before: Json, after: Json) -> list[Mapping[str, Json]]:
    """The RFC 6902 operations that lead from one to the other."""
    import jsonpatch  # noqa: PLC0415  slow to load, and only writers need it

    return list(jsonpatch.make_patch(before, after))
