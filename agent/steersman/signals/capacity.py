"""When something runs out: memory to its limit, a disk, a quota, a queue, a certificate. The answer is a time with an interval, or
that it will not happen within sight."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from steersman_tools.types import Frozen

from .forecast import forecast_grid
from .forecasters import DAY
from .grid import Floats, Grid, filled
from .smooth import centred_mean, robust, trailing_least

LEVEL = 0.8
PARTS = 5
"""The recent past is cut into so many parts, all of which must rise for a steady growth to be believed."""
RECENT = (120, 480)
"""Points that count as the recent past: two and eight hours at one point a minute. The longer one is asked where the shorter one
shows no steady growth, for slow growth in much noise."""
SLOWING = 0.5
"""The part of the mean growth that the last part must still show: a cache that warms up slows down, a leak does not."""
SURE = 3.0
"""By how many standard errors the slope must differ from nothing."""
AGAIN = 0.5
"""If yesterday at this time it grew by at least this part of what it grows now, this is the daily rise, and yesterday says where
it ends."""
REACH = 4.0
"""How many times the stretch in which a growth was seen it may be extended: a minute of rising is no reason to speak of hours."""
SAW = 3
"""So many falls within the longest recent past are a habit."""
FALL = 0.25
"""A drop by this part of the range is a restart or a clean-up: what was before it says nothing about the growth since."""


class Exhaustion(Frozen):
    """When a series reaches its limit, in Unix seconds. `at` None: not within the horizon; `earliest` and `latest` are the ends of
    the 80 % interval, `latest` None where it may well never happen."""

    limit: float
    at: float | None
    earliest: float | None
    latest: float | None
    growth: float
    """Units a second at present, 0 where no steady growth is to be seen."""
    basis: Literal["reached", "growth", "season", "forecast"]
    """`reached`, `growth` (a steady trend, extended), `season` (the daily rise, as it went yesterday) or `forecast` (the series' own
    models)."""


def exhaustion(grid: Grid, limit: float, horizon: float) -> Exhaustion:
    """When the series, rising, reaches `limit` within `horizon` seconds. For something that falls to zero hand in its negative."""
    values = filled(grid.values)
    now = float(np.median(values[-3:]))
    if now >= limit:
        return Exhaustion(limit=limit, at=grid.end, earliest=grid.end, latest=grid.end, growth=0.0, basis="reached")
    since = _since_last_fall(values)
    steady = _growing(since)
    if steady:
        points, slope, error = steady[0]
        path = _yesterday(values, grid.step, points, slope, horizon)
        if path is not None:
            return _by_path(grid, limit, now, path, error / slope, slope)
        seen = min(steady[-1][0], len(since)) * grid.step
        return _by_growth(grid, limit, min(horizon, REACH * seen), now, slope, error)
    return _by_forecast(grid, limit, horizon)


def climb(grid: Grid, horizon: float) -> float | None:
    """What a series that grows steadily comes to within `horizon` seconds; None where it does not grow so."""
    values = filled(grid.values)
    since = _since_last_fall(values)
    steady = _growing(since)
    if not steady:
        return None
    points, slope, _ = steady[0]
    now = float(np.median(values[-3:]))
    path = _yesterday(values, grid.step, points, slope, horizon)
    if path is not None:
        return now + max(0.0, float(path.max()))
    return now + slope * min(horizon / grid.step, REACH * min(steady[-1][0], len(since)))


def certificate(not_after: float, now: float, horizon: float) -> Exhaustion:
    """A certificate, whose end is known to the second."""
    at = not_after if not_after <= now + horizon else None
    return Exhaustion(
        limit=not_after, at=at, earliest=at, latest=at, growth=1.0, basis="reached" if not_after <= now else "growth"
    )


def _growing(since: Floats) -> list[tuple[int, float, float]]:
    """Of each recent past in which it grows steadily: its points, the growth a step, and its error."""
    steady = [(points, *_slope(since[-points:])) for points in RECENT]
    return [(points, slope, error) for points, slope, error in steady if slope > 0]


def _since_last_fall(values: Floats) -> Floats:
    """The part of the series after its last restart or clean-up. Where it falls again and again it is a saw (garbage collection):
    then what it falls back to is what grows or does not."""
    spread = float(values.max() - values.min())
    falls = np.flatnonzero(np.diff(values) < -FALL * spread) if spread > 0 else np.empty(0, int)
    often = falls[falls >= len(values) - max(RECENT)]
    if len(often) >= SAW:
        gaps = np.diff(np.concatenate([often, [len(values)]]))
        return trailing_least(values[int(often[0]) + 1 :], int(gaps.max()) + 1)
    return values[int(falls[-1]) + 1 :] if len(falls) else values


def _slope(values: Floats) -> tuple[float, float]:
    """Growth per step and its standard error, or (0, 0) where it is not steady. The error is that of part means, so that noise
    which hangs together over several points does not pass for precision."""
    size = len(values) // PARTS
    if size < 2:
        return 0.0, 0.0
    slope, means = _trend(values)
    steps = np.diff(means) / size
    at = np.arange(PARTS) - (PARTS - 1) / 2
    rest = means - means.mean() - at * slope * size
    error = math.sqrt(float(rest @ rest) / (PARTS - 2) / float(at @ at)) / size
    _, noise = robust(np.diff(values))
    error = max(error, noise / (size**1.5 * math.sqrt(float(at @ at))))
    steady = slope > SURE * error and (steps > 0).sum() >= PARTS - 2 and steps[-1] >= SLOWING * slope
    return (slope, error) if steady else (0.0, 0.0)


def _trend(values: Floats) -> tuple[float, Floats]:
    """Growth per step through the means of the parts, and these means."""
    size = len(values) // PARTS
    means = values[len(values) - PARTS * size :].reshape(PARTS, size).mean(axis=1)
    at = np.arange(PARTS) - (PARTS - 1) / 2
    return float(at @ means / (at @ at)) / size, means


def _yesterday(values: Floats, step: float, points: int, slope: float, horizon: float) -> Floats | None:
    """What the series went on to do yesterday at this time, scaled to today's growth; None where it did not grow then too."""
    day, ahead = round(DAY / step), round(horizon / step)
    at = len(values) - day
    if at < points or ahead > day:
        return None
    before, _ = _trend(values[at - points : at])
    if before < AGAIN * slope:
        return None
    smooth = centred_mean(values, max(1, points // 24))
    return np.asarray((smooth[at : at + ahead] - smooth[at - 1]) * min(slope / before, 1.5))


def _by_path(grid: Grid, limit: float, now: float, path: Floats, doubt: float, slope: float) -> Exhaustion:
    """Along yesterday's way. Its interval is that of the growth, as a part of the way."""

    def when(part: float) -> float | None:
        over = np.flatnonzero(now + path * part >= limit)
        return grid.end + grid.step * (int(over[0]) + 1) if len(over) else None

    at = when(1.0)
    late = when(1 - 1.64 * doubt) if at is not None else None
    early = when(1 + 1.64 * doubt)
    return Exhaustion(limit=limit, at=at, earliest=early, latest=late, growth=slope / grid.step, basis="season")


def _by_growth(grid: Grid, limit: float, horizon: float, now: float, slope: float, error: float) -> Exhaustion:
    """Straight on. The interval is that of the slope (Student's t with three degrees of freedom: 1.64 for 80 %)."""

    def when(rate: float) -> float | None:
        if rate <= 0:
            return None
        seconds = (limit - now) / rate * grid.step
        return grid.end + seconds if seconds <= horizon else None

    at = when(slope)
    late = when(slope - 1.64 * error) if at is not None else None
    return Exhaustion(
        limit=limit, at=at, earliest=when(slope + 1.64 * error), latest=late, growth=slope / grid.step, basis="growth"
    )


def _by_forecast(grid: Grid, limit: float, horizon: float) -> Exhaustion:
    said = forecast_grid(grid, min(horizon, grid.step * max(1, len(grid.values) // 4)), LEVEL)

    def first(path: tuple[float, ...]) -> float | None:
        over = [time for time, value in zip(said.times, path, strict=True) if value >= limit]
        return over[0] if over else None

    return Exhaustion(
        limit=limit,
        at=first(said.middle),
        earliest=first(said.upper),
        latest=first(said.lower),
        growth=0.0,
        basis="forecast",
    )
