"""The demo's promise: every fault of the catalogue, on the example world, is named first by the engine, and a well world is well."""

from __future__ import annotations

import asyncio

import pytest

from steersman.faults import Fault as Name
from steersman.gather import Sources
from steersman.session import Session
from steersman.types import Diagnosed, Diagnosis, Request
from steersman_tools.clock import Clock
from steersman_tools.world import stage
from steersman_tools.world.faults import Fault, catalogue
from steersman_tools.world.inside import LivedTime, reader
from steersman_tools.world.world import World


def diagnosis(world: World, sources: Sources) -> Diagnosis:
    """What a session says of the world."""

    async def ask(clock: Clock) -> Diagnosis:
        async for entry in Session(sources, clock).start(Request()):
            if isinstance(entry.event, Diagnosed):
                return entry.event.diagnosis
        raise AssertionError("no answer")

    return asyncio.run(ask(LivedTime(world)))


def blind(world: World) -> Sources:
    """The API alone."""
    return Sources(reader(world))


def seeing(world: World) -> Sources:
    """The API and the metrics."""
    return Sources(reader(world), world.metrics)


UNKNOWABLE = {"secret-rotated", "bad-release"}
"""What no object tells: a Secret's old value in a process, and errors inside an application. A rehearsal takes them for well."""


def rehearsed(world: World) -> World:
    """What becomes in five minutes of the world that a reader of this one sees."""
    loaded = World.load(asyncio.run(reader(world).snapshot(None)))
    loaded.run_for(300)
    return loaded


def test_a_healthy_world_is_healthy() -> None:
    """Ten quiet minutes leave nothing to complain of, and nothing unchecked."""
    world = stage.healthy()
    found = diagnosis(world, seeing(world))
    assert found.healthy, found.causes
    assert not found.not_checked
    assert not world.metrics.alerting.alerts
    assert all(e["error_ratio"] == 0 for e in world.state()["entries"].values())  # type: ignore[union-attr,index,call-overload]


def test_the_catalogue_has_what_a_demo_needs() -> None:
    """At least 14 faults with names of the product's list; one of GPUs and three that no pod shows."""
    faults = catalogue()
    assert len({f.name for f in faults}) == len(faults) >= 14
    assert {f.fault for f in faults} <= {str(name) for name in Name}
    assert sum(f.silent for f in faults) >= 3
    assert any(f.fault.startswith("gpu-") for f in faults)


@pytest.mark.parametrize("fault", catalogue(), ids=lambda f: f.name)
def test_each_fault_is_named_first(fault: Fault) -> None:
    """Right fault and right thing at rank 1, with metrics and without; silent ones leave every pod ready.

    A world loaded from a snapshot of it has the same trouble five minutes later: a rehearsal does not heal by itself.
    """
    world = stage.broken(fault.name)
    for sources in (blind(world), seeing(world)):
        found = diagnosis(world, sources)
        assert [(c.fault, c.entity) for c in found.causes] == [(fault.fault, fault.entity)]
    pods = world.state()["pods"]
    assert isinstance(pods, dict)
    goes_on = diagnosis(rehearsal := rehearsed(world), blind(rehearsal))
    assert [(c.fault, c.entity) for c in goes_on.causes] == (
        [] if fault.name in UNKNOWABLE else [(fault.fault, fault.entity)]
    )
    if fault.silent:
        assert pods["ready"] == pods["total"]
        assert any(e["error_ratio"] > 0 for e in world.state()["entries"].values())  # type: ignore[union-attr,index,call-overload,operator]
