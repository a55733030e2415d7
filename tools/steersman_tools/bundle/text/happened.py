"""Events from several outputs as one list: `describe` and `get events` tell of the same ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from ...types import Json
from .build import Object, put
from .parts import EventPart, Reading
from .times import before


def event_objects(readings: Iterable[Reading], times: Sequence[datetime]) -> Iterator[Json]:
    """The events as the API writes them; of one that several outputs show, the one that tells most."""
    best: dict[tuple[str, str, str, str, str, str], EventPart] = {}
    for event in (event for reading in readings for event in reading.events):
        key = (event.kind, event.namespace or "", event.name, event.type, event.reason, " ".join(event.message.split()))
        known = best.get(key)
        if known is None or _tells(event) > _tells(known):
            best[key] = event
    for event in best.values():
        yield _object(event, times[event.place])


def _tells(event: EventPart) -> tuple[bool, int, bool, int]:
    return event.last is not None, event.count, bool(event.source or event.field_path), event.place


def _object(event: EventPart, moment: datetime) -> Json:
    about: Object = {"kind": event.kind, "name": event.name}
    if event.namespace:
        about["namespace"] = event.namespace
    put(about, "fieldPath", event.field_path or None)
    obj: Object = {
        "kind": "Event", "involvedObject": about, "type": event.type, "reason": event.reason,
        "message": event.message, "count": event.count,
    }  # fmt: skip
    put(obj, "source.component", event.source or None)
    if event.last is not None:
        obj["lastTimestamp"] = before(moment, event.last)
    if event.first is not None:
        obj["firstTimestamp"] = before(moment, event.first)
    return obj
