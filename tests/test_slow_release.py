"""A release that is slow, on the embedded world: its new pods have no past, and what was usual is read from the pods that are gone."""

from __future__ import annotations

from steersman import workflow
from steersman.session import Sources
from steersman.types import Diagnosed, Request
from steersman_tools.types import Json
from steersman_tools.world.clock import SimulatedClock
from steersman_tools.world.inside import Inside, reader
from steersman_tools.world.world import World

BASKET = "registry.example/books/basket"
DEPLOYMENT = "/apis/apps/v1/namespaces/books/deployments/basket"


async def causes(world: World) -> list[str]:
    """Faults and entities, in their order."""
    async for event, _ in workflow.investigate(Request(), Sources(reader(world), world.metrics)):
        if isinstance(event, Diagnosed):
            return [f"{cause.fault} {cause.entity}" for cause in event.diagnosis.causes]
    return []


async def test_a_slow_release_stays_the_cause_while_it_lasts() -> None:
    """Named after half a minute, after a minute and a half, and after nine: neither its callers nor its new pods' short past mislead."""
    world = World.from_file(clock=SimulatedClock())
    world.run_for(900)
    container: Json = {"name": "basket", "image": f"{BASKET}:1.7.0", "env": [{"name": "RELEASE", "value": "2"}]}
    template: Json = {"spec": {"containers": [container]}}
    await Inside(world).request(
        "PATCH",
        DEPLOYMENT,
        body={"spec": {"template": template}},
        content_type="application/strategic-merge-patch+json",
    )
    world.inject({"image": BASKET, "override": {"latency_ms": 180}})

    for seconds in (30, 60, 450):
        world.run_for(seconds)
        assert await causes(world) == ["release-regression books/Deployment/basket"]
