"""Forecasts of public operations series: half an hour ahead from three days, and what foresight is worth to an autoscaler."""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np

from steersman.signals.forecast import forecast_grid
from steersman.signals.grid import Floats, Grid, filled

from ..cli import Unusable, need
from ..public_series import Labelled, load
from ..report import Figures, interval, table, write
from ..scaling import METHODS, Simulated, compare

TRAINED, AHEAD = 3 * 86400.0, 1800.0
STEPS = {60.0: "1m", 300.0: "5m"}
ORIGINS = 48
RECENT = 480
"""Points that AutoETS and SES are fitted to, as in the measured figures."""
LEVEL = 0.8
STILL = 0.98
"""The part of steps without a change from which on a series is left out."""


@dataclass(frozen=True)
class Said:
    """What a method expects, and its 80 % interval where it gives one."""

    middle: Floats
    lower: Floats | None = None
    upper: Floats | None = None


Method: TypeAlias = Callable[[Floats, float, int], Said]
"""(three days of values, step, points ahead) → forecast."""


def ours(values: Floats, step: float, ahead: int) -> Said:
    """The product's."""
    said = forecast_grid(Grid(0.0, step, values), ahead * step, LEVEL)
    return Said(np.array(said.middle), np.array(said.lower), np.array(said.upper))


def last_value(values: Floats, step: float, ahead: int) -> Said:
    """It stays as it is."""
    return Said(np.full(ahead, values[-1]))


def seasonal_naive(values: Floats, step: float, ahead: int) -> Said:
    """As yesterday at this time."""
    day = round(86400 / step)
    return Said(values[-day:][:ahead])


def ses(values: Floats, step: float, ahead: int) -> Said:
    """Simple exponential smoothing, its weight fitted."""
    from statsforecast.models import SimpleExponentialSmoothingOptimized  # noqa: PLC0415  a yardstick, group evals

    return Said(np.asarray(SimpleExponentialSmoothingOptimized().forecast(values[-RECENT:], h=ahead)["mean"], float))


def auto_ets(values: Floats, step: float, ahead: int) -> Said:
    """statsforecast's AutoETS without a season."""
    from statsforecast.models import AutoETS  # noqa: PLC0415  a yardstick, group evals

    said = AutoETS(season_length=1).forecast(values[-RECENT:], h=ahead, level=[80])
    return Said(*(np.asarray(said[name], float) for name in ("mean", "lo-80", "hi-80")))


FORECASTS: Mapping[str, Method] = {
    "steersman": ours,
    "last-value": last_value,
    "ses": ses,
    "auto-ets": auto_ets,
    "seasonal-naive": seasonal_naive,
}


@dataclass(frozen=True)
class Outcome:
    """One method on one series."""

    error: float
    """Mean absolute error relative to that of the last value."""
    coverage: float | None
    seconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The suite's own flags."""
    parser.add_argument("--origins", type=int, default=ORIGINS, help="moments per series from which is forecast")


def run(data: Path, output: Path | None, jobs: int, seed: int, origins: int = ORIGINS) -> None:
    """Forecasts every series of one and of five minutes below `data`, then simulates scaling on the demand series."""
    series = [
        each
        for each in load(data)
        if each.grid.step in STEPS and len(each.grid.values) * each.grid.step > TRAINED + AHEAD
    ]
    if not series:
        raise Unusable(f"no series of one or five minutes that lasts three days is below {data}")
    need("statsforecast")
    with ProcessPoolExecutor(max(1, jobs)) as pool:
        tested = list(pool.map(partial(tried, methods=FORECASTS, origins=origins), series))
        demand = [
            each for each in series if each.grid.step == 60.0 and each.family.startswith(("data-ingress", "mongodb"))
        ]
        scaled = list(pool.map(_scale, demand))
    kept = [(each, outcomes) for each, outcomes in zip(series, tested, strict=True) if outcomes]
    for each in series:
        if not any(each is other for other, _ in kept):
            print(f"left out: {each.name} stays at one value nearly always, so that there is nothing to forecast")
    simulated = [found for found in scaled if found]
    write(output, _figures(kept, simulated, seed))
    print(_table(kept, seed) + _scaling_table(simulated))


def tried(series: Labelled, methods: Mapping[str, Method], origins: int) -> dict[str, Outcome] | None:
    """Every method from each origin; None where there is nothing to forecast."""
    step, values = series.grid.step, filled(series.grid.values)
    if (np.diff(values) == 0).mean() > STILL:
        return None
    trained, ahead = round(TRAINED / step), round(AHEAD / step)
    starts = np.unique(np.linspace(trained, len(values) - ahead, max(2, origins)).astype(int)).tolist()
    naive = sum(_missed(last_value(values[at - trained : at], step, ahead), values[at : at + ahead]) for at in starts)
    if naive <= 0:
        return None
    return {name: _outcome(method, values, starts, trained, ahead, step, naive) for name, method in methods.items()}


