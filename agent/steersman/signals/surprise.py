"""How unusual each point of a series is against its own past, in a unit that a person can use: 1.0 is a deviation that this
series shows on one day in five, so an alarm above it is rare whatever the series' tails look like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .expected import expected
from .forecasters import DAY, HOUR
from .grid import Floats, Grid

BLOCK = 6 * HOUR
"""Largest deviations are taken per block: the tail is what matters, and a block's maximum is its tail."""
QUIET = 0.8
"""The share of days that must have stayed below the unit."""
BLOCKS = 120
"""Blocks remembered: a month."""
LEAST = 6
"""Blocks without which nothing can be called unusual; a short history has shorter blocks."""
CAP = 3.0
"""What counts at most, in units, of a block that was itself unusual: an incident must not teach the judge to expect incidents."""
FLOOR = 1.0
"""How many ordinary spreads (median deviations) widen the unit, so that a very calm series is not judged by its last digit."""


@dataclass(frozen=True, slots=True)
class Surprise:
    """Per point: the signed deviation in units (0 where nothing can be said), what was expected, and one unit."""

    score: Floats
    expected: Floats
    unit: Floats


def surprise(grid: Grid) -> Surprise:
    """Judges every point by the points before it."""
    values = grid.values
    count = len(values)
    if count < 2 * LEAST or not np.isfinite(values).any():
        return Surprise(np.zeros(count), np.full(count, np.nan), np.full(count, np.nan))
    middle = expected(values, grid.step)
    off = np.abs(values - middle)
    block = max(1, round(min(BLOCK, count * grid.step / (2 * LEAST)) / grid.step))
    unit = _units(off, values, block, QUIET ** min(1.0, block * grid.step / DAY))
    with np.errstate(invalid="ignore", divide="ignore"):
        score = (values - middle) / unit
    return Surprise(np.where(np.isfinite(score), score, 0.0), middle, unit)


def _units(off: Floats, values: Floats, block: int, quantile: float) -> Floats:
    """The unit for each point, from the whole blocks before its own; NaN for the first blocks."""
    count = -(-len(off) // block)
    padded = np.full(count * block, np.nan)
    padded[: len(off)] = off
    blocks = padded.reshape(count, block)
    tops = np.where(
        np.isfinite(blocks).any(axis=1), np.nanmax(np.where(np.isfinite(blocks), blocks, -np.inf), axis=1), np.nan
    )
    floors = _floors(values, block, count)
    units = np.full(count, np.nan)
    for at in range(LEAST, count):
        past = tops[max(0, at - BLOCKS) : at]
        past = past[np.isfinite(past)]
        if len(past) >= LEAST:
            units[at] = np.quantile(past, quantile) + floors[at]
            tops[at] = min(tops[at], CAP * units[at])
    return np.repeat(units, block)[: len(off)]


def _floors(values: Floats, block: int, count: int) -> Floats:
    """What the unit is widened by per block: a part of the spread so far, and for counts the square root of their mean, for
    a few events more or less are chance (low traffic)."""
    floors = np.zeros(count)
    for at in range(1, count):
        past = values[max(0, (at - BLOCKS) * block) : at * block]
        past = past[np.isfinite(past)]
        if len(past):
            spread = FLOOR * float(np.median(np.abs(past - np.median(past))))
            counts = bool((past == np.round(past)).all())
            tiny = 1e-9 * float(np.abs(past).max()) + 1e-12
            floors[at] = max(spread, float(np.sqrt(np.abs(past).mean() + 1)) if counts else 0.0) + tiny
    return floors
