"""When each output was made. Ages in a text are against the moment of its command, and a session takes minutes: what an
age and an absolute time of one object say together gives the moments of some commands, and those bound the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from ...fields import Fields, read_time
from .parts import Part, Rank
from .times import exact

_CREATED = ("metadata", "creationTimestamp")
_IN_CONDITIONS = ("lastHeartbeatTime", "lastTransitionTime", "lastUpdateTime", "lastProbeTime")
_IN_STATUS = ("startTime", "completionTime", "lastScheduleTime", "lastScaleTime")
_IN_STATES = ("running.startedAt", "terminated.finishedAt")


def moments(parts: Sequence[Part], outputs: int) -> list[datetime]:
    """The moment of each output, never earlier than that of the one before it; now, where no text bears any time."""
    known = _created(parts)
    anchors: dict[int, datetime] = {}
    for part in parts:
        for moment in (*_seen(part), *_by_age(part, known)):
            anchors[part.place] = max(anchors.get(part.place, moment), moment)
    if not anchors:
        return [datetime.now(UTC)] * max(outputs, 1)
    first = anchors[min(anchors)]
    return list(accumulate((anchors.get(place, first) for place in range(max(outputs, 1))), max))


def _created(parts: Iterable[Part]) -> dict[tuple[str, str | None, str], datetime]:
    """When objects were created, as far as a text says so outright; where texts differ, it is another object each time."""
    found: dict[tuple[str, str | None, str], set[datetime]] = {}
    for part in parts:
        if part.rank >= Rank.DESCRIBED and (moment := Fields(part.obj).time("metadata.creationTimestamp")):
            found.setdefault((part.kind, part.namespace, part.name), set()).add(moment)
    return {key: times.pop() for key, times in found.items() if len(times) == 1}


def _by_age(part: Part, created: dict[tuple[str, str | None, str], datetime]) -> Iterable[datetime]:
    seconds = part.ages.get(_CREATED)
    moment = created.get((part.kind, part.namespace, part.name))
    if seconds is not None and moment and exact(seconds):
        yield moment + timedelta(seconds=seconds)


def _seen(part: Part) -> Iterable[datetime]:
    """Times in an object that had passed when it was printed."""
    if part.rank < Rank.DESCRIBED:
        return
    view = Fields(part.obj)
    texts = [part.seen or "", view.text("metadata.creationTimestamp")]
    texts += [view.text(f"status.{name}") for name in _IN_STATUS]
    texts += [c.text(name) for c in view.each("status.conditions") for name in _IN_CONDITIONS]
    for status in (*view.each("status.containerStatuses"), *view.each("status.initContainerStatuses")):
        texts += [status.text(f"{state}.{name}") for state in ("state", "lastState") for name in _IN_STATES]
    yield from (moment for text in texts if text and (moment := read_time(text)))
