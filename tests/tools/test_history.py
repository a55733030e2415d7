"""What was deleted is found again as it last stood, as far as the server remembers, and a repair brings it back."""

from __future__ import annotations

import asyncio

import pytest

from steersman_tools.fields import Fields
from steersman_tools.kubernetes.history import ClusterHistory
from steersman_tools.kubernetes.transport import Transport
from steersman_tools.types import Json, Ref
from steersman_tools.world.clock import SimulatedClock
from steersman_tools.world.inside import Inside
from steersman_tools.world.world import EXAMPLE, World

LOST = Ref("books", "ConfigMap", "catalogue-config")
PATH = "/api/v1/namespaces/books/configmaps/catalogue-config"
MERGE = "application/merge-patch+json"


@pytest.fixture
def world() -> World:
    """A world that has lived a while, in which one ConfigMap was changed and then deleted."""
    made = World.from_file(EXAMPLE, SimulatedClock())
    made.run_for(60)
    made.request("PATCH", PATH, {"data": {"added": "late"}}, MERGE)
    made.run_for(30)
    made.request("DELETE", PATH)
    made.run_for(30)
    return made


async def test_a_deleted_object_is_found_as_it_last_stood(world: World) -> None:
    found = await ClusterHistory(Inside(world)).last(LOST, "")
    assert found is not None
    assert Fields(dict(found.raw)).text("data.added") == "late"
    assert found.revision < world.store.revision


async def test_a_lost_key_is_found_and_a_value_that_never_was_is_not(world: World) -> None:
    world.request("POST", PATH.rsplit("/", 1)[0], {"metadata": {"name": LOST.name}, "data": {"other": "1"}})
    history = ClusterHistory(Inside(world))
    found = await history.last(LOST, "data['added']")
    assert found is not None
    assert Fields(dict(found.raw)).text("data.added") == "late"
    assert await history.last(LOST, "data['never']") is None


async def test_what_the_server_has_forgotten_is_not_known(world: World) -> None:
    world.store.compact()
    world.run_for(30)
    assert await ClusterHistory(Inside(world)).last(LOST, "") is None


async def test_the_past_of_secrets_is_not_looked_up(world: World) -> None:
    assert await ClusterHistory(Inside(world)).last(Ref("books", "Secret", "catalogue-db"), "") is None


@pytest.fixture
def lost(disposable: Transport) -> Transport:
    """A real API server on which a ConfigMap was made, changed and deleted."""
    asyncio.run(_lose(disposable))
    return disposable


async def _lose(server: Transport) -> None:
    path = "/api/v1/namespaces/default/configmaps"

    async def others(count: int) -> None:
        for number in range(count):
            body: Json = {"metadata": {"name": f"history-noise-{number}"}}
            assert (await server.request("POST", path, None, body)).ok
            assert (await server.request("DELETE", f"{path}/history-noise-{number}")).ok

    made: Json = {"metadata": {"name": "history-proof"}, "data": {"A": "1"}}
    assert (await server.request("POST", path, None, made)).ok
    changed = await server.request("PATCH", f"{path}/history-proof", None, {"data": {"A": "2"}}, MERGE)
    assert changed.ok
    await others(30)
    assert (await server.request("DELETE", f"{path}/history-proof")).ok
    await others(10)


@pytest.mark.lab
def test_a_real_server_remembers(lost: Transport) -> None:
    """The last state, not the first; and what never was is nowhere."""
    history = ClusterHistory(lost)
    found = asyncio.run(history.last(Ref("default", "ConfigMap", "history-proof"), ""))
    assert found is not None
    assert Fields(dict(found.raw)).text("data.A") == "2"
    assert asyncio.run(history.last(Ref("default", "ConfigMap", "history-never"), "")) is None
