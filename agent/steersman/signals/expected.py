"""What a series should have been at each moment, from what came before it: a level, or a season where that did better so far."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .forecasters import DAY, HOUR, WEEK
from .grid import Floats, Ints
from .smooth import remembered

LEAST = 5
"""Points that the shortest level needs."""
MEMORY = 3.0
"""Days after which the success of a model counts half."""


def expected(values: Floats, step: float) -> Floats:
    """For each point what was to be expected from the points before it (NaN until there are some): per point that model's word
    whose past errors are smallest. No point knows of itself or of what follows."""
    said = [_trailing(values, max(LEAST, round(HOUR / step))), _trailing(values, max(LEAST, round(DAY / step)))]
    for season, cycles in ((round(DAY / step), 7), (round(WEEK / step), 4)):
        if LEAST < season < len(values):
            shape = _seasonal(values, season, cycles, round(DAY / step) // 96)
            said += [shape, shape + np.nan_to_num(_trailing(values - shape, max(3, round(DAY / step) // 8)))]
    models = np.stack(said)
    return np.asarray(np.take_along_axis(models, _best(values, models, DAY / step)[None, :], axis=0)[0])


def _best(values: Floats, models: Floats, day: float) -> Ints:
    """The index of the model that erred least before each point. Errors count by their root, so that one outlier decides nothing; a
    model that had nothing to say erred twice as much as the worst that had."""
    known = np.isfinite(models)
    off = np.sqrt(np.abs(values[None, :] - models))
    worst = 2 * np.where(np.isfinite(off), off, 0).max(axis=0)
    mean = _decayed(np.where(np.isfinite(off), off, worst[None, :]), 0.5 ** (1 / max(1.0, MEMORY * day)))
    before = np.concatenate([np.zeros((len(models), 1)), mean[:, :-1]], axis=1)
    return np.asarray(np.argmin(np.where(known, before, np.inf), axis=0))


def _decayed(values: Floats, keep: float) -> Floats:
    return remembered(values, keep)


def _trailing(values: Floats, width: int) -> Floats:
    """The median of the `width` points before each point; for long windows it is renewed only every 32nd part of the window."""
    count, stride = len(values), max(1, width // 32 if width > 96 else 1)
    padded = np.concatenate([np.full(width, np.nan), values])
    windows = sliding_window_view(padded, width)[:count:stride]
    with np.errstate(all="ignore"):
        medians = _nanmedian(windows)
    return np.repeat(medians, stride)[:count]


def _nanmedian(windows: Floats) -> Floats:
    """Medians of rows, NaN where a row holds fewer than two numbers: as np.nanmedian, which is slow by rows and warns."""
    ordered = np.sort(windows, axis=1)
    have = np.isfinite(ordered).sum(axis=1)
    low, high = np.maximum(have - 1, 0) // 2, np.maximum(have, 1) // 2
    rows = np.arange(len(ordered))
    middle = (ordered[rows, low] + ordered[rows, np.minimum(high, ordered.shape[1] - 1)]) / 2
    return np.where(have >= 2, middle, np.nan)


def _seasonal(values: Floats, season: int, cycles: int, reach: int) -> Floats:
    """The median of the same phase in the cycles before, each a median over `reach` neighbours on both sides."""
    count = len(values)
    padded = np.concatenate([np.full(reach, np.nan), values, np.full(reach, np.nan)])
    smooth = _nanmedian(sliding_window_view(padded, 2 * reach + 1)) if reach else values
    past = np.full((count, min(cycles, (count - 1) // season)), np.nan)
    for cycle in range(past.shape[1]):
        back = (cycle + 1) * season
        past[back:, cycle] = smooth[: count - back]
    have = np.isfinite(past).sum(axis=1)
    return np.where(have == 1, np.nansum(past, axis=1), _nanmedian(past))
