"""The simple forecasters among which a back-test chooses. Operations series are mostly a drifting level, a daily shape and noise:
levels of every memory, damped trends, and both plus the daily shape cover them, and nothing here needs a fit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .grid import Floats, Ints
from .smooth import centred_mean, ewma, trailing_median

HOUR, DAY, WEEK = 3600.0, 86400.0, 604800.0
MEDIANS = (3, 5, 9, 15, 31, 61, 121)
WEIGHTS = (0.5, 0.3, 0.15, 0.07, 0.03)
TRENDS = ((0.5, 0.1, 0.9), (0.3, 0.05, 0.9), (0.3, 0.05, 0.97), (0.15, 0.02, 0.97))
"""Weight of the level, weight of the trend, damping per step."""
SHAPED = ("last", "median 5", "ses 0.5", "ses 0.3", "ses 0.15", "median 31", "trend 0.5/0.9", "trend 0.3/0.9")
"""Those to which the seasonal shape is added."""
SHARES = (0.5, 1.0)
"""How much of the seasonal increment is believed."""


def periods(points: int, step: float) -> tuple[int, ...]:
    """Seasons (in points) that the history can show: it must hold one and a half of them."""
    found = (round(length / step) for length in (HOUR, DAY, WEEK))
    return tuple(p for p in found if p >= 12 and points >= 1.5 * p)


def forecasts(values: Floats, origins: Ints, horizon: int, seasons: tuple[int, ...]) -> tuple[tuple[str, ...], Floats]:
    """Names, and an array (models, origins, horizon): what each would have said knowing only the points before the origin."""
    plain = dict(_plain(values, origins, horizon))
    for season in seasons:
        shape = _shape(values, origins, horizon, season)
        plain |= {
            f"{name} + {share:g} season {season}": plain[name] + share * shape for name in SHAPED for share in SHARES
        }
    return tuple(plain), np.stack(list(plain.values()))


def _plain(values: Floats, origins: Ints, horizon: int) -> Iterator[tuple[str, Floats]]:
    flat = np.ones((1, horizon))
    yield "last", values[origins - 1][:, None] * flat
    for width in MEDIANS:
        yield f"median {width}", trailing_median(values, origins, width)[:, None] * flat
    smooth = {weight: ewma(values, weight) for weight in WEIGHTS}
    for weight, level in smooth.items():
        yield f"ses {weight:g}", level[origins - 1][:, None] * flat
    ahead = np.arange(1, horizon + 1)
    for weight, slow, damping in TRENDS:
        slope = ewma(np.diff(smooth[weight], prepend=smooth[weight][0]), slow)[origins - 1]
        yield (
            f"trend {weight:g}/{damping:g}",
            smooth[weight][origins - 1][:, None] + slope[:, None] * np.cumsum(damping**ahead)[None, :],
        )


def _shape(values: Floats, origins: Ints, horizon: int, season: int) -> Floats:
    """By how much the series rose above the origin's own phase, a season earlier and before: the mean of up to seven seasons."""
    reach = season // 150
    smooth = centred_mean(values, reach)
    total, seen = np.zeros((len(origins), horizon)), np.zeros(len(origins))
    for back in range(1, 8):
        begin = origins - back * season
        known = begin >= 1
        if not known.any():
            break
        at = np.clip(begin[:, None] + np.arange(horizon)[None, :], 0, origins[:, None] - 1 - reach)
        total += np.where(known[:, None], smooth[at] - smooth[np.clip(begin - 1, 0, None)][:, None], 0.0)
        seen += known
    return np.asarray(total / np.maximum(seen, 1)[:, None])
