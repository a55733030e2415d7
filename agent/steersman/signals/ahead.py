"""What will run out, before it does. Everything is looked at coarsely, and only what could reach its limit in time is read closely:
two days of it, because a rise that comes every day is no warning."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from steersman_tools.metrics import MetricsSource, Query, Series
from steersman_tools.types import Frozen, NotChecked, Ref, ToolFailed

from ..types import FaultName
from .capacity import Exhaustion, exhaustion
from .grid import Grid, regular
from .limits import Answer, Limited, Row, Unit, limited
from .pulse import DAY, HOUR, MINUTE, Pulse

HORIZON = 2 * HOUR
"""Seconds ahead within which a limit is worth a warning."""
COARSE = 16
"""Points of the first look, over eight hours or the history there is."""
FINE_POINTS = 480
NEAR = 0.7
"""What the steepest rise between coarse points must promise of the way to the limit for a series to be read closely."""
MOST = 60
"""Series of a row that are read closely; those with the most used come first."""


class Foretold(Frozen):
    """Something that will run out, or has."""

    what: str
    entity: Ref
    fault: FaultName
    unit: Unit
    used: float
    """The share of the limit that is used now."""
    limit: float
    """In `unit`; of what is free, the whole."""
    ends: Exhaustion
    call: str

    def text(self) -> str:
        """`memory of shop/Pod/cart-1 reaches its limit at 14:35 (80 %: 14:20–15:10)`, in UTC."""
        if self.ends.basis == "reached":
            return f"{self.what} of {self.entity} is at its limit ({self.used:.0%} used)"
        late = clock(self.ends.latest, self.ends.at) if self.ends.latest is not None else "not at all"
        return (
            f"{self.what} of {self.entity} reaches its limit at {clock(self.ends.at, None)} "
            f"(80 %: {clock(self.ends.earliest, self.ends.at)}–{late}); {self.used:.0%} used"
        )


@dataclass(frozen=True)
class Survey:
    """A first look at everything that can run out."""

    watched: tuple[Limited, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()


@dataclass(frozen=True)
class Ahead:
    """What reaches its limit within the horizon, soonest first; of how many; and what could not be asked."""

    warnings: tuple[Foretold, ...] = ()
    watched: int = 0
    not_checked: tuple[NotChecked, ...] = field(default=())


async def ahead(
    source: MetricsSource, now: datetime, pulse: Pulse, rows: Sequence[Row], horizon: float = HORIZON
) -> Ahead:
    """Looks at everything, then closely at what is near. Raises nothing: a question that fails is not checked."""
    seen = await survey(source, now, pulse, rows)
    near = [each for each in seen.watched if promising(each, horizon)]
    closer, missed = await look_closely(source, now, pulse, near)
    found = [warning(each, pulse, now, horizon) for each in closer]
    told = sorted((each for each in found if each), key=lambda each: (each.ends.at or 0.0, str(each.entity), each.what))
    return Ahead(tuple(told), len(seen.watched), (*seen.not_checked, *missed))


async def survey(source: MetricsSource, now: datetime, pulse: Pulse, rows: Sequence[Row]) -> Survey:
    """Every row, coarsely."""
    reach = min(8 * HOUR, pulse.history)
    answers = await asyncio.gather(*(_row(source, now, pulse, row, reach, reach / COARSE) for row in rows))
    watched = tuple(each for answer in answers if isinstance(answer, Answer) for each in limited(answer))
    return Survey(watched, tuple(answer for answer in answers if isinstance(answer, NotChecked)))


async def look_closely(
    source: MetricsSource, now: datetime, pulse: Pulse, near: Iterable[Limited]
) -> tuple[tuple[Limited, ...], tuple[NotChecked, ...]]:
    """The same things with all the points that judging needs."""
    by_row: dict[int, list[Limited]] = {}
    for each in near:
        by_row.setdefault(id(each.row), []).append(each)
    missed = [
        NotChecked(
            what=f"{these[0].row.what} of {len(these) - MOST} more", why="too many are near their limits at once"
        )
        for these in by_row.values()
        if len(these) > MOST
    ]
    chosen = [sorted(these, key=lambda each: (-each.used, str(each.entity)))[:MOST] for these in by_row.values()]
    reach, step = min(2 * DAY, pulse.history), fine_step(pulse)
    answers = await asyncio.gather(*(_again(source, now, pulse, these, reach, step) for these in chosen))
    missed += [answer for answer in answers if isinstance(answer, NotChecked)]
    found = [each for answer in answers if not isinstance(answer, NotChecked) for each in answer]
    return tuple(found), tuple(missed)


def fine_step(pulse: Pulse) -> float:
    """A minute where there are hours of history, and as fine as the scrapes where there is little."""
    return max(pulse.interval, min(MINUTE, pulse.history / FINE_POINTS))


def promising(each: Limited, horizon: float) -> bool:
    """Whether the series could reach its limit in time, by its steepest rise up to now: cheap, and wrong only on the careful side."""
    values, times = np.asarray(each.series.values, float), np.asarray(each.series.times, float)
    left = each.limit - values[-1]
    if left <= 0:
        return True
    if len(values) < 3:
        return False
    rises = (values[-1] - values[:-1]) / np.maximum(times[-1] - times[:-1], 1.0)
    return bool(rises.max() * horizon >= NEAR * left)


def warning(each: Limited, pulse: Pulse, now: datetime, horizon: float) -> Foretold | None:
    """The warning that a closely read series deserves. Only steady growth and what is reached already count: a forecast of
    fluctuation is no warning."""
    found = runs_out(each, pulse, now, horizon)
    if found is None or found.ends.at is None or found.ends.latest is None or found.ends.basis == "forecast":
        return None
    return None if found.ends.basis == "reached" and each.row.full == "usual" else found


def runs_out(each: Limited, pulse: Pulse, now: datetime, horizon: float) -> Foretold | None:
    """When the thing runs out, whatever the basis; None where there are no values."""
    course = grid(each.series, pulse, now)
    if not len(course.values) or not np.isfinite(course.values).any():
        return None
    return Foretold(
        what=each.row.what,
        entity=each.entity,
        fault=each.row.fault,
        unit=each.row.unit,
        used=each.used,
        limit=each.size,
        ends=exhaustion(course, each.limit, horizon),
        call=each.call,
    )


def grid(series: Series, pulse: Pulse, now: datetime) -> Grid:
    """The closely read series on its grid, up to now."""
    return regular(series, fine_step(pulse), now.timestamp())


async def _row(
    source: MetricsSource, now: datetime, pulse: Pulse, row: Row, reach: float, step: float, within: Sequence[str] = ()
) -> Answer | NotChecked:
    """The course of a row's series, and the last value of what they are measured against."""
    main, other = row.ask(pulse.window, within), row.other
    try:
        course, against = await asyncio.gather(
            source.range(main, now - timedelta(seconds=reach), now, step), _instant(source, other, now)
        )
    except ToolFailed as problem:
        return NotChecked(what=main.promql, why=str(problem))
    kept = tuple(_settled(each, main) for each in course)
    return Answer(row, main, kept, {row.key(each.labels): each.values[-1] for each in against if len(each.values)})


