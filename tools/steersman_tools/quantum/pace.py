"""How fast a queue moves, learnt from jobs that were seen to wait: a line through (jobs ahead, seconds waited), the newest counting most.

Jobs ahead that are withdrawn, sessions that jump the queue and hours of calibration are all in what was seen; they are not in
"pending × mean duration". Times in which the backend was away are taken out before the line is fitted; those to be expected (it is
calibrated at about the same time every day) are put in when a wait is foretold. The fit is by least absolute deviations, so that
one bad day does not bend it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

from ..types import Frozen

LEAST = 8
"""Fewer waits than these say nothing."""
HALF_LIFE_DAYS = 4.0
LEAST_AWAY = 3
TOGETHER = 5400.0
"""Absences that begin within so many seconds of the same time of day belong together."""
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


class Away(Frozen):
    """A time in which the backend took no jobs; `until` is None while that lasts."""

    since: datetime
    until: datetime | None = None


class Habit(Frozen):
    """When a backend is away, as a rule."""

    seconds: float
    """How long it is away when it is."""
    daily_at: float | None = None
    """Seconds after midnight (UTC) at which it goes away on most days; None where there is no such time."""
    share: float = 0.0
    """On how many of the days."""


def habit(away: Sequence[Away], now: datetime) -> Habit | None:
    """What the absences of the last two weeks have in common; None where there were too few."""
    ended = [a for a in away if a.until is not None and a.until <= now and now - a.since < timedelta(days=14)]
    if len(ended) < LEAST_AWAY:
        return None
    days = max((now - min(a.since for a in ended)).total_seconds() / 86_400, 1.0)
    starts = [_second_of_day(a.since) for a in ended]
    near = max(([a for a, s in zip(ended, starts, strict=True) if _apart(s, at) < TOGETHER] for at in starts), key=len)
    lasts = median((a.until - a.since).total_seconds() for a in near if a.until)
    if len(near) < max(LEAST_AWAY, days / 2):
        return Habit(seconds=median((a.until - a.since).total_seconds() for a in ended if a.until))
    return Habit(
        seconds=lasts, daily_at=median(_second_of_day(a.since) for a in near), share=min(len(near) / days, 1.0)
    )


def foretell(pace: Pace, ahead: int, now: datetime, known: Habit | None = None, gone: datetime | None = None) -> float:
    """Seconds until a job behind so many starts. `gone`: since when the backend is away, where it is."""
    work, away = pace.seconds(ahead), 0.0
    if known is None:
        return work
    if gone is not None:
        away = max(known.seconds - (now - gone).total_seconds(), known.seconds / 4)
    if known.daily_at is not None:
        until = (known.daily_at - _second_of_day(now)) % 86_400
        just_over = gone is None and until > 86_400 - TOGETHER
        days = int((away + work - until) // 86_400) + 1 if away + work > until else 0
        if not (gone is not None and until < TOGETHER) and not just_over:
            away += days * known.share * known.seconds
    return work + away


def _second_of_day(moment: datetime) -> float:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _apart(one: float, other: float) -> float:
    return min((one - other) % 86_400, (other - one) % 86_400)


def _open_seconds(one: Seen, away: Sequence[Away], now: datetime) -> float:
    """The wait without the time in which the backend was away."""
    gone = 0.0
    for each in away:
        begin, end = max(each.since, one.at), min(each.until or now, one.started)
        gone += max((end - begin).total_seconds(), 0.0)
    return max(one.waited_seconds - gone, 0.0)


def learn(seen: Sequence[Seen], now: datetime, away: Sequence[Away] = ()) -> Pace | None:
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
