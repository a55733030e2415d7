"""How fast a queue moves, learnt from jobs that were seen to wait: a line through (jobs ahead, seconds waited), the newest counting most.

Jobs ahead that are cancelled, sessions that jump the queue and hours of calibration are all in what was seen; they are not in
"pending × mean duration". The line is fitted by least absolute deviations, so that one bad day does not bend it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..types import Frozen

LEAST = 8
"""Fewer waits than these say nothing."""
HALF_LIFE_DAYS = 4.0
ROUNDS = 25
_TINY = 1.0


class Seen(Frozen):
    """One job that was seen waiting behind so many others, and later to have started."""

    at: datetime
    ahead: int
    waited_seconds: float
    started: datetime


class Pace(Frozen):
    """Seconds a job ahead, and seconds whatever is ahead."""

    each: float
    base: float

    def seconds(self, ahead: int) -> float:
        """The expected wait behind so many jobs."""
        return max(self.base + self.each * ahead, 0.0)


def learn(seen: Sequence[Seen], now: datetime) -> Pace | None:
    """The pace by what had started before now; None where that is too little."""
    known = [s for s in seen if s.started <= now]
    if len(known) < LEAST:
        return None
    rows = [
        (float(s.ahead), s.waited_seconds, 0.5 ** ((now - s.started).total_seconds() / 86_400 / HALF_LIFE_DAYS))
        for s in known
    ]
    each, base = 0.0, 0.0
    for _ in range(ROUNDS):  # least absolute deviations, by least squares with weights
        weights = (
            [w / max(abs(y - base - each * x), _TINY) for x, y, w in rows] if each or base else [w for _, _, w in rows]
        )
        total = sum(weights)
        mean_x = sum(w * x for w, (x, _, _) in zip(weights, rows, strict=True)) / total
        mean_y = sum(w * y for w, (_, y, _) in zip(weights, rows, strict=True)) / total
        spread = sum(w * (x - mean_x) ** 2 for w, (x, _, _) in zip(weights, rows, strict=True))
        lean = sum(w * (x - mean_x) * (y - mean_y) for w, (x, y, _) in zip(weights, rows, strict=True))
        each = max(lean / spread, 0.0) if spread > 0 else 0.0
        base = max(mean_y - each * mean_x, 0.0)
        if base == 0.0 and mean_x > 0:
            each = mean_y / mean_x
    return Pace(each=each, base=base)
