"""Predictive scaling against the reactive autoscaler, on demand that really occurred: how many minutes too few replicas were
ready, how many replica-hours were spent, and how often a change was taken back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from steersman.signals.grid import Floats, Grid
from steersman.signals.scaling import Capacity, propose

START = 3
"""Minutes until a new replica serves: scheduling, image, warm-up."""
EVERY = 2
"""Minutes between two proposals."""
HISTORY = 4320
TYPICAL = 10
"""Replicas that the median demand needs: one replica is a tenth."""
TARGET = 0.7
HOTTER = 0.85
TURN = 30
"""Minutes within which a change in the other direction counts as taken back."""

Policy: TypeAlias = Callable[[Floats, int, int, int], int]
"""(demand so far, replicas wanted now, minutes since the last change, minute) → replicas wanted."""


@dataclass(frozen=True)
class Simulated:
    """What a policy came to on one series."""

    violation_minutes: int
    replica_hours: float
    changes: int
    taken_back: int
    minutes: int


def simulate(demand: Floats, begin: int, policy: Policy) -> Simulated:
    """Runs the policy minute by minute over `demand[begin:]`; replicas added serve after `START` minutes, removed ones go at once."""
    wanted = max(1, math.ceil(demand[begin] / (TARGET * one(demand[:begin]))))
    per_replica = one(demand[:begin])
    ready, coming = wanted, [0] * START
    violations, hours, changes = 0, 0.0, []
    last = begin - 10**6
    for minute in range(begin, len(demand)):
        ready += coming.pop(0)
        coming.append(0)
        asked = policy(demand[: minute + 1], wanted, minute - last, minute)
        if asked != wanted:
            changes.append((minute, asked - wanted))
            last = minute
            if asked > wanted:
                coming[-1] += asked - wanted
            else:
                surplus = wanted - asked
                for at in range(START - 1, -1, -1):
                    cancelled = min(surplus, coming[at])
                    coming[at] -= cancelled
                    surplus -= cancelled
                ready -= surplus
            wanted = asked
        violations += int(demand[minute] > ready * per_replica)
        hours += (ready + sum(coming)) / 60
    back = sum((now[1] > 0) != (before[1] > 0) and now[0] - before[0] <= TURN for before, now in pairwise(changes))
    return Simulated(violations, hours, len(changes), back, len(demand) - begin)


def one(past: Floats) -> float:
    """What one replica carries, from the demand known at the beginning."""
    return float(np.median(past)) / TYPICAL / TARGET or 1.0


def ahead(capacity: Capacity) -> Policy:
    """Ours: the product's proposal, every other minute."""

    def policy(seen: Floats, wanted: int, since: int, minute: int) -> int:
        if minute % EVERY:
            return wanted
        recent = seen[-HISTORY:]
        grid = Grid(0.0, 60.0, recent)
        return propose(grid, wanted, capacity, grid.end - since * 60.0).replicas

    return policy


def hpa(capacity: Capacity) -> Policy:
    """Kubernetes' HorizontalPodAutoscaler with its defaults: a tolerance of 10 %, at most doubling (or four more), and downwards
    the largest recommendation of the last five minutes."""
    said: list[int] = []

    def policy(seen: Floats, wanted: int, since: int, minute: int) -> int:
        use = float(seen[-1]) / (wanted * capacity.per_replica)
        near = abs(use / capacity.target - 1) <= 0.1
        desired = wanted if near else math.ceil(wanted * use / capacity.target)
        desired = min(max(desired, capacity.least), capacity.most, max(2 * wanted, wanted + 4))
        said.append(desired)
        return max(said[-5:]) if desired < wanted else desired

    return policy


def compare(demand: Floats) -> dict[str, Simulated] | None:
    """Method → outcome on the last week of a series, None where it has no three days before that and a day in it."""
    begin = max(HISTORY, len(demand) - 7 * 1440)
    if len(demand) <= begin + 1440:
        return None
    capacity = Capacity(per_replica=one(demand[:begin]), target=TARGET, most=1000)
    return {name: simulate(demand, begin, make(capacity)) for name, make in METHODS.items()}


def hotter(capacity: Capacity) -> Policy:
    """Ours with a higher target, so that it spends what the autoscaler spends: is it the foresight or the money?"""
    return ahead(capacity.model_copy(update={"target": HOTTER}))


METHODS: dict[str, Callable[[Capacity], Policy]] = {"steersman": ahead, "steersman-hotter": hotter, "hpa": hpa}
