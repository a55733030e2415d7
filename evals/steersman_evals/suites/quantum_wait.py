"""How well the wait in a quantum queue is foretold, on simulated months of traffic, beside pending × mean duration."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from steersman_tools.quantum.pace import Seen, learn

from ..quantum_traffic import month, when
from ..report import Figures, interval, table, write

DATA = False
MONTHS = 10
WARM_DAYS = 7
"""The first week is learnt from and not scored."""


def run(data: Path | None, output: Path | None, jobs: int, seed: int) -> None:
    """Prints the mean absolute error of each way, in minutes, over the jobs of one account."""
    months = [_errors(seed + at) for at in range(MONTHS)]
    figures: Figures = {}
    rows: list[list[str | float | int]] = []
    for name in ("steersman", "pending × mean duration", "mean wait so far", "last wait"):
        each = [float(np.mean(m[name])) / 60 for m in months]
        low, high = interval(each, seed)
        medians = float(np.median(np.concatenate([m[name] for m in months]))) / 60
        won = sum(
            a < b
            for a, b in zip(each, [float(np.mean(m["pending × mean duration"])) / 60 for m in months], strict=True)
        )
        figures[name] = {
            "mae_minutes": float(np.mean(each)),
            "low": low,
            "high": high,
            "median_minutes": medians,
            "months_won": won,
        }
        rows.append([name, float(np.mean(each)), f"{low:.2f}..{high:.2f}", medians, f"{won}/{MONTHS}"])
    scored = sum(len(m["steersman"]) for m in months)
    heads = ["error of the wait, minutes", "mean", "95 %", "median", "better months"]
    print(table(f"{scored} jobs in {MONTHS} simulated months, seeds {seed}..{seed + MONTHS - 1}", heads, rows))
    write(output, figures)


def _errors(seed: int) -> dict[str, list[float]]:
    """Absolute errors in seconds, each estimate made with what was known when the job came."""
    visits = [v for v in month(seed) if v.ours and math.isfinite(v.started)]
    seen = [
        Seen(at=when(v.at), ahead=v.ahead, waited_seconds=v.started - v.at, started=when(v.started)) for v in visits
    ]
    errors: dict[str, list[float]] = {
        "steersman": [],
        "pending × mean duration": [],
        "mean wait so far": [],
        "last wait": [],
    }
    for visit, own in zip(visits, seen, strict=True):
        if visit.at < WARM_DAYS * 86_400:
            continue
        pace = learn(seen, own.at)
        before = [s.waited_seconds for s in seen if s.started <= own.at]
        plain = visit.ahead * visit.mean_so_far
        guesses = {
            "steersman": pace.seconds(visit.ahead) if pace else plain,
            "pending × mean duration": plain,
            "mean wait so far": float(np.mean(before)),
            "last wait": before[-1],
        }
        for name, guess in guesses.items():
            errors[name].append(abs(guess - own.waited_seconds))
    return errors
