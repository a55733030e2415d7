"""A standing watch: looks again and again, and says only what is new or over. What is looked at is what a person would ask for: causes,
what will run out, and the load that is coming."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from steersman_tools.clock import Clock, WallClock
from steersman_tools.types import Frozen, Ref, ToolFailed

from .foresight import FUTURE, foreseeing
from .outlook import HORIZON, Outlook, outlook
from .session import Session, Sources
from .types import Cause, Diagnosed, Diagnosis, Failed, Request

AHEAD = 900.0
"""Seconds ahead within which coming load is worth a word."""
PATIENCE = 2
"""Looks in a row that must not see a thing before it is over: what flickers is told once."""

Kind: TypeAlias = Literal["cause", "symptom", "warning", "load", "blind"]


class Sight(Frozen):
    """One thing that is worth a word."""

    kind: Kind
    entity: Ref
    what: str
    """The fault; of a warning, what runs out; of a symptom, nothing."""
    text: str
    call: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """By what it is known again."""
        return self.kind, str(self.entity), self.what


class News(Frozen):
    """Something has begun, or is over."""

    at: datetime
    state: Literal["new", "over"]
    sight: Sight
    since: datetime
    """When it was first seen."""


class Seen(Frozen):
    """One look. Of the kinds in `blind` nothing could be seen."""

    at: datetime
    sights: tuple[Sight, ...] = ()
    blind: frozenset[Kind] = frozenset()


@dataclass
class Memory:
    """What has been told and is not over."""

    _known: dict[tuple[str, str, str], tuple[Sight, datetime]] = field(default_factory=dict)
    _missed: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def news(self, seen: Seen) -> tuple[News, ...]:
        """What this look tells that was not told before."""
        return (*self._begun(seen), *self._ended(seen))

    def _begun(self, seen: Seen) -> Iterator[News]:
        for sight in seen.sights:
            self._missed.pop(sight.key, None)
            if sight.key not in self._known:
                self._known[sight.key] = (sight, seen.at)
                yield News(at=seen.at, state="new", sight=sight, since=seen.at)

    def _ended(self, seen: Seen) -> Iterator[News]:
        here = {sight.key for sight in seen.sights}
        for key, (sight, since) in list(self._known.items()):
            if key in here or sight.kind in seen.blind:
                continue
            self._missed[key] = self._missed.get(key, 0) + 1
            if self._missed[key] >= PATIENCE:
                del self._known[key], self._missed[key]
                yield News(at=seen.at, state="over", sight=sight, since=since)


async def look(sources: Sources, namespace: str | None = None, clock: Clock | None = None) -> Seen:
    """Looks once, at everything. Raises nothing: what cannot be seen is a sight itself."""
    clock = clock or WallClock()
    now, blind, gaps = clock.now(), set[Kind](), list[str]()
    try:
        watched = await foreseeing(sources, now, AHEAD)
    except ToolFailed as problem:
        watched = sources
        blind.add("load")
        if sources.metrics is not None:
            gaps.append(str(problem))
    diagnosis, failure = await _diagnosed(watched, namespace, clock)
    if diagnosis is None:
        blind |= {"cause", "symptom", "load"}
        gaps.append(failure)
    ahead = await outlook(sources, HORIZON, "", namespace, clock)
    if any(gap.what in ("metrics", "everything that is measured") for gap in ahead.not_checked):
        blind.add("warning")
    sights = [
        *(_of_diagnosis(diagnosis) if diagnosis else ()),
        *_of_outlook(ahead),
        *(Sight(kind="blind", entity=Ref("", "Cluster", ""), what=gap, text=gap) for gap in dict.fromkeys(gaps)),
    ]
    return Seen(at=now, sights=tuple(sights), blind=frozenset(blind))


async def watch(
    sources: Sources, every: float, rounds: int | None = None, namespace: str | None = None, clock: Clock | None = None
) -> AsyncIterator[tuple[News, ...]]:
    """Looks every so many seconds, for ever or so often; yields what is new after each look."""
    clock, memory, done = clock or WallClock(), Memory(), 0
    while True:
        yield memory.news(await look(sources, namespace, clock))
        done += 1
        if rounds is not None and done >= rounds:
            return
        await clock.sleep(every)


async def _diagnosed(sources: Sources, namespace: str | None, clock: Clock) -> tuple[Diagnosis | None, str]:
    """The diagnosis, or why there is none."""
    failure = "the cluster gave no answer"
    async for entry in Session(sources, clock).start(Request(namespace=namespace)):
        if isinstance(entry.event, Diagnosed):
            return entry.event.diagnosis, ""
        if isinstance(entry.event, Failed):
            failure = entry.event.text
    return None, failure


def _of_diagnosis(found: Diagnosis) -> Iterator[Sight]:
    calls = {evidence.id: evidence.call for evidence in found.evidence}
    for cause in found.causes:
        yield _cause(cause, calls.get(cause.cites[0], "") if cause.cites else "")
    for each in found.unexplained:
        yield Sight(kind="symptom", entity=each.entity, what="", text=each.text)


def _cause(cause: Cause, call: str) -> Sight:
    kind: Kind = "load" if cause.fault in FUTURE else "cause"
    return Sight(kind=kind, entity=cause.entity, what=cause.fault, text=cause.summary, call=call)


def _of_outlook(found: Outlook) -> Iterator[Sight]:
    for each in found.runs_out:
        yield Sight(kind="warning", entity=each.entity, what=each.what, text=each.summary, call=each.call)
