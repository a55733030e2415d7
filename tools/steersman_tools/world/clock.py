"""Clocks that a world can be moved along: one that stands still, and the machine's own, set back to live through a past."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ..clock import Clock, WallClock


class MovableClock(Clock, Protocol):
    """A clock whose time can be moved forward."""

    def move_to(self, moment: datetime) -> None:
        """Makes it that moment, if that is later than now."""


class SimulatedClock:
    """Time that passes only when it is moved: an hour of back-off runs in milliseconds."""

    def __init__(self, start: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def move_to(self, moment: datetime) -> None:
        self._now = max(self._now, moment)

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Passes the time at once."""
        self.advance(seconds)
        await asyncio.sleep(0)


class ShiftedClock:
    """Another clock, `behind` seconds late until it is moved forward: a world that begins in the past and arrives at the present."""

    def __init__(self, base: Clock | None = None, behind: float = 0.0) -> None:
        self.base = base or WallClock()
        self._offset = timedelta(seconds=-behind)

    def now(self) -> datetime:
        return self.base.now() + self._offset

    def move_to(self, moment: datetime) -> None:
        self._offset += max(moment - self.now(), timedelta())

    async def sleep(self, seconds: float) -> None:
        await self.base.sleep(seconds)
