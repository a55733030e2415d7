"""What left its own past, since when, and how sure that is: one series at a time, with the changes made at that moment named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from steersman_tools.types import Frozen

from .grid import Floats, Grid
from .surprise import surprise

THRESHOLD = 1.2
"""Units (see `surprise`) from which on a point is unusual."""
BEGUN = 0.5
"""Units from which on a point, going back from the first unusual one, already belongs to the deviation."""
APART = 3
"""Usual points that end a deviation; fewer are part of it."""
STAYED = 0.6
"""The part of a deviation that the last points must keep for it to last still, though the judge has grown used to it."""
BEFORE, AFTER = 600.0, 120.0
"""Seconds by which a change may come before the deviation, or (clocks, scrape intervals) after it, to be named with it."""
SILENT = 5
"""Points missing at the end that are a silence; fewer are a late scrape."""


class Mark(Frozen):
    """A change that somebody made, or a restart that was seen."""

    kind: Literal["rollout", "config", "scale", "restart"]
    name: str
    at: float
    """Unix seconds."""


class Anomaly(Frozen):
    """One deviation of one series."""

    shape: Literal["spike", "shift", "silence"]
    direction: Literal["up", "down"]
    since: float
    """Unix seconds of the first point that belongs to it."""
    until: float | None
    """Of the last, None while it lasts."""
    score: float
    """Its largest size in units of the series' own past."""
    observed: float
    """The value where it was largest; of a silence, the last one seen."""
    expected: float
    confidence: float
    marks: tuple[Mark, ...] = ()
    """What was changed when it began."""


def anomalies(grid: Grid, marks: Sequence[Mark] = ()) -> tuple[Anomaly, ...]:
    """All deviations of the series, oldest first."""
    found = surprise(grid)
    deviations = [
        _deviation(grid, found.score, found.expected, found.unit, first, last, marks)
        for first, last in _stretches(found.score)
    ]
    return (*deviations, *_silence(grid, marks))


def confidence(score: float) -> float:
    """How sure a deviation of this size is one that people would call an incident. The curve follows the development data
    (docs/signals.md): about .5 at 1.2, .65 at 2, .8 at 5, and never more than .9."""
    return float(min(0.9, 1 - 0.6 / max(score, 1e-9) ** 0.75)) if score > 0.6 else 0.0


def _stretches(score: Floats) -> list[tuple[int, int]]:
    """Index pairs (first, last) of deviations: unusual points of one direction with short pauses, begun where they began."""
    pairs: list[tuple[int, int]] = []
    for sign in (1, -1):
        signed = score * sign
        hits = np.flatnonzero(signed >= THRESHOLD)
        if not len(hits):
            continue
        breaks = np.flatnonzero(np.diff(hits) > APART)
        firsts, lasts = hits[np.concatenate([[0], breaks + 1])], hits[np.concatenate([breaks, [len(hits) - 1]])]
        for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
            while first > 0 and signed[first - 1] >= BEGUN:
                first -= 1
            if not pairs or first > pairs[-1][1] or sign < 0:
                pairs.append((first, last))
    return sorted(pairs)


def _deviation(
    grid: Grid, score: Floats, middle: Floats, unit: Floats, first: int, last: int, marks: Sequence[Mark]
) -> Anomaly:
    peak = first + int(np.argmax(np.abs(score[first : last + 1])))
    up = score[peak] > 0
    lasts, end = _lasting(grid.values, middle[first], unit[first], up, last)
    since = float(grid.start + grid.step * first)
    return Anomaly(
        shape="shift" if lasts or end - first >= 2 * APART else "spike",
        direction="up" if up else "down",
        since=since,
        until=None if lasts else float(grid.start + grid.step * end),
        score=float(abs(score[peak])),
        observed=float(grid.values[peak]),
        expected=float(middle[peak]),
        confidence=confidence(float(abs(score[peak]))),
        marks=coinciding(since, marks),
    )


def _lasting(values: Floats, usual: float, unit: float, up: bool, last: int) -> tuple[bool, int]:  # noqa: FBT001  a direction
    """Whether the deviation lasts to the end of the series, and the last point of it. The level before it decides: the judge
    itself takes a new level for granted after a while."""
    away = np.flatnonzero((values[last + 1 :] - usual) * (1 if up else -1) >= STAYED * THRESHOLD * unit) + last + 1
    reached = np.concatenate([[last], away])
    pauses = np.flatnonzero(np.diff(reached) > APART + 1)
    end = int(reached[pauses[0]] if len(pauses) else reached[-1])
    return end >= len(values) - 1 - APART, end


def coinciding(since: float, marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """The changes made at about that moment, nearest first."""
    near = [mark for mark in marks if since - BEFORE <= mark.at <= since + AFTER]
    return tuple(sorted(near, key=lambda mark: (abs(mark.at - since), mark.kind, mark.name)))


def _silence(grid: Grid, marks: Sequence[Mark]) -> tuple[Anomaly, ...]:
    """A series that was there and is no more. One that always had holes is not judged by another."""
    known = np.flatnonzero(np.isfinite(grid.values))
    if len(known) < 2 * SILENT:
        return ()
    missing = len(grid.values) - 1 - int(known[-1])
    holes = int(np.diff(known).max())
    if missing < SILENT or missing <= 2 * holes:
        return ()
    since = float(grid.start + grid.step * (known[-1] + 1))
    value = float(grid.values[known[-1]])
    return (
        Anomaly(
            shape="silence",
            direction="down",
            since=since,
            until=None,
            score=missing / max(holes, 1),
            observed=value,
            expected=value,
            confidence=confidence(missing / max(holes, 1)),
            marks=coinciding(since, marks),
        ),
    )
