"""Series as a regular grid. Scrapes drift, stop and restart; every judge here needs equal steps and must know what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from steersman_tools.metrics import Series

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Grid:
    """Values at `start`, `start + step`, … (Unix seconds). A gap is NaN, never zero."""

    start: float
    step: float
    values: Floats

    @property
    def times(self) -> Floats:
        return np.asarray(self.start + self.step * np.arange(len(self.values)), float)

    @property
    def end(self) -> float:
        """The time of the last point."""
        return self.start + self.step * (len(self.values) - 1)

    @property
    def known(self) -> float:
        """The share of points that were seen."""
        return float(np.isfinite(self.values).mean()) if len(self.values) else 0.0


def regular(series: Series, step: float = 0.0, until: float = 0.0) -> Grid:
    """The series on a grid; the step is the median distance of its points unless given. Two points of one slot: the later one.
    With `until` (Unix seconds) the grid ends there, so that a series that has stopped shows it."""
    times, values = np.asarray(series.times, float), np.asarray(series.values, float)
    keep = np.isfinite(times) & np.isfinite(values)
    times, values = times[keep], values[keep]
    if not len(times):
        return Grid(0.0, step or 1.0, np.empty(0))
    step = step or (float(np.median(np.diff(times))) if len(times) > 1 else 1.0) or 1.0
    slots = np.rint((times - times[0]) / step).astype(int)
    grid = np.full(max(int(slots[-1]), int((until - times[0]) // step)) + 1, np.nan)
    grid[slots] = values
    return Grid(float(times[0]), step, grid)


def filled(values: Floats) -> Floats:
    """The values with gaps bridged by straight lines: for models that need every point, never for judging the gap itself."""
    known = np.isfinite(values)
    if known.all() or not known.any():
        return np.where(known, values, 0.0)
    at = np.arange(len(values))
    return np.interp(at, at[known], values[known])


def rate(grid: Grid) -> Grid:
    """The increase per second of a counter. A drop is a restart from zero: what was counted since then is the increase."""
    steps = np.diff(grid.values)
    steps = np.where(steps < 0, grid.values[1:], steps)
    return Grid(grid.start + grid.step, grid.step, steps / grid.step)


def resets(values: Floats) -> Ints:
    """Where a counter fell, which is where its process restarted. Gaps before the fall are looked across."""
    at = np.flatnonzero(np.isfinite(values))
    return at[1:][np.diff(values[at]) < 0].astype(np.int64)
