"""What a partly free GPU is worth: how much of the usual work it can still take when shares are combined as well as they can be.

A cutting-stock problem: whole GPUs are stock, shares are cut from them in the proportions of the workload. The duals of its linear
programme are the prices of shares, and the worth of what is left on a GPU is the best that can be cut from it at those prices.
Source: Gilmore and Gomory, "A linear programming approach to the cutting-stock problem", Operations Research 9 (1961).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

import numpy as np
from scipy.optimize import linprog

from .fleet import WHOLE, Floats, Request

MOST_CUTS = 400
"""Rounds of column generation, far more than shares in thousandths have ever needed."""


def worth(requests: Iterable[Request]) -> Floats:
    """By free thousandths 0..1000: what they are worth, in thousandths of a GPU. Without shared GPUs only a whole one is worth
    anything."""
    demand: Counter[int] = Counter()
    for request in requests:
        if request.count:
            demand[request.share if request.shared else WHOLE] += request.count
    if not demand:
        return np.zeros(WHOLE + 1)
    shares = sorted(demand)
    need = np.array([demand[share] for share in shares], float)
    unit = math.gcd(WHOLE, *shares)
    sizes = [share // unit for share in shares]
    cuts = [np.where(np.arange(len(shares)) == at, WHOLE // share, 0) for at, share in enumerate(shares)]
    for _ in range(MOST_CUTS):
        prices = _prices(np.array(cuts, float).T, need / need.sum())
        best, cut = _knapsack(sizes, prices, WHOLE // unit)
        if best[-1] <= 1 + 1e-9:
            break
        cuts.append(cut)
    return np.asarray(np.repeat(best, unit)[: WHOLE + 1] * WHOLE, np.float64)


def _prices(cuts: Floats, need: Floats) -> Floats:
    """The price of each share, in GPUs, when the cuts are used as little as the need allows."""
    solved = linprog(np.ones(cuts.shape[1]), A_ub=-cuts, b_ub=-need, method="highs")
    return np.asarray(-solved.ineqlin.marginals, np.float64)


def _knapsack(sizes: list[int], prices: Floats, room: int) -> tuple[Floats, np.ndarray]:
    """The best value for every room up to the whole, and the cut that reaches it for the whole."""
    best, pick = np.zeros(room + 1), np.full(room + 1, -1)
    for size in range(1, room + 1):
        best[size] = best[size - 1]
        for at, taken in enumerate(sizes):
            if taken <= size and best[size - taken] + prices[at] > best[size] + 1e-12:
                best[size], pick[size] = best[size - taken] + prices[at], at
    cut, left = np.zeros(len(sizes), np.int64), room
    while left > 0:
        if pick[left] < 0:
            left -= 1
        else:
            cut[pick[left]] += 1
            left -= sizes[pick[left]]
    return best, cut
