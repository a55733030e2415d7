"""What every suite does with its figures: a table for people, JSON for scripts, and an interval so that nobody reads luck as skill."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import orjson

Figures: TypeAlias = "dict[str, float | int | str | Figures | list[float] | None]"
"""What JSON can say of a method."""

DRAWS = 2000


def interval(
    values: Sequence[float], seed: int, statistic: Callable[[np.ndarray], np.ndarray] = lambda drawn: drawn.mean(axis=1)
) -> tuple[float, float]:
    """The 95 % bootstrap interval of a statistic over cases: `statistic` gets (draws, cases) and returns (draws)."""
    if not len(values):
        return float("nan"), float("nan")
    drawn = np.random.default_rng(seed).choice(np.asarray(values, float), size=(DRAWS, len(values)))
    low, high = np.quantile(statistic(drawn), [0.025, 0.975])
    return float(low), float(high)


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str | float | int]]) -> str:
    """Columns in line: the first to the left, the others to the right, numbers with three digits."""
    cells = [list(heads), *[[f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]]
    widths = [max(len(line[at]) for line in cells) for at in range(len(heads))]
    lines = [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in cells
    ]
    return "\n".join([title, "-" * len(lines[0]), lines[0], "-" * len(lines[0]), *lines[1:], ""])


def write(path: Path | None, figures: Figures) -> None:
    """The figures as JSON, where a file was asked for. What is not a number (no cases) becomes null."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY) + b"\n")
