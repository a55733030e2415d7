"""Worlds ready for a scene: the example shop, well and with a past, or broken long enough that it shows."""

from __future__ import annotations

from .clock import MovableClock, ShiftedClock, SimulatedClock
from .faults import named
from .world import EXAMPLE, World

WELL_SECONDS = 600.0
"""The past of a healthy world."""
BROKEN_SECONDS = 180.0
"""From a fault to the moment at which people begin to complain."""


def healthy(clock: MovableClock | None = None) -> World:
    """The example world after ten quiet minutes. On the given clock, or in simulated time."""
    world = World.from_file(EXAMPLE, clock or SimulatedClock())
    world.run_for(WELL_SECONDS)
    return world


def broken(fault: str, clock: MovableClock | None = None) -> World:
    """The example world some minutes after a fault of the catalogue. Raises KeyError where there is no such fault."""
    chosen = named(fault)
    world = healthy(clock)
    chosen.inject(world)
    world.run_for(BROKEN_SECONDS)
    return world


def past() -> ShiftedClock:
    """A clock for `healthy` or `broken` with which the scene arrives at the present, as a world that is then served must."""
    return ShiftedClock(behind=WELL_SECONDS + BROKEN_SECONDS)
