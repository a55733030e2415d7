"""A ConfigMap that somebody has deleted is brought back as it was, as long as the API server still knows it."""

from __future__ import annotations

from steersman_tools.images import owned

from .scene import Scene, broken_world


async def test_a_deleted_configmap_comes_back_as_it_was() -> None:
    scene = Scene(broken_world("config-gone"))
    entries = await scene.heal()
    assert entries[-1].event.kind == "closed"
    assert entries[-1].event.outcome == "healed"
    found = scene.world.get("configmaps", "books", "catalogue-config")
    original = broken_world("wrong-target-port").get("configmaps", "books", "catalogue-config")
    assert found is not None
    assert original is not None
    assert owned(found)["data"] == owned(original)["data"]
    await scene.undo()
    assert scene.world.get("configmaps", "books", "catalogue-config") is None


async def test_what_nobody_remembers_is_advice() -> None:
    """Etcd has been compacted since: nothing is made up, and nothing is changed."""
    world = broken_world("config-gone")
    world.store.compact()
    scene = Scene(world)
    entries = await scene.heal()
    closed = entries[-1].event
    assert closed.kind == "closed"
    assert closed.outcome == "nothing-to-do"
    assert "Restore books/ConfigMap/catalogue-config from its source" in closed.text
    assert not scene.connection.writes
