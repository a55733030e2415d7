"""The public operations series: NAB's CloudWatch files and Microsoft's cloud monitoring set, as grids with labelled windows."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from steersman.signals.grid import Grid, regular
from steersman_tools.metrics import Series

from .cli import Unusable


@dataclass(frozen=True)
class Labelled:
    """One series; `windows` are index pairs (first, end) of what people called an anomaly."""

    name: str
    family: str
    grid: Grid
    windows: tuple[tuple[int, int], ...]


def load(data: Path) -> list[Labelled]:
    """Every series below the folder, by name. Unusable where there is none."""
    labels = _nab_labels(data)
    found = [each for path in sorted(data.rglob("*.csv")) if (each := _series(path, labels)) is not None]
    if not found:
        raise Unusable(f"no series of NAB (timestamp,value) or of Microsoft (TimeStamp,Value,Label) is below {data}")
    return found


def _nab_labels(data: Path) -> Mapping[str, list[tuple[float, float]]]:
    """File name → windows, from every combined_windows.json below the folder or beside it."""
    files = sorted({*data.rglob("combined_windows.json"), *data.parent.glob("labels/combined_windows.json")})
    return {
        name.rsplit("/", 1)[-1]: [(_seconds(begin), _seconds(end)) for begin, end in windows]
        for file in files
        for name, windows in json.loads(file.read_text()).items()
    }


def _series(path: Path, labels: Mapping[str, list[tuple[float, float]]]) -> Labelled | None:
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        lines = csv.reader(file)
        head = [name.strip().lower() for name in next(lines, [])]
        if head not in (["timestamp", "value"], ["timestamp", "value", "label"]):
            return None
        rows = [line for line in lines if len(line) == len(head)]
    times = np.array([_seconds(line[0]) for line in rows])
    values = np.array([_number(line[1]) for line in rows])
    grid = regular(Series(times=times.tolist(), values=values.tolist()))
    if not len(grid.values):
        return None
    if len(head) == 3:
        flags = np.zeros(len(grid.values) + 2, int)
        slots = np.rint((times - grid.start) / grid.step).astype(int) + 1
        inside = (slots > 0) & (slots < len(flags) - 1)
        flags[slots[inside]] = [_number(line[2]) > 0 for line, here in zip(rows, inside, strict=True) if here]
        edges = np.diff(flags)
        pairs = zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True)
        return Labelled(path.stem, path.parent.name, grid, tuple(pairs))
    spans = [
        (int(np.ceil((begin - grid.start) / grid.step)), int((end - grid.start) // grid.step) + 1)
        for begin, end in labels.get(path.name, [])
    ]
    kept = [(max(0, begin), min(end, len(grid.values))) for begin, end in spans]
    return Labelled(path.stem, "NAB", grid, tuple(pair for pair in kept if pair[0] < pair[1]))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text.strip().replace("Z", "+00:00")).replace(tzinfo=UTC).timestamp()
