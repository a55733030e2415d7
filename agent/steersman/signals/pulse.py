"""How often a metrics source looks at the world, and since when: steps, windows and reaches are taken from that, so that the same
code judges a cluster scraped twice a minute and a lab scraped every second."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from steersman_tools.metrics import MetricsSource, Query, Series
from steersman_tools.types import Frozen

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
_COUNTED = 5 * MINUTE
_LOOKS = ((15 * MINUTE, 15.0), (2 * DAY, 15 * MINUTE))
"""Stretches in which the first scrape is looked for, with the step: a young source is asked finely, an old one coarsely."""


class Pulse(Frozen):
    """Seconds between two scrapes, and since the first one (two days at most)."""

    interval: float = 15.0
    history: float = 2 * DAY

    @property
    def window(self) -> float:
        """Seconds over which rates are taken: four scrapes, and not so few seconds that a handful of requests decides."""
        return max(4 * self.interval, 10.0)

    def reach(self, scrapes: float) -> float:
        """Seconds back that hold so many scrapes, as far as there are any."""
        return max(min(scrapes * self.interval, self.history), 12 * self.interval)


async def pulse(source: MetricsSource, now: datetime) -> Pulse:
    """Counts the scrapes of the last minutes. A source that does not tell (it has no `up`) is taken for one like most others.
    Raises ToolFailed where the source does not answer."""
    asked = Query(metric="up", function="count_over_time", window=_COUNTED, aggregate="max")
    found = await asyncio.gather(
        *(source.range(asked, now - timedelta(seconds=reach), now, step) for reach, step in _LOOKS)
    )
    points = sorted({at: value for answer in found for at, value in _points(answer)}.items())
    if not points:
        return Pulse()
    history = now.timestamp() - points[0][0]
    count = points[-1][1]
    interval = min(_COUNTED, max(history, 1.0)) / max(count, 1.0)
    return Pulse(interval=max(1.0, interval), history=max(history, 1.0))


def _points(answer: list[Series]) -> list[tuple[float, float]]:
    return [pair for each in answer for pair in zip(each.times, each.values, strict=True)]
