"""What is unusual, asked as faces ask, of the embedded world: since when, how sure, what was changed then, and whose trouble it is."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from steersman.interfaces import unusual as told
from steersman.interfaces.style import Style
from steersman.outlook.unusual import Unusual, unusual
from steersman.session import Sources
from steersman_tools.testing import FakeReader, Stage
from steersman_tools.types import Ref, ToolFailed
from steersman_tools.world.clock import SimulatedClock
from steersman_tools.world.inside import Inside, reader
from steersman_tools.world.world import World

BASKET = "registry.example/books/basket"


async def asked(world: World, entity: str = "") -> Unusual:
    return await unusual(Sources(reader(world), world.metrics), 60, entity, clock=world.clock)


@pytest.fixture(scope="module")
def calm() -> World:
    world = World.from_file(clock=SimulatedClock())
    world.run_for(1800)
    return world


async def test_a_calm_world_has_nothing_unusual(calm: World) -> None:
    """Every service is judged, and none is named."""
    found = await asked(calm)

    assert found.deviations == ()
    assert found.suspects == ()
    assert found.services >= 8
    assert "Nothing is unusual" in told.text(found, Style())


async def test_a_slow_service_is_named_with_its_change(calm: World) -> None:
    """The basket is slow from the moment its settings were written: since when, by how much, beside what, and that it is its own."""
    await Inside(calm).request(
        "PATCH",
        "/api/v1/namespaces/books/services/basket",
        body={"metadata": {"labels": {"tier": "slow"}}},
        content_type="application/merge-patch+json",
    )
    begun = calm.clock.now()
    calm.inject({"image": BASKET, "override": {"latency_ms": 400}})
    calm.run_for(300)
    try:
        found = await asked(calm)
    finally:
        calm.heal()

    mine = next(d for d in found.deviations if d.service.name == "basket" and d.signal == "duration")
    assert abs(mine.since - begun) < timedelta(seconds=60)
    assert mine.observed > 3 * mine.expected
    assert mine.confidence >= 0.6
    assert [(c.kind, c.what) for c in mine.coincides] == [("config", "books/Service/basket")]
    assert 'service="basket"' in mine.call
    assert found.suspects[0].service == Ref("books", "Service", "basket")
    assert found.graph == "given"
    shown = told.text(found, Style(), 110)
    assert "books/Service/basket was written at" in shown
    assert "1. cause books/Service/basket" in shown
    assert orjson.loads(told.document(found).model_dump_json(by_alias=True))["schema"] == "steersman.anomalies/v1"


async def test_one_service_may_be_asked_for(calm: World) -> None:
    """By its bare name, as people say it."""
    assert (await asked(calm, "basket")).services == 1
    assert (await asked(calm, "nothing-of-that-name")).services == 0


async def test_without_metrics_it_is_said() -> None:
    """One sentence that says what to do."""
    with pytest.raises(ToolFailed, match="--prometheus"):
        await unusual(Sources(FakeReader(Stage().snapshot())))
