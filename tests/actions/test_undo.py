"""Each action, made and taken back on the embedded world: every object is as it was, and what others wrote is kept."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from steersman_tools.actions import Action
from steersman_tools.actuator import Actuator, Voided
from steersman_tools.fields import Fields
from steersman_tools.images import owned
from steersman_tools.kubernetes.write import ClusterWriter
from steersman_tools.types import Json, JsonObject, Ref
from steersman_tools.world.inside import Inside, LivedTime
from steersman_tools.world.world import World
from steersman_tools.writer import Conflicted, Mode

from .cases import CASES, action

WATCHED = ("deployments.apps", "services", "configmaps", "networkpolicies.networking.k8s.io", "nodes", "jobs.batch")


def values(world: World) -> dict[str, str]:
    catalogue = world.get("deployments.apps", "books", "catalogue")
    assert catalogue is not None
    old = next(o for o in world.store.of("replicasets.apps", "books") if o["metadata"]["name"].startswith("catalogue-"))
    return {
        "container": catalogue["spec"]["template"]["spec"]["containers"][0]["name"],
        "node": next(o["metadata"]["name"] for o in world.store.of("nodes", "")),
        "old": old["metadata"]["name"],
    }


def inventory(world: World) -> dict[str, Json]:
    return {
        f"{kind} {obj['metadata'].get('namespace', '')}/{obj['metadata']['name']}": owned(obj)
        for kind in WATCHED
        for space in ("books", "ai", "")
        for obj in world.store.of(kind, space)
    }


def prepared_change(world: World, name: str) -> Action:
    if name == "roll back":  # something to go back from
        body: Json = {"spec": {"template": {"metadata": {"annotations": {"changed": "yes"}}}}}
        world.request(
            "PATCH", "/apis/apps/v1/namespaces/books/deployments/catalogue", body, "application/merge-patch+json"
        )
        world.run_for(60)
    return action(name, values(world))


@pytest.mark.parametrize("name", CASES)
async def test_undo_restores_every_object(world: World, name: str) -> None:
    """Apply, live on for a minute, undo, live on: all that people own is byte for byte as before."""
    actuator = Actuator(ClusterWriter(Inside(world)), LivedTime(world))
    wanted = prepared_change(world, name)
    before = inventory(world)
    receipt = await actuator.commit(await actuator.prepare(wanted))
    assert inventory(world) != before
    world.run_for(60)
    undone = await actuator.undo(receipt)
    assert undone.proven, undone.text
    world.run_for(60)
    assert inventory(world) == before


@pytest.mark.parametrize("name", [n for n in CASES if not n.startswith(("create", "delete"))])
async def test_a_neighbours_change_survives(world: World, name: str) -> None:
    """What somebody else writes between the change and its undo is there afterwards."""
    actuator = Actuator(ClusterWriter(Inside(world)), LivedTime(world))
    wanted = prepared_change(world, name)
    receipt = await actuator.commit(await actuator.prepare(wanted))
    kind = world.types.named(wanted.target.kind)
    assert kind is not None
    path = kind.path(wanted.target.namespace, wanted.target.name)
    body: Json = {"metadata": {"annotations": {"neighbour": "was here"}}}
    assert world.request("PATCH", path, body, "application/merge-patch+json")[0] == 200
    assert (await actuator.undo(receipt)).proven
    live = world.get(kind.id, wanted.target.namespace, wanted.target.name)
    assert live is not None
    assert live["metadata"]["annotations"]["neighbour"] == "was here"


async def test_a_field_that_somebody_else_has_written_since_is_left_alone(world: World) -> None:
    actuator = Actuator(ClusterWriter(Inside(world)), LivedTime(world))
    receipt = await actuator.commit(await actuator.prepare(action("scale", values(world))))
    path = "/apis/apps/v1/namespaces/books/deployments/catalogue"
    world.request("PATCH", path, {"spec": {"replicas": 7}}, "application/merge-patch+json")
    undone = await actuator.undo(receipt)
    assert not undone.proven
    assert "somebody else" in undone.text
    live = world.get("deployments.apps", "books", "catalogue")
    assert live is not None
    assert live["spec"]["replicas"] == 7


async def test_a_plan_is_void_when_its_field_was_written_meanwhile(world: World) -> None:
    actuator = Actuator(ClusterWriter(Inside(world)), LivedTime(world))
    prepared = await actuator.prepare(action("scale", values(world)))
    path = "/apis/apps/v1/namespaces/books/deployments/catalogue"
    world.request("PATCH", path, {"spec": {"replicas": 5}}, "application/merge-patch+json")
    with pytest.raises(Voided, match="meanwhile"):
        await actuator.commit(prepared)


class Overtaken(ClusterWriter):
    """A writer whose object somebody else writes just before each of its first dry runs, as a controller does with a status."""

    def __init__(self, world: World, times: int) -> None:
        super().__init__(Inside(world))
        self._world, self._times = world, times

    async def patch(self, ref: Ref, operations: Sequence[JsonObject], mode: Mode) -> JsonObject:
        if mode == "dry run" and self._times > 0:
            self._times -= 1
            body: Json = {"metadata": {"annotations": {"neighbour": str(self._times)}}}
            path = "/apis/apps/v1/namespaces/books/deployments/catalogue"
            self._world.request("PATCH", path, body, "application/merge-patch+json")
        return await super().patch(ref, operations, mode)


async def test_an_object_written_while_it_is_tried_is_read_again(world: World) -> None:
    """The plan is of the newest version, and one that never rests is no endless loop."""
    wanted = action("scale", values(world))
    prepared = await Actuator(Overtaken(world, 3), LivedTime(world)).prepare(wanted)
    assert Fields(prepared.before).text("metadata.annotations.neighbour") == "0"
    with pytest.raises(Conflicted, match="modified"):
        await Actuator(Overtaken(world, 100), LivedTime(world)).prepare(wanted)


async def test_doing_it_twice_is_doing_it_once(world: World) -> None:
    """A crash after the write and before its receipt: the second commit finds it done."""
    actuator = Actuator(ClusterWriter(Inside(world)), LivedTime(world))
    before = inventory(world)
    for name in ("scale", "create service", "cordon"):
        prepared = await actuator.prepare(action(name, values(world)))
        await actuator.commit(prepared)
        once = inventory(world)
        receipt = await actuator.commit(prepared)
        assert inventory(world) == once
        assert (await actuator.undo(receipt)).proven
    assert inventory(world) == before
