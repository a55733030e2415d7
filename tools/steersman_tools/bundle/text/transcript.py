"""From kubectl's own words to the contents of a bundle: what every output tells, put together as one moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from ...types import Json, NotChecked
from ..contents import Contents
from .build import Object
from .clock import moments
from .happened import event_objects
from .inherit import inherit
from .merge import fill
from .owners import Key, adopt
from .parts import EventPart, Listing, LogPart, Part, Rank, Reading
from .reading import read
from .times import before
from .whose import assign_logs

UNNAMED = "default"
"""The namespace of a context that nothing gives away."""


def read_transcript(pairs: Iterable[tuple[str, str]]) -> Contents:
    """What commands and their outputs show together, in the order in which they were run; a command may be ''."""
    readings = _in_context([_placed(read(line, output), place) for place, (line, output) in enumerate(pairs)])
    parts = [part for reading in readings for part in reading.parts]
    times = moments(parts, len(readings))
    listings = [listing for reading in readings for listing in reading.listings]
    absent = {
        (kind, namespace or "", name): reading.place for reading in readings for kind, namespace, name in reading.absent
    }
    objects, wanted = _objects(parts, times, listings, absent)
    adopt(objects)
    inherit(objects)
    found = Contents(
        complete={(listing.kind, listing.namespace or "") for listing in listings},
        units=[unit for reading in readings for unit in reading.units],
        version=next((reading.version for reading in readings if reading.version), ""),
        gaps=_gaps(readings),
    )
    found.objects = [(kind, obj) for (kind, _, _), obj in objects.items()]
    found.wanted = [(kind, obj) for (kind, _, _), obj in wanted.items()]
    found.objects += [("Event", event) for event in event_objects(readings, times)]
    for key, log in assign_logs([log for reading in readings for log in reading.logs], objects):
        found.logs[key] = log.text
        if log.filtered:
            found.filtered.add(key)
    return found


def _placed(reading: Reading, place: int) -> Reading:
    reading.place = place
    things: list[Part | EventPart | Listing] = [*reading.parts, *reading.events, *reading.listings]
    for thing in things:
        thing.place = place
    return reading


def _in_context(readings: list[Reading]) -> list[Reading]:
    """Every namespace that no output names is that of the context: the one known last, or else the one known first."""
    told = [reading.context for reading in readings if reading.context]
    context = told[0] if told else UNNAMED
    for reading in readings:
        context = reading.context or context
        things: list[Part | EventPart | LogPart | Listing] = [
            *reading.parts,
            *reading.events,
            *reading.logs,
            *reading.listings,
        ]
        for thing in things:
            if thing.namespace is None:
                thing.namespace = context
        reading.absent = [(kind, context if where is None else where, name) for kind, where, name in reading.absent]
        for listing in reading.listings:
            listing.names = frozenset((listing.namespace if n is None else n, name) for n, name in listing.names)
    return readings


def _objects(
    parts: Sequence[Part], times: Sequence[datetime], listings: Sequence[Listing], absent: Mapping[Key, int]
) -> tuple[dict[Key, Object], dict[Key, Object]]:
    """The objects, each of its parts: the best source first, of two alike the later one. Then those that files only want."""
    by: dict[Key, list[Part]] = {}
    for part in parts:
        by.setdefault((part.kind, part.namespace or "", part.name), []).append(part)
    last = _last_listings(listings)
    listed = {(kind, where) for kind, where in last}
    objects: dict[Key, Object] = {}
    wanted: dict[Key, Object] = {}
    for key, own in by.items():
        seen = [p.place for p in own if p.rank not in (Rank.MENTION, Rank.MANIFEST)]
        if not seen and {(key[0], key[1]), (key[0], "")} & listed:
            asked = [
                p for p in own if p.rank is Rank.MANIFEST
            ]  # the listing does not show what a file wants, or something names
            if asked:
                wanted[key] = _merged(key, asked, times)
            continue
        if not _gone(key, max(seen, default=-1), last) and absent.get(key, -1) < max(seen, default=0):
            objects[key] = _merged(key, sorted(own, key=lambda p: (-p.rank, -p.place)), times)
    return objects, wanted


def _last_listings(listings: Sequence[Listing]) -> dict[tuple[str, str], Listing]:
    """By kind and namespace: the last time that all objects were listed."""
    return {(listing.kind, listing.namespace or ""): listing for listing in listings}


def _gone(key: Key, seen: int, last: Mapping[tuple[str, str], Listing]) -> bool:
    """Whether a listing later than all that tells of the object does not show it."""
    kind, namespace, name = key
    for where in (namespace, ""):
        listing = last.get((kind, where))
        if listing and listing.place >= seen and (namespace, name) not in listing.names:
            return True
    return False


def _merged(key: Key, own: Sequence[Part], times: Sequence[datetime]) -> Object:
    kind, namespace, name = key
    obj: Object = {"kind": kind}
    metadata: Object = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    obj["metadata"] = metadata
    for part in own:
        for path, seconds in part.ages.items():
            _dated(part.obj, path, before(times[part.place], seconds))
        fill(obj, part.obj)
    return obj


def _dated(obj: Json, path: Sequence[str | int], moment: str) -> None:
    """Writes a time into an object where it has none."""
    *above, last = path
    for step, after in zip(above, path[1:], strict=True):
        if isinstance(obj, dict) and isinstance(step, str):
            obj = obj.setdefault(step, [] if isinstance(after, int) else {})
        elif isinstance(obj, list) and isinstance(step, int) and step < len(obj):
            obj = obj[step]
        else:
            return
    if isinstance(obj, dict) and isinstance(last, str):
        obj.setdefault(last, moment)


def _gaps(readings: Iterable[Reading]) -> list[NotChecked]:
    return list(dict.fromkeys(gap for reading in readings for gap in reading.gaps))
