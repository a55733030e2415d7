"""How many replicas the demand of the next quarter of an hour needs: what is expected must fit the target, and what is likely at
most must still fit the limit. Replicas are taken away only late and only where the whole stretch ahead leaves room; between the two
lies a band in which nothing moves, and that is why it does not oscillate."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from steersman_tools.types import Frozen

from .capacity import climb
from .forecast import forecast_grid
from .grid import Grid

AHEAD = 900.0
"""Seconds ahead."""
LEVEL = 0.8
PATIENCE = 2.0
"""Times the stretch ahead that must have passed since the last change before replicas are taken away."""
SPARE = 0.8
"""After taking replicas away, the rest must be loaded to no more than this part of what would make more of them necessary."""
FULL = 0.95
"""The part of its limit to which a replica may be loaded by what is likely at most."""


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


def propose(demand: Grid, replicas: int, capacity: Capacity, changed: float, ahead: float = AHEAD) -> Proposal:
    """Replicas for the next quarter of an hour, or so many seconds; `changed` is when they were last changed (Unix seconds)."""
    said, minutes = forecast_grid(demand, ahead, LEVEL), ahead / 60
    recent = demand.values[-3:]
    recent = recent[np.isfinite(recent)]
    here = float(recent.max()) if len(recent) else 0.0
    expected = max(here, *said.middle, climb(demand, ahead) or 0.0)
    most = max(expected, *said.upper)
    wanted = _needed(expected, most, capacity)
    if wanted > replicas:
        why = f"{expected:.4g}, at most {most:.4g}, is expected within {minutes:.3g} minutes: more than {replicas} should carry"
        return _say(wanted, replicas, expected, most, why)
    lately = float(np.nanmax(demand.values[-max(3, round(PATIENCE * ahead / demand.step)) :], initial=0.0))
    roomy = _needed(max(expected, lately) / SPARE, max(most, lately) / SPARE, capacity)
    if roomy < replicas and demand.end - changed >= PATIENCE * ahead:
        why = f"no more than {most:.4g} is expected within {minutes:.3g} minutes: {roomy} carry that with room to spare"
        return _say(roomy, replicas, expected, most, why)
    return _say(replicas, replicas, expected, most, "what is there suffices, and less would be too close")


def _needed(expected: float, most: float, capacity: Capacity) -> int:
    """Replicas that carry the expected at the target and the most at the limit."""
    needed = max(expected / (capacity.per_replica * capacity.target), most / (capacity.per_replica * FULL))
    return min(max(math.ceil(needed - 1e-9), capacity.least), capacity.most)


def _say(wanted: int, now: int, expected: float, most: float, why: str) -> Proposal:
    direction: Literal["up", "down", "stay"] = "up" if wanted > now else "down" if wanted < now else "stay"
    return Proposal(replicas=wanted, now=now, direction=direction, expected=expected, likely_most=most, why=why)
