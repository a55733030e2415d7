"""A pod is deleted only when it does no work; a node's disk is cleaned once, and the step ends when there is room."""

from __future__ import annotations

import pytest

from steersman_tools.actions import CleanDisk, ClearPod, Unfit
from steersman_tools.actuator import Actuator
from steersman_tools.fields import Fields
from steersman_tools.types import Json, Ref
from steersman_tools.world.world import World

AGENT = "node.lab/operation"


def evicted(world: World) -> tuple[Ref, Ref]:
    """A node without room on its disk, and what is left of the pod that it has evicted."""
    node = next(p["spec"]["nodeName"] for p in world.store.of("pods", "books") if p["spec"].get("nodeName"))
    world.inject({"node": node, "kind": "disk_pressure", "evict": 1})
    world.run_for(5)
    pod = next(p for p in world.store.of("pods") if p["status"].get("reason") == "Evicted")
    return Ref("", "Node", node), Ref(pod["metadata"]["namespace"], "Pod", pod["metadata"]["name"])


async def test_a_disk_is_cleaned_and_the_remains_are_cleared(world: World, actuator: Actuator) -> None:
    node, pod = evicted(world)
    await actuator.commit(await actuator.prepare(CleanDisk(target=node, annotation=AGENT)))
    found = world.get("nodes", "", node.name)
    assert found is not None
    held = {c.text("type"): c.text("status") for c in Fields(found).each("status.conditions")}
    assert held["DiskPressure"] == "False"
    with pytest.raises(Unfit, match="has room"):
        await actuator.prepare(CleanDisk(target=node, annotation=AGENT))
    prepared = await actuator.prepare(ClearPod(target=pod))
    receipt = await actuator.commit(prepared)
    assert world.get("pods", pod.namespace, pod.name) is None
    assert not (await actuator.undo(receipt)).proven


async def test_what_is_gone_counts_as_cleared(world: World, actuator: Actuator) -> None:
    _, pod = evicted(world)
    world.request("DELETE", f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}")
    receipt = await actuator.commit(await actuator.prepare(ClearPod(target=pod)))
    assert "gone already" in receipt.note


async def test_a_pod_at_work_is_left_alone(world: World, actuator: Actuator) -> None:
    """Ready ones, and those that belong to nobody."""
    pod = world.store.of("pods", "books")[0]["metadata"]["name"]
    with pytest.raises(Unfit, match="left alone"):
        await actuator.prepare(ClearPod(target=Ref("books", "Pod", pod)))
    body: Json = {
        "metadata": {"name": "alone"},
        "spec": {"containers": [{"name": "a", "image": "registry.example/a:1"}]},
    }
    world.request("POST", "/api/v1/namespaces/books/pods", body)
    with pytest.raises(Unfit, match="no controller"):
        await actuator.prepare(ClearPod(target=Ref("books", "Pod", "alone")))
