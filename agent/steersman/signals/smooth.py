"""Levels and spreads that one outlier cannot move: the few primitives that detection and forecasts share."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .grid import Floats, Ints

MAD = 1.4826
"""The factor that makes a median absolute deviation the standard deviation of normal data."""
STRETCH = 128


def ewma(values: Floats, weight: float) -> Floats:
    """The exponentially weighted mean up to and with each point (last axis), begun at the first."""
    begun = np.concatenate([values[..., :1], values[..., 1:] * weight], axis=-1)
    return remembered(begun, 1 - weight)


def remembered(values: Floats, keep: float) -> Floats:
    """y[t] = values[t] + keep × y[t-1] along the last axis. Stretch by stretch as a product with the powers of `keep`: scipy's lfilter
    does the same, but loading it takes longer than a whole diagnosis."""
    count = values.shape[-1]
    padded = np.zeros((*values.shape[:-1], -(-count // STRETCH) * STRETCH))
    padded[..., :count] = values
    stretches = padded.reshape(*values.shape[:-1], -1, STRETCH)
    at = np.arange(STRETCH)
    within = stretches @ np.triu(keep ** np.clip(at[None, :] - at[:, None], 0, None))
    carried = np.zeros(values.shape[:-1])
    for index in range(within.shape[-2]):
        within[..., index, :] += carried[..., None] * keep ** (at + 1)
        carried = within[..., index, -1]
    return np.asarray(within.reshape(padded.shape)[..., :count])


def trailing_least(values: Floats, width: int) -> Floats:
    """The least of each point and the `width` - 1 before it; before the beginning the series is mirrored."""
    padded = np.pad(values, (width - 1, 0), mode="symmetric")
    return np.asarray(sliding_window_view(padded, width).min(axis=-1))


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
