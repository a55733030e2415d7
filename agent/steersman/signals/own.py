"""Trouble that a node has by itself: its processor, memory, waiting and network left their own past. It does not travel to callers
as work does, so it is measured against the node alone."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .grid import Floats

TAIL = 0.8
"""The part of past stretches whose mean stayed within one unit of the usual."""
CALM = 0.1
"""How much of the ordinary deviation of single points widens the unit."""
RELATIVE = 0.05
"""How much of the usual value widens the unit: less than that is no change worth a name."""
SHORT = 0.3
"""The same where the past is too short to hold several stretches: then nearly nothing is known of it."""
SEVERAL = 5
"""Stretches that the past must hold to show how their means vary."""


def beyond(before: Floats, after: Floats) -> float:
    """By how many units of its past the mean of `after` differs from the median of `before`; one unit is what four of five past
    stretches of that length stayed within. 0 where too little is known."""
    past, now = before[np.isfinite(before)], after[np.isfinite(after)]
    if len(past) < 2 or len(now) < 1:
        return 0.0
    usual = float(np.median(past))
    return (float(now.mean()) - usual) / _unit(past, len(now), usual)


def _unit(past: Floats, length: int, usual: float) -> float:
    off = np.abs(past - usual)
    if len(past) < length + SEVERAL:
        return float(off.max()) + SHORT * abs(usual) + 1e-9
    means = sliding_window_view(past, length).mean(axis=1)
    spread = float(np.quantile(np.abs(means - usual), TAIL)) + CALM * float(np.median(off))
    return spread + RELATIVE * abs(usual) + 1e-9
