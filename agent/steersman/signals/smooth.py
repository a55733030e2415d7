"""Levels and spreads that one outlier cannot move: the few primitives that detection and forecasts share."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from .grid import Floats, Ints

MAD = 1.4826
"""The factor that makes a median absolute deviation the standard deviation of normal data."""


def ewma(values: Floats, weight: float) -> Floats:
    """The exponentially weighted mean up to and with each point (last axis), begun at the first."""
    begin = values[..., :1] * (1 - weight)
    return np.asarray(lfilter([weight], [1, -(1 - weight)], values, axis=-1, zi=begin)[0])


def trailing_median(values: Floats, ends: Ints, width: int) -> Floats:
    """The median of the `width` points before each end (exclusive); the first value stands for what lies before the beginning."""
    at = np.clip(ends[:, None] - 1 - np.arange(width)[None, :], 0, None)
    return np.asarray(np.median(values[at], axis=1))


def centred_mean(values: Floats, reach: int) -> Floats:
    """The mean of each point and `reach` neighbours on both sides; edges repeat their value."""
    if reach <= 0:
        return values
    sums = np.cumsum(np.concatenate([[0.0], np.pad(values, reach, mode="edge")]))
    return np.asarray((sums[2 * reach + 1 :] - sums[: -2 * reach - 1]) / (2 * reach + 1))


def robust(values: Floats) -> tuple[float, float]:
    """Median and spread (scaled MAD, or the scaled mean deviation where more than half of the values are equal), without NaN."""
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan"), float("nan")
    level = float(np.median(known))
    off = np.abs(known - level)
    return level, float(np.median(off)) * MAD or float(off.mean()) * 1.2533
