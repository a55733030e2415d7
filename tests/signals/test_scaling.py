"""Proposals: ahead of demand, bounded, and never to and fro."""

from itertools import pairwise

import numpy as np

from steersman.signals.grid import Grid
from steersman.signals.scaling import Capacity, propose
from steersman_evals.simulated import load

TEN = Capacity(per_replica=10.0, least=2, most=20)


def demand(values: np.ndarray) -> Grid:
    return Grid(0.0, 60.0, values)


def test_more_replicas_are_proposed_before_they_are_needed() -> None:
    """A steady rise that would exceed the target within a quarter of an hour asks for more now."""
    rising = 30 + 0.4 * np.arange(120)

    said = propose(demand(rising), 11, TEN, changed=0.0)

    assert rising[-1] < 11 * 7.1
    assert said.direction == "up"
    assert said.replicas > 11


def test_replicas_are_taken_away_only_after_a_while() -> None:
    """The same low demand: too soon after a change nothing moves, later it does."""
    low = demand(np.full(200, 20.0))

    assert propose(low, 10, TEN, changed=low.end - 60).direction == "stay"
    assert propose(low, 10, TEN, changed=low.end - 3600).direction == "down"


def test_bounds_hold() -> None:
    """Neither below the least nor above the most."""
    assert propose(demand(np.zeros(100)), 5, TEN, changed=-1e6).replicas == TEN.least
    assert propose(demand(np.full(100, 1e6)), 5, TEN, changed=-1e6).replicas == TEN.most


def test_a_simulated_day_has_no_to_and_fro() -> None:
    """Simulated load over a day: no change is taken back within half an hour."""
    made = load(np.random.default_rng(3), 4) * 100
    replicas, changed, changes = 8, -1e6, []
    for at in range(3 * 1440, 4 * 1440, 5):
        said = propose(Grid(0.0, 60.0, made[at - 4320 : at]), replicas, TEN, changed - (at - 4320) * 60.0)
        if said.replicas != replicas:
            changes.append((at, said.replicas - replicas))
            replicas, changed = said.replicas, at * 60.0
    back = [b for a, b in pairwise(changes) if (a[1] > 0) != (b[1] > 0) and b[0] - a[0] <= 30]

    assert changes
    assert not back
