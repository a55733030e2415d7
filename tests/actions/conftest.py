"""The example world after a minute, and hands to change it with."""

from __future__ import annotations

import pytest

from steersman_tools.actuator import Actuator
from steersman_tools.kubernetes.write import ClusterWriter
from steersman_tools.world.clock import SimulatedClock
from steersman_tools.world.inside import Inside, LivedTime
from steersman_tools.world.world import EXAMPLE, World


@pytest.fixture
def world() -> World:
    made = World.from_file(EXAMPLE, SimulatedClock())
    made.run_for(60)
    return made


@pytest.fixture
def actuator(world: World) -> Actuator:
    return Actuator(ClusterWriter(Inside(world)), LivedTime(world))
