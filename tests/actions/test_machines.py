"""Machines are rebooted once, only when they are empty, and the step ends when they are back with all their devices."""

from __future__ import annotations

import pytest

from steersman_tools.actions import Action, Drain, RebootNode, Unfit
from steersman_tools.actuator import Actuator
from steersman_tools.arrivals import Late
from steersman_tools.fields import Fields
from steersman_tools.types import Ref
from steersman_tools.world.world import World

NODE = Ref("", "Node", "gpu-0")
AGENT = "node.lab/operation"


def node(world: World) -> Fields:
    found = world.get("nodes", "", NODE.name)
    assert found is not None
    return Fields(found)


def reboot(world: World, annotation: str = AGENT, devices: int = 4) -> RebootNode:
    boot = node(world).text("status.nodeInfo.bootID")
    return RebootNode(target=NODE, annotation=annotation, boot_id=boot, resource="nvidia.com/gpu", devices=devices)


async def do(actuator: Actuator, action: Action) -> None:
    await actuator.commit(await actuator.prepare(action))


async def test_it_is_back_when_the_step_ends(world: World, actuator: Actuator) -> None:
    """A GPU that fell off the bus is there again, and the node is ready, when the reboot is done."""
    world.inject({"gpu": "GPU-gpu-0-0", "xid": 79})
    world.run_for(10)
    assert node(world).map("status.allocatable")["nvidia.com/gpu"] == "3"
    wanted = reboot(world)
    await do(actuator, Drain(target=NODE))
    await do(actuator, wanted)
    after = node(world)
    assert after.map("status.allocatable")["nvidia.com/gpu"] == "4"
    assert wanted.happened(dict(after.raw))
    assert wanted.arrived(dict(after.raw))


async def test_a_node_that_takes_pods_is_not_rebooted(world: World, actuator: Actuator) -> None:
    """Who has not drained it first is refused."""
    with pytest.raises(Unfit, match="drain it"):
        await actuator.prepare(reboot(world))


async def test_a_crash_while_waiting_does_not_reboot_twice(world: World, actuator: Actuator) -> None:
    """The request was obeyed and its answer lost: the second commit only waits."""
    wanted = reboot(world)
    await do(actuator, Drain(target=NODE))
    prepared = await actuator.prepare(wanted)
    await actuator.commit(prepared)
    once = node(world).text("status.nodeInfo.bootID")
    receipt = await actuator.commit(prepared)
    world.run_for(30)
    assert node(world).text("status.nodeInfo.bootID") == once
    assert receipt.note == "it has happened"


async def test_nobody_listens(world: World, actuator: Actuator) -> None:
    """A request that nobody obeys fails after its patience, and says who must look."""
    await do(actuator, Drain(target=NODE))
    with pytest.raises(Late, match="a person must look"):
        await do(actuator, reboot(world, "nobody.example/reboot"))


async def test_a_device_that_stays_away_is_no_success(world: World, actuator: Actuator) -> None:
    """The node is ready and a GPU is still missing: that is not back."""
    await do(actuator, Drain(target=NODE))
    with pytest.raises(Late, match="not what it should be after 3"):
        await do(actuator, reboot(world, devices=5))
