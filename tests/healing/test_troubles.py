"""The API server fails in the middle of a repair: it is carried out all the same, or taken back, or the session says so."""

from __future__ import annotations

import pytest

from steersman_tools.world.troubles import TROUBLES, Trouble

from .scene import Scene, broken_world, inventory

FAULT = "wrong-target-port"
WRITES = 3
"""The Lease, the change, the Lease given back: `test_the_writes_are_those` says so."""


async def test_the_writes_are_those() -> None:
    """What the numbers below stand for."""
    scene = Scene(broken_world(FAULT))
    await scene.heal()
    kinds = [write.split("/")[0].strip() + " " + write.split("/")[-2] for write in scene.connection.writes]
    assert len(kinds) == WRITES
    assert [k.split()[0] for k in kinds] == ["POST", "PATCH", "DELETE"]


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("number", range(WRITES))
async def test_one_trouble_does_not_stop_a_repair(number: int, trouble: Trouble) -> None:
    """Each write meets each trouble once: healed, the change made exactly once, nothing left behind."""
    scene = Scene(broken_world(FAULT), {number: trouble})
    before = inventory(scene.world)
    entries = await scene.heal()
    assert entries[-1].event.kind == "closed"
    if number == 0 and trouble == "conflict":  # somebody else was quicker with the Lease: nothing is done
        assert entries[-1].event.outcome == "refused"
        assert inventory(scene.world) == before
        return
    assert entries[-1].event.outcome == "healed"
    assert sum(e.event.kind == "done" for e in entries) == 1
    after = inventory(scene.world)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    leases = {name for name in changed if name.startswith("leases")}
    assert len(changed - leases) == 1
    assert len(leases) <= (number == 2)  # one that could not be given back expires by itself
    await scene.undo()
    restored = inventory(scene.world)
    assert {n: v for n, v in restored.items() if n not in leases} == before


@pytest.mark.parametrize("down", [0, 1])
@pytest.mark.parametrize("trouble", ["too many requests", "internal error", "dropped before"])
async def test_a_server_that_stays_down_is_an_honest_stop(trouble: Trouble, down: int) -> None:
    """No write succeeds, or none after the Lease: bounded tries, nothing changed, and it is said."""
    scene = Scene(broken_world(FAULT), dict.fromkeys(range(down, 200), trouble))
    before = inventory(scene.world)
    entries = await scene.heal()
    closed = entries[-1].event
    assert closed.kind == "closed"
    assert closed.outcome in ("undone", "failed")
    assert len(scene.connection.writes) < 60
    after = inventory(scene.world)
    assert {n: v for n, v in after.items() if not n.startswith("leases")} == before
