"""What a series will do in the next minutes to hours, and how far that can be trusted: the models are weighed by how they would
have done on this very series, and the interval is as wide as their combination was wrong."""

from __future__ import annotations

import numpy as np

from steersman_tools.metrics import Series
from steersman_tools.types import Frozen

from .forecasters import forecasts, periods
from .grid import Floats, Grid, filled, regular

ORIGINS = 64
"""How many past moments the back-test forecasts from."""
SHARE = 0.5
"""The part of the history, at its end, from which those moments are taken."""
SHARPNESS = 20.0
"""A model 10 % worse than the best has 0.15 of its weight: near-equals are averaged, the rest hardly counts."""
LEAST = 8
"""Points without which nothing can be tested, so that only the last value with a guessed spread is left."""


class Forecast(Frozen):
    """The next points of a series: median and interval, each `step` seconds from `start` (Unix seconds) on."""

    start: float
    step: float
    level: float
    """The share of outcomes that the interval is to hold."""
    middle: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    model: str
    """The model with the most weight."""
    skill: float
    """Its mean absolute error in the back-test, relative to that of 'stays as it is'; below 1 is better. 1 where untested."""

    @property
    def times(self) -> tuple[float, ...]:
        return tuple(self.start + self.step * at for at in range(len(self.middle)))


def forecast(series: Series, seconds: float, level: float = 0.8) -> Forecast:
    """The next `seconds` of a series. ValueError where it has no point."""
    return forecast_grid(regular(series), seconds, level)


def forecast_grid(grid: Grid, seconds: float, level: float = 0.8) -> Forecast:
    """The next `seconds` of a grid."""
    if not len(grid.values) or not np.isfinite(grid.values).any():
        raise ValueError("a series without a point has no forecast")
    horizon = max(1, round(seconds / grid.step))
    values = filled(grid.values)
    middle, errors, model, skill = _combined(values, horizon, grid.step)
    lower, upper = _interval(errors, level)
    low, high = middle + lower, middle + upper
    if (values >= 0).all():
        low, middle, high = np.maximum(low, 0), np.maximum(middle, 0), np.maximum(high, 0)
    return Forecast(
        start=grid.end + grid.step,
        step=grid.step,
        level=level,
        middle=tuple(middle.tolist()),
        lower=tuple(np.minimum(low, middle).tolist()),
        upper=tuple(np.maximum(high, middle).tolist()),
        model=model,
        skill=skill,
    )


def _combined(values: Floats, horizon: int, step: float) -> tuple[Floats, Floats, str, float]:
    """The forecast, the errors (origins, horizon) that its weights would have made, the heaviest model and its skill."""
    count = len(values)
    first = max(int(count * (1 - SHARE)), 3)
    if count < LEAST or count - horizon < first:
        spread = np.abs(np.diff(values)).mean() if count > 1 else abs(values[-1]) or 1.0
        guess = spread * np.sqrt(np.arange(1, horizon + 1))
        return np.full(horizon, values[-1]), np.stack([-guess, guess]), "last", 1.0
    origins = np.unique(np.linspace(first, count - horizon, ORIGINS).astype(np.int64))
    names, said = forecasts(values, np.append(origins, count), horizon, periods(count, step))
    truth = values[origins[:, None] + np.arange(horizon)[None, :]]
    wrong = np.abs(said[:, :-1] - truth).mean(axis=(1, 2))
    weights = _weights(wrong)
    mixed = np.tensordot(weights, said, 1)
    best = int(np.argmin(wrong))
    skill = float(wrong[best] / wrong[names.index("last")]) if wrong[names.index("last")] > 0 else 1.0
    return mixed[-1], truth - mixed[:-1], names[best], skill


def _weights(wrong: Floats) -> Floats:
    least = wrong.min()
    weights = (least / wrong) ** SHARPNESS if least > 0 else (wrong <= 0).astype(float)
    return np.asarray(weights / weights.sum())


def _interval(errors: Floats, level: float) -> tuple[Floats, Floats]:
    """Offsets of the interval's ends per step ahead. Errors of all steps are pooled after division by their step's own size, so
    that 64 origins suffice; that size may only grow with the distance."""
    size = np.maximum.accumulate(np.abs(errors).mean(axis=0))
    if size[-1] <= 0:
        return np.zeros_like(size), np.zeros_like(size)
    size = np.maximum(size, size[-1] * 1e-9)
    scaled = errors / size
    tail = (1 - level) / 2
    return size * float(np.quantile(scaled, tail)), size * float(np.quantile(scaled, 1 - tail))