def _settled(series: Series, query: Query) -> Series:
    """Without the points at which the first window of a rate was still filling: while it fills, a rate rises whatever happens."""
    if query.function == "raw" or not len(series.times):
        return series
    at = bisect_left(series.times, series.times[0] + query.window)
    return Series(series.labels, series.times[at:], series.values[at:])


async def _instant(source: MetricsSource, query: Query | None, now: datetime) -> list[Series]:
    return [] if query is None else await source.instant(query, now)


async def _again(
    source: MetricsSource, now: datetime, pulse: Pulse, these: Sequence[Limited], reach: float, step: float
) -> tuple[Limited, ...] | NotChecked:
    row = these[0].row
    names = [each.labels.get(row.entity.label, "") for each in these]
    within = sorted(set(names)) if all(names) else ()
    answer = await _row(source, now, pulse, row, reach, step, within)
    if isinstance(answer, NotChecked):
        return answer
    wanted = {tuple(sorted(each.labels.items())) for each in these}
    return tuple(each for each in limited(answer) if tuple(sorted(each.labels.items())) in wanted)


def clock(at: float | None, beside: float | None) -> str:
    """A moment in UTC: the time of day, with the date where it is another day than that of `beside` or than is plain from it."""
    if at is None:
        return "no time within sight"
    moment = datetime.fromtimestamp(at, UTC)
    other = datetime.fromtimestamp(beside, UTC) if beside is not None else None
    return moment.strftime("%H:%M" if other is None or other.date() == moment.date() else "%b %d %H:%M")
