"""Anomaly detection on labelled operations series, scored by window. Ours has one fixed threshold; every library gets, in hindsight,
the threshold that is best for it on these very data, so the comparison errs in its favour."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from steersman.signals.anomaly import THRESHOLD
from steersman.signals.grid import Floats

from ..cli import Unusable, need
from ..detectors import LIBRARIES, PROBATION, Detector, ours
from ..public_series import Labelled, load
from ..report import Figures, interval, table, write

UNLABELLED = 4 * 3600.0
"""Seconds of a normal window in a series without a label."""
SHORTEST = 3600.0
"""Seconds that a normal window lasts at least: people are called once an hour, not once a point."""


@dataclass(frozen=True)
class Peaks:
    """The largest score in each labelled and in each normal window of one series."""

    labelled: Floats
    normal: Floats


@dataclass(frozen=True)
class Score:
    """F1 by window at a threshold."""

    f1: float
    precision: float
    recall: float
    found: int
    false: int
    missed: int
    threshold: float


def run(data: Path, output: Path | None, jobs: int, seed: int) -> None:
    """Scores all detectors on every labelled series below `data`."""
    series = [each for each in load(data) if len(each.grid.values) >= 100]
    if not any(each.windows for each in series):
        raise Unusable(f"no series with a label is below {data}")
    for module in ("river", "pyod", "ruptures"):
        need(module)
    detectors = {"steersman": ours, **LIBRARIES}
    with ProcessPoolExecutor(max(1, jobs)) as pool:
        done = {name: list(pool.map(_timed, series, [detector] * len(series))) for name, detector in detectors.items()}
    result: Figures = {}
    rows: list[list[str | float]] = []
    for name, outcomes in done.items():
        found = [each for each, _ in outcomes]
        every = score(found, THRESHOLD) if name == "steersman" else best(found)
        by = {group: score(here, every.threshold) for group, here in _groups(series, found).items()}
        low, high = _interval(found, every.threshold, seed)
        rows += [
            _row(f"{name}: {group}", each, f"{low:.2f}–{high:.2f}" if group == "all" else "")
            for group, each in by.items()
        ]
        result[name] = {
            **vars(every),
            "f1_interval": [low, high],
            "best_f1_in_hindsight": best(found).f1,
            "microseconds_per_point": sum(took for _, took in outcomes)
            / sum(len(each.grid.values) for each in series)
            * 1e6,
            "by": {group: {**vars(each)} for group, each in by.items()},
        }
    write(output, result)
    heads = ["detector", "F1", "95 %", "precision", "recall", "found", "false", "missed", "threshold"]
    print(table(f"Anomalies by window, {len(series)} series (libraries: best threshold in hindsight)", heads, rows))


def _groups(series: Sequence[Labelled], found: Sequence[Peaks]) -> dict[str, list[Peaks]]:
    """All series, and those of each source that has a labelled window to be found."""
    pairs = list(zip(series, found, strict=True))
    groups = {
        "all": list(found),
        "NAB": [each for of, each in pairs if of.family == "NAB"],
        "Microsoft": [each for of, each in pairs if of.family != "NAB"],
    }
    return {name: these for name, these in groups.items() if sum(len(each.labelled) for each in these)}


def _row(name: str, each: Score, bounds: str) -> list[str | float]:
    return [
        name,
        each.f1,
        bounds,
        each.precision,
        each.recall,
        each.found,
        each.false,
        each.missed,
        f"{each.threshold:.4g}",
    ]


def windows(series: Labelled) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Labelled windows, and the normal time between them cut into pieces as long as the median labelled window (at least an hour,
    four hours where nothing is labelled); what lies in the probation is left out."""
    count, step = len(series.grid.values), series.grid.step
    first = int(PROBATION * count)
    lengths = [end - begin for begin, end in series.windows]
    piece = max(int(np.median(lengths)) if lengths else round(UNLABELLED / step), round(SHORTEST / step), 1)
    busy = np.zeros(count + 2, bool)
    for begin, end in [(0, first), *series.windows]:
        busy[begin + 1 : end + 1] = True
    busy[0] = busy[-1] = True
    edges = np.diff(busy.astype(int))
    free = zip(np.flatnonzero(edges == -1).tolist(), np.flatnonzero(edges == 1).tolist(), strict=True)
    normal = [(at, min(at + piece, end)) for begin, end in free for at in range(begin, end, piece)]
    return [pair for pair in series.windows if pair[0] >= first], normal


def score(peaks: Sequence[Peaks], threshold: float) -> Score:
    """A window is raised where its largest score reaches the threshold."""
    found = sum(int((each.labelled >= threshold).sum()) for each in peaks)
    false = sum(int((each.normal >= threshold).sum()) for each in peaks)
    missed = sum(len(each.labelled) for each in peaks) - found
    return Score(
        f1=2 * found / max(1, 2 * found + false + missed),
        precision=found / max(1, found + false),
        recall=found / max(1, found + missed),
        found=found,
        false=false,
        missed=missed,
        threshold=threshold,
    )


def best(peaks: Sequence[Peaks]) -> Score:
    """The score at the threshold that is best for it."""
    candidates = np.unique(np.concatenate([each.labelled for each in peaks]))
    return max((score(peaks, float(threshold)) for threshold in candidates), key=lambda each: each.f1)


def peaks(series: Labelled, detector: Detector) -> Peaks:
    """The detector's largest scores in the windows of a series."""
    scores = np.nan_to_num(detector(series.grid), posinf=1e300)
    labelled, normal = windows(series)
    return Peaks(*(np.array([scores[begin:end].max() for begin, end in pairs]) for pairs in (labelled, normal)))


def _timed(series: Labelled, detector: Detector) -> tuple[Peaks, float]:
    begun = time.perf_counter()
    found = peaks(series, detector)
    return found, time.perf_counter() - begun


def _interval(peaks: Sequence[Peaks], threshold: float, seed: int) -> tuple[float, float]:
    """By drawing series, for the windows of one series are not independent."""
    counts = np.array(
        [
            [(p.labelled >= threshold).sum(), (p.normal >= threshold).sum(), (p.labelled < threshold).sum()]
            for p in peaks
        ],
        float,
    )

    def f1(drawn: np.ndarray) -> np.ndarray:
        found, false, missed = (counts[drawn.astype(int)].sum(axis=1)[:, at] for at in range(3))
        return np.asarray(2 * found / np.maximum(1, 2 * found + false + missed))

    return interval(list(range(len(peaks))), seed, f1)