def _outcome(
    method: Method, values: Floats, starts: Sequence[int], trained: int, ahead: int, step: float, naive: float
) -> Outcome:
    wrong, inside, begun = 0.0, [], time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fits that do not converge say so at every origin
        for at in starts:
            said, truth = method(values[at - trained : at], step, ahead), values[at : at + ahead]
            wrong += _missed(said, truth)
            if said.lower is not None and said.upper is not None:
                inside.append(float(((said.lower <= truth) & (truth <= said.upper)).mean()))
    seconds = (time.perf_counter() - begun) / len(starts)
    return Outcome(wrong / naive, float(np.mean(inside)) if inside else None, seconds)


def _missed(said: Said, truth: Floats) -> float:
    return float(np.abs(said.middle - truth).mean())


def _scale(series: Labelled) -> dict[str, Simulated] | None:
    return compare(filled(series.grid.values))


Tested: TypeAlias = Sequence[tuple[Labelled, dict[str, Outcome]]]


def _scores(
    kept: Tested, name: str, step: float, seed: int
) -> tuple[float, tuple[float, float], float | None, int] | None:
    """Geometric mean of relative errors with its interval, mean coverage, and the number of series."""
    here = [outcomes[name] for each, outcomes in kept if each.grid.step == step]
    if not here:
        return None
    logs = [float(np.log(max(each.error, 1e-6))) for each in here]
    low, high = interval(logs, seed)
    covered = [each.coverage for each in here if each.coverage is not None]
    bounds = (float(np.exp(low)), float(np.exp(high)))
    return float(np.exp(np.mean(logs))), bounds, float(np.mean(covered)) if covered else None, len(here)


def _table(kept: Tested, seed: int) -> str:
    rows: list[list[str | float]] = []
    for name in FORECASTS:
        ms = float(np.mean([outcomes[name].seconds for _, outcomes in kept])) * 1000
        for step, label in STEPS.items():
            if scores := _scores(kept, name, step, seed):
                error, (low, high), coverage, count = scores
                rows.append(
                    [
                        f"{name} {label}",
                        count,
                        error,
                        f"{low:.2f}–{high:.2f}",
                        "" if coverage is None else coverage,
                        f"{ms:.1f}",
                    ]
                )
    for each, outcomes in kept:
        mine = outcomes["steersman"]
        rows.append([f"steersman: {each.name}"[:48], "", mine.error, "", mine.coverage or "", ""])
    heads = ["method", "series", "relative MAE", "95 %", "coverage of 80 %", "ms"]
    return table("Forecast of 30 minutes from 3 days", heads, rows)


def _scaling_table(simulated: Sequence[dict[str, Simulated]]) -> str:
    rows: list[list[str | float]] = [[name, *_total(simulated, name).values()] for name in METHODS if simulated]
    heads = ["policy", "violation minutes", "replica-hours", "changes", "taken back", "minutes"]
    return table(f"Scaling on {len(simulated)} demand series", heads, rows) if simulated else ""


def _total(simulated: Sequence[dict[str, Simulated]], name: str) -> dict[str, float]:
    these = [each[name] for each in simulated]
    return {
        "violation_minutes": sum(each.violation_minutes for each in these),
        "replica_hours": round(sum(each.replica_hours for each in these)),
        "changes": sum(each.changes for each in these),
        "taken_back": sum(each.taken_back for each in these),
        "minutes": sum(each.minutes for each in these),
    }


def _figures(kept: Tested, simulated: Sequence[dict[str, Simulated]], seed: int) -> Figures:
    result: Figures = {}
    for name in FORECASTS:
        figures: Figures = {"seconds_per_forecast": float(np.mean([outcomes[name].seconds for _, outcomes in kept]))}
        for step, label in STEPS.items():
            if scores := _scores(kept, name, step, seed):
                error, bounds, coverage, count = scores
                figures[label] = {
                    "relative_mae": error,
                    "interval": list(bounds),
                    "coverage": coverage,
                    "series": count,
                }
        figures["by"] = {
            each.name: {"relative_mae": outcomes[name].error, "coverage": outcomes[name].coverage}
            for each, outcomes in kept
        }
        result[name] = figures
    for name in METHODS if simulated else ():
        known = result.setdefault(name, {})
        assert isinstance(known, dict)
        known["scaling"] = {**_total(simulated, name)}
    return result
