"""The libraries and textbook detectors that ours is compared with. Each gives a score per point; none may choose its own threshold,
for the suite grants them the one that suits them best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from steersman.signals.grid import Floats, Grid, filled
from steersman.signals.surprise import surprise

PROBATION = 0.15
"""The part at the beginning of each series that detectors may learn from and that nobody is judged by."""

Detector: TypeAlias = Callable[[Grid], Floats]
"""Points → how unusual each is; only the order of scores matters."""


def ours(grid: Grid) -> Floats:
    """The product's, in units of the series' own past."""
    return np.abs(surprise(grid).score)


def z_score(grid: Grid) -> Floats:
    """Distance from the mean of everything before, in standard deviations."""
    return _from_past(grid, len(grid.values))


def windowed_gaussian(grid: Grid) -> Floats:
    """NAB's Windowed Gaussian: the same over the last 6,400 points."""
    return _from_past(grid, 6400)


def half_space_trees(grid: Grid) -> Floats:
    """river's HalfSpaceTrees, learning as it goes."""
    from river import anomaly, compose, preprocessing  # noqa: PLC0415  a yardstick, group evals

    model = compose.Pipeline(preprocessing.MinMaxScaler(), anomaly.HalfSpaceTrees(seed=42, window_size=250, n_trees=25))
    scores = np.zeros(len(grid.values))
    for at, value in enumerate(filled(grid.values).tolist()):
        scores[at] = model.score_one({"value": value})
        model.learn_one({"value": value})
    return scores


def ecod(grid: Grid) -> Floats:
    """pyod's ECOD on value, difference and distance from the recent mean, fitted to the probation."""
    from pyod.models.ecod import ECOD  # noqa: PLC0415  a yardstick, group evals

    values = filled(grid.values)
    mean, _ = _moments(values, 24)
    features = np.column_stack([values, np.diff(values, prepend=values[0]), values - mean])
    model = ECOD()
    model.fit(features[: max(50, int(PROBATION * len(values)))])
    return np.asarray(model.decision_function(features), float)


def change_points(grid: Grid) -> Floats:
    """ruptures' sliding window: the gain of a break at each point relative to the series' larger gains. Of the widths 3, 5, 10 and
    20 on each side, and with and without that scale, this did best."""
    import ruptures  # noqa: PLC0415  a yardstick, group evals

    values = filled(grid.values)
    scaled = (values - np.median(values)) / (values.std() or 1.0)
    fitted = ruptures.Window(width=6, model="l2", jump=1).fit(scaled[:, None])
    gain = np.zeros(len(values))
    gain[fitted.inds] = np.asarray(fitted.score, float)
    return np.asarray(np.max([np.roll(gain, by) for by in (-1, 0, 1)], axis=0) / (np.quantile(gain, 0.9) + 1e-9))


def _from_past(grid: Grid, width: int) -> Floats:
    values = filled(grid.values)
    mean, spread = _moments(values, width)
    mean, spread = np.roll(mean, 1), np.roll(spread, 1)
    scores = np.abs(values - mean) / np.where(spread > 0, spread, 1e-9)
    scores[:20] = 0
    return np.asarray(scores)


def _moments(values: Floats, width: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the last `width` points up to and with each."""
    shifted = values - np.median(values)
    sums, squares = np.cumsum(shifted), np.cumsum(shifted**2)
    count = np.minimum(np.arange(1, len(values) + 1), width)
    sums[width:] -= sums[:-width].copy() if len(values) > width else 0
    squares[width:] -= squares[:-width].copy() if len(values) > width else 0
    mean = sums / count
    return mean + np.median(values), np.sqrt(np.maximum(squares / count - mean**2, 0))


LIBRARIES: Mapping[str, Detector] = {
    "z-score": z_score,
    "windowed-gaussian": windowed_gaussian,
    "river-half-space-trees": half_space_trees,
    "pyod-ecod": ecod,
    "ruptures-window": change_points,
}
