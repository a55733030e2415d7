"""The one door for every face: a session is asked something and answers with a stream of entries."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

from steersman_tools.clock import Clock, WallClock
from steersman_tools.types import ToolFailed

from . import workflow
from .gather import Sources
from .types import Asked, Closed, Entry, Event, Failed, Request

__all__ = ["Session", "Sources"]


class Session:
    """One question and everything that follows from it."""

    def __init__(self, sources: Sources, clock: Clock | None = None, session_id: str = "") -> None:
        self._sources, self._clock = sources, clock or WallClock()
        self.id = session_id or f"{self._clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        self._count = 0

    async def start(self, request: Request) -> AsyncIterator[Entry]:
        """Asks; yields every event until the session is closed. Nothing that a person can mend is raised."""
        yield self._entry(Asked(request=request))
        try:
            async for event in workflow.investigate(request, self._sources):
                yield self._entry(event)
        except ToolFailed as error:
            yield self._entry(Failed(text=str(error)))
            yield self._entry(Closed(outcome="failed"))
            return
        yield self._entry(Closed(outcome="answered"))

    def _entry(self, event: Event) -> Entry:
        self._count += 1
        return Entry(session=self.id, number=self._count, at=self._clock.now(), event=event)
