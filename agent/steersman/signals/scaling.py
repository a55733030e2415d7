"""How many replicas the demand of the next quarter of an hour needs. Scaling up trusts the upper end of the forecast, scaling down
waits until the whole stretch ahead allows it, and between the two lies a band in which nothing moves: that is why it never
oscillates."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from steersman_tools.types import Frozen

from .forecast import forecast_grid
from .grid import Grid

AHEAD = 900.0
"""Seconds ahead."""
LEVEL = 0.8
PATIENCE = 600.0
"""Seconds that must have passed since the last change before replicas are taken away."""
SPARE = 0.9
"""After taking replicas away, the rest must be loaded to no more than this part of the target."""


class Capacity(Frozen):
    """What one replica carries and how many are allowed."""

    per_replica: float
    """Demand (for example requests per second) that one replica carries at its limit."""
    target: float = 0.7
    """The part of it that is to be used."""
    least: int = 1
    most: int = 100


class Proposal(Frozen):
    """So many replicas, and why. The plan and the gate decide whether it happens."""

    replicas: int
    now: int
    direction: Literal["up", "down", "stay"]
    expected: float
    """The largest demand expected within the stretch ahead."""
    likely_most: float
    """The upper end of its interval."""
    why: str


def propose(demand: Grid, replicas: int, capacity: Capacity, changed: float) -> Proposal:
    """Replicas for the next quarter of an hour; `changed` is when they were last changed (Unix seconds)."""
    said = forecast_grid(demand, AHEAD, LEVEL)
    recent = demand.values[-3:]
    recent = recent[np.isfinite(recent)]
    here = float(recent.max()) if len(recent) else 0.0
    expected, most = max(here, *said.middle), max(here, *said.upper)
    usable = capacity.per_replica * capacity.target
    wanted = _bounded(math.ceil(most / usable - 1e-9), capacity)
    if wanted > replicas:
        why = f"up to {most:.4g} are expected within {AHEAD / 60:.0f} minutes; {replicas} carry {replicas * usable:.4g}"
        return _say(wanted, replicas, expected, most, why)
    roomy = _bounded(math.ceil(most / (usable * SPARE) - 1e-9), capacity)
    if roomy < replicas and demand.end - changed >= PATIENCE:
        why = (
            f"no more than {most:.4g} are expected within {AHEAD / 60:.0f} minutes; {roomy} carry {roomy * usable:.4g}"
        )
        return _say(roomy, replicas, expected, most, why)
    return _say(replicas, replicas, expected, most, "what is there suffices, and less would be too close")


def _bounded(replicas: int, capacity: Capacity) -> int:
    return min(max(replicas, capacity.least), capacity.most)


def _say(wanted: int, now: int, expected: float, most: float, why: str) -> Proposal:
    direction: Literal["up", "down", "stay"] = "up" if wanted > now else "down" if wanted < now else "stay"
    return Proposal(replicas=wanted, now=now, direction=direction, expected=expected, likely_most=most, why=why)
