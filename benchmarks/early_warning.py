"""How early growth is announced, and how often nothing is announced wrongly, on simulated weeks (see steersman_evals.simulated).

    python benchmarks/early_warning.py [--series N] [--seed N]

A false warning is counted once an occasion (two hours). Every series is asked every five minutes, knowing the two days before.
"""

from __future__ import annotations

import argparse

import numpy as np

from steersman.signals.capacity import exhaustion
from steersman.signals.grid import Grid
from steersman_evals.simulated import DAY, disk, growing, load, memory

HORIZON, EVERY, OCCASION = 7200.0, 5, 120
MAKERS = {"memory": memory, "load": load, "disk": disk}


def main() -> None:
    """Prints a line a kind of series."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for kind, make in MAKERS.items():
        false = [_false(make(np.random.default_rng([options.seed, at]), 9)) for at in range(options.series)]
        leads = [_lead(np.random.default_rng([options.seed, 1000 + at]), kind) for at in range(3 * options.series)]
        print(
            f"{kind}: {sum(false)} false warnings in {options.series} weeks; announced at least {min(leads)} minutes ahead "
            f"(median {np.median(leads):.0f}, {np.mean([lead >= 20 for lead in leads]):.0%} by 20 minutes or more, {len(leads)} growths)"
        )


def _warned(values: np.ndarray, at: int) -> bool:
    ends = exhaustion(Grid(0.0, 60.0, values[max(0, at - 2 * DAY) : at]), 1.0, HORIZON)
    return ends.at is not None and ends.latest is not None and ends.basis != "forecast"


def _false(values: np.ndarray) -> int:
    occasions, last = 0, -OCCASION
    for at in range(2 * DAY, len(values), EVERY):
        if _warned(values, at) and at - last >= OCCASION:
            occasions, last = occasions + 1, at
    return occasions


def _lead(generator: np.random.Generator, kind: str) -> int:
    """Minutes between the announcement and the limit of a growth that takes two to eight hours; 0 where it came unannounced."""
    begin = int(generator.integers(2 * DAY + 300, 3 * DAY))
    values = growing(generator, MAKERS[kind](generator, 4), begin, float(generator.uniform(120, 480)))
    first = next((at for at in range(begin, len(values), EVERY) if _warned(values, at)), len(values))
    return len(values) - first


if __name__ == "__main__":
    main()
