"""A standing watch tells each thing once, when it begins and when it is over, and does not take blindness for health."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from steersman.interfaces.cli.watch import line
from steersman.interfaces.style import Style
from steersman.session import Sources
from steersman.vigil import Kind, Memory, News, Seen, Sight, look, watch
from steersman_tools.testing import DeadReader
from steersman_tools.types import Ref
from steersman_tools.world.clock import SimulatedClock
from steersman_tools.world.inside import LivedTime, reader
from steersman_tools.world.world import World

BASKET = "registry.example/books/basket"
BEGUN = datetime(2026, 3, 14, 15, tzinfo=UTC)


def sight(name: str, kind: Kind = "cause") -> Sight:
    return Sight(kind=kind, entity=Ref("shop", "Deployment", name), what="oom-killed", text=f"{name} is killed")


def told(looks: list[Seen]) -> list[tuple[str, str]]:
    """What a memory says of these looks."""
    memory = Memory()
    return [(each.state, each.sight.entity.name) for seen in looks for each in memory.news(seen)]


def seen(minute: int, *names: str, blind: frozenset[Kind] = frozenset()) -> Seen:
    return Seen(at=BEGUN + timedelta(minutes=minute), sights=tuple(sight(name) for name in names), blind=blind)


def test_each_thing_is_told_once() -> None:
    """What stays is not told again, and what has gone is told when it was missed twice."""
    assert told([seen(0, "cart"), seen(1, "cart", "mail"), seen(2, "mail"), seen(3, "mail"), seen(4, "mail")]) == [
        ("new", "cart"), ("new", "mail"), ("over", "cart"),
    ]  # fmt: skip


def test_what_flickers_is_told_once() -> None:
    """One look without it is no end."""
    assert told([seen(0, "cart"), seen(1), seen(2, "cart"), seen(3), seen(4, "cart")]) == [("new", "cart")]


def test_what_cannot_be_seen_is_not_over() -> None:
    """While the cluster does not answer, nothing ends."""
    blind: frozenset[Kind] = frozenset({"cause"})
    assert told([seen(0, "cart"), *(seen(at, blind=blind) for at in range(1, 9))]) == [("new", "cart")]


def test_news_is_a_line() -> None:
    """When, what kind, and what; of what is over, since when it was."""
    memory = Memory()
    (new,) = memory.news(seen(0, "cart"))
    (over,) = [each for at in (1, 2) for each in memory.news(seen(at))]

    assert line(new, Style()) == "15:00:00 new  cause    oom-killed cart is killed"
    assert line(over, Style()) == "15:02:00 over cause    oom-killed cart is killed (since 15:00:00)"


async def test_a_leak_in_the_world_is_told_while_it_leaks() -> None:
    """First nothing, then a warning for each pod that leaks, and nothing twice."""
    world = World.from_file(clock=SimulatedClock())
    world.run_for(1200)
    clock, news = LivedTime(world), list[News]()
    async for each in watch(Sources(reader(world), world.metrics), 600, 4, clock=clock):
        if not news and not each:
            world.inject({"image": BASKET, "override": {"memory_growth": "2Mi"}})
        news += each

    assert {each.sight.kind for each in news} == {"warning"}
    assert {each.sight.entity.name.split("-")[0] for each in news} == {"basket"}
    assert len({each.sight.key for each in news}) == len(news) == 2


async def test_an_unreachable_cluster_is_news() -> None:
    """It is told as such, and its causes are not taken for gone."""
    found = await look(Sources(DeadReader()))

    assert {"cause", "symptom"} <= found.blind
    assert [each.text for each in found.sights if each.kind == "blind"] == [
        "https://127.0.0.1:1 does not answer (connection refused)."
    ]
