"""Replicas ahead of the load, as sessions on the embedded world: planned, judged, taken, verified, and taken back when it has passed."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from steersman.diagnose import examine
from steersman.diagnose.scene import Scene
from steersman.foresight import analyzer
from steersman.gate import Actor, load
from steersman.plan import plans
from steersman.session import Equipment, Session, Sources
from steersman.signals.grid import Grid
from steersman.signals.serving import Serving, servings
from steersman.types import Closed, Diagnosed, Done, Entry, Failed, Finding, Output, Planned, Request
from steersman_tools.kubernetes.write import ClusterWriter
from steersman_tools.metrics import Match, Query
from steersman_tools.testing import Stage
from steersman_tools.types import Json, NotChecked, Ref
from steersman_tools.world.clock import SimulatedClock
from steersman_tools.world.inside import Inside, LivedTime, reader
from steersman_tools.world.world import World

DOOR = "books/storefront:80"
USUAL = 40.0


def calm() -> World:
    """The example world after twenty minutes of its usual load."""
    world = World.from_file(clock=SimulatedClock())
    world.run_for(1200)
    return world


def ramp(world: World, low: float, high: float, minutes: int) -> None:
    """The load goes from one number of requests a second to another."""
    for at in range(minutes):
        world.inject({"load": DOOR, "rps": low + (high - low) * (at + 1) / minutes})
        world.run_for(60)


async def scaled(world: World, seconds: float = 900) -> list[Entry]:
    """A scaling session whose plans are approved beforehand."""
    equipment = Equipment(ClusterWriter(Inside(world)), load(), Actor(id="test"))
    session = Session(Sources(reader(world), world.metrics), LivedTime(world), equipment=equipment)
    return [e async for e in session.start(Request(wants="scaling", approval="given", ahead_seconds=seconds))]


async def replicas(world: World) -> dict[str, int]:
    """Of every Deployment of the shop."""
    seen = await reader(world).snapshot("books")
    return {each.name: each.count("spec.replicas") for each in seen.all("Deployment")}


async def test_a_calm_world_is_left_alone() -> None:
    """No plan, and nothing is changed."""
    told = await scaled(calm())

    assert not [e for e in told if isinstance(e.event, Planned | Done | Failed)]
    assert told[-1].event == Closed(outcome="nothing-to-do", text="nothing to put right")


async def test_replicas_come_before_the_load_and_go_after_it() -> None:
    """A rising load gets replicas while what is there still suffices; when it has passed, they go, and no fewer are left than before."""
    world = calm()
    before = await replicas(world)
    ramp(world, USUAL, 260, 25)
    told = await scaled(world)

    diagnosed = [e.event.diagnosis for e in told if isinstance(e.event, Diagnosed)]
    assert {cause.fault for cause in diagnosed[0].causes} == {"load-ahead"}
    assert all(e.call and e.text for e in diagnosed[0].evidence)
    grown = await replicas(world)
    assert {name for name in before if grown[name] > before[name]} == {
        e.event.plan.entity.name for e in told if isinstance(e.event, Planned)
    }
    assert sum(grown.values()) > sum(before.values())
    assert isinstance(told[-1].event, Closed)
    assert told[-1].event.outcome == "healed"

    assert not [
        e for e in await scaled(world) if isinstance(e.event, Done)
    ]  # asked again at once, it leaves all as it is
    world.inject({"load": DOOR, "rps": USUAL})
    world.run_for(2700)
    await scaled(world)
    assert await replicas(world) == before


async def test_without_metrics_it_says_what_to_do() -> None:
    """One sentence, and the session ends."""
    world = World.from_file(clock=SimulatedClock())
    equipment = Equipment(ClusterWriter(Inside(world)), load(), Actor(id="test"))
    session = Session(Sources(reader(world)), LivedTime(world), equipment=equipment)
    told = [e async for e in session.start(Request(wants="scaling"))]

    assert [e.event.text for e in told if isinstance(e.event, Failed)] == [
        "What is coming is read from metrics, but no Prometheus is configured: give --prometheus URL."
    ]


async def test_the_cost_of_a_request_is_what_the_exporter_counts() -> None:
    """Requests and processor seconds of the world, divided by hand, give the same cost."""
    world = calm()
    found = (await servings(world.metrics, world.clock.now())).found
    mine = next(each for each in found if each.workload.name == "basket")

    space = Match(label="namespace", value="books")
    pods = Match(label="pod", value="basket-.+", operator="=~")
    cpu = Query(
        metric="container_cpu_usage_seconds_total", match=(space, pods), function="rate", window=600, aggregate="sum"
    )
    asked = Query(
        metric="http_requests_total", match=(space, Match(label="service", value="basket")), function="rate", window=600, aggregate="sum"
    )  # fmt: skip
    one, other = [(await world.metrics.instant(q, world.clock.now()))[0].values[-1] for q in (cpu, asked)]

    assert mine.cores == pytest.approx(one / other, rel=0.1)
    assert mine.least == (await replicas(world))["basket"]


NOW = datetime(2026, 3, 14, 15, tzinfo=UTC).timestamp()
HPA = """
kind: HorizontalPodAutoscaler
metadata: {name: cart}
spec:
  minReplicas: 2
  maxReplicas: 6
  scaleTargetRef: {kind: Deployment, name: cart}
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
"""


def served(now: float, least: int = 2, rise: float = 0.0) -> Serving:
    """A cart with so many requests a second, and so many more each minute; each takes 10 ms of processor time."""
    course = now + rise * np.maximum(np.arange(-240, 1.0), -120)
    return Serving(
        Ref("shop", "Deployment", "cart"), Grid(NOW - 240 * 60, 60.0, course), 0.010, least, NOW - 86400, ("demand", "replicas")
    )  # fmt: skip


def judged(serving: Serving, resources: dict[str, Json], *objects: str) -> list[Output]:
    """What is foreseen for a cart of two replicas with these resources."""
    stage = Stage()
    stage.nodes("node-1", cpu="3")
    stage.deployment("cart", container={"resources": resources})
    for text in objects:
        stage.add(text)
    return list(analyzer((serving,), (), 900)(Scene(stage.snapshot())))


LIMITED: dict[str, Json] = {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}


def test_the_number_of_replicas_is_what_the_load_needs() -> None:
    """A replica of one core carries a hundred requests a second, seventy at its target: 280 in a quarter of an hour need four."""
    (found,) = judged(served(160, rise=8), LIMITED)

    assert isinstance(found, Finding)
    assert (found.fault, found.field, found.observed, found.expected) == ("load-ahead", "spec.replicas", "2", "4")


def test_what_suffices_is_left() -> None:
    """Neither a steady load that fits nor one that would only just fit fewer replicas says anything."""
    assert judged(served(120), LIMITED) == []
    assert judged(served(60, least=1), LIMITED) == []


def test_only_what_was_added_is_taken_back() -> None:
    """Two replicas with next to nothing to do stay where there were never fewer, and one goes where one was enough."""
    assert judged(served(5, least=2), LIMITED) == []
    (found,) = judged(served(5, least=1), LIMITED)

    assert isinstance(found, Finding)
    assert (found.fault, found.observed, found.expected) == ("load-passed", "2", "1")


def test_what_nothing_limits_is_not_judged() -> None:
    """Without a limit or a request nobody knows what a replica carries: that is said, not guessed."""
    (found,) = judged(served(500), {})

    assert isinstance(found, NotChecked)
    assert "neither a processor limit nor a request" in found.why


def test_an_autoscaler_is_given_a_floor_by_its_own_target() -> None:
    """Where an autoscaler decides, its least is raised: half of a core each, as it aims at, within its most."""
    (found,) = judged(served(160, rise=8), LIMITED, HPA)

    assert isinstance(found, Finding)
    assert (found.entity.kind, found.field) == ("HorizontalPodAutoscaler", "spec.minReplicas")
    assert found.expected == "6"


def test_a_plan_says_where_nodes_are_missing() -> None:
    """Three cores have two pods; of two more, one has room."""
    stage = Stage()
    stage.nodes("node-1", cpu="3")
    stage.deployment("cart", container={"resources": LIMITED})
    seen = examine(stage.snapshot(), (analyzer((served(160, rise=8),), (), 900),))
    (plan,) = plans(seen.conclude().causes[0], seen.scene)

    assert [step.action.words for step in plan.steps] == ["scale shop/Deployment/cart to 4"]
    assert plan.notes == ("Only 1 of 2 more pods of cart have room on the nodes that there are.",)
    assert plan.choices == ("Add nodes for 1 more pods of cart, each asking for 1 cores.",)
