"""The process dies at any moment of a repair and another goes on: nothing lost, nothing done twice, undo still possible."""

from __future__ import annotations

import contextlib

import pytest

from steersman.journal import NoJournal
from steersman.testing import Death, Kept, Life

from .scene import Scene, broken_world, inventory

FAULT = "crash-on-start"
BROKEN = 2
"""The generation of the broken Deployment."""


async def lived() -> Life:
    """A repair without a death."""
    life = Life()
    await Scene(broken_world(FAULT)).heal(durable=Kept(life))
    return life


async def test_every_moment_of_death() -> None:
    """One run for each moment before, within and after every piece of work."""
    whole = await lived()
    assert len(whole.passed) >= 20
    assert {m.split("-")[0].split()[-1] for m in whole.passed} >= {
        "look",
        "facts",
        "lease",
        "prepare",
        "commit",
        "verify",
    }
    for moment in range(len(whole.passed)):
        await dies_at(moment, whole.passed[moment])


async def dies_at(moment: int, name: str) -> None:
    journal = NoJournal()
    scene = Scene(broken_world(FAULT), journal=journal)
    before = inventory(scene.world)
    life = Life(moment)
    with contextlib.suppress(Death):
        await scene.heal(durable=Kept(life))
    assert life.passed[-1] == name
    told = journal.entries("s")
    second = Life(kept=life.kept)
    entries = await scene.heal(durable=Kept(second))
    assert [e.model_dump_json() for e in entries[: len(told)]] == [e.model_dump_json() for e in told], name
    closed = entries[-1].event
    assert closed.kind == "closed", name
    assert closed.outcome == "healed", (name, closed.text)
    assert generation(scene) == BROKEN + 1, name  # written once, however often it was asked for
    undone = await scene.undo()
    assert all(e.event.proven for e in undone if e.event.kind == "undone"), name
    assert inventory(scene.world) == before, name


def generation(scene: Scene) -> int:
    found = scene.world.get("deployments.apps", "books", "catalogue")
    assert found is not None
    return int(found["metadata"]["generation"])


@pytest.mark.parametrize("name", ["one", "another"])
async def test_two_sessions_never_heal_the_same_thing_at_once(name: str) -> None:
    """While one holds the Lease, another is refused with the holder's name."""
    scene = Scene(broken_world(FAULT))
    await scene.heal("other", Kept(life := Life()))
    lease_moment = life.passed.index("after lease-0")
    scene = Scene(broken_world(FAULT))
    with contextlib.suppress(Death):
        await scene.heal("first", Kept(Life(lease_moment)))
    entries = await scene.heal(name)
    closed = entries[-1].event
    assert closed.kind == "closed"
    assert closed.outcome == "refused"
    assert "already healing" in closed.text
