"""Advice on placement, moving, idle devices, cost and demand: right on small clusters whose answer is plain."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.diagnose.scene import Scene
from steersman.gpu.cluster import Wish
from steersman.gpu.defrag import defrag
from steersman.gpu.demand import demand
from steersman.gpu.energy import cost, slowdown
from steersman.gpu.idle import idle
from steersman.gpu.places import place
from steersman.gpu.prices import prices
from steersman_tools.gpu.inventory import inventory
from steersman_tools.metrics import Series
from steersman_tools.snapshot import Snapshot
from steersman_tools.testing import NOW, Stage
from steersman_tools.types import ToolFailed

from .clusters import GPU, device, node, seen, wants


def two_halves(**labels: str) -> Stage:
    """Two nodes of four GPUs: one server on each, so that three are free on both."""
    stage = Stage()
    for name in ("a", "b"):
        node(stage, name, labels={"topology.kubernetes.io/zone": f"zone-{name}", **labels})
        stage.deployment(f"on-{name}", replicas=1, container=wants(1), node=name)
    return stage


def scene(stage: Stage) -> Scene:
    return Scene(stage.snapshot())


def test_a_request_goes_where_least_is_lost() -> None:
    """Three GPUs fill a node that has three free, rather than break into an empty one."""
    stage = two_halves()
    node(stage, "c")
    assert place(scene(stage), Wish(gpus=3)).places[0].node in ("a", "b")


@pytest.mark.parametrize(
    ("wish", "nodes"),
    [
        (Wish(zone="zone-b"), ["b"]),
        (Wish(model="A100"), []),
        (Wish(memory=100_000), []),
        (Wish(memory=80_000, model="h100"), ["a", "b"]),
        (Wish(gpus=4), []),
    ],
)
def test_only_suitable_nodes(wish: Wish, nodes: list[str]) -> None:
    """Zone, model and memory are conditions."""
    assert sorted(p.node for p in place(scene(two_halves()), wish).places) == nodes


def test_a_group_stays_in_one_domain() -> None:
    """Pods that are placed together share an NVLink domain where one has room for all of them."""
    stage = Stage()
    for name, clique in (("a", "x.1"), ("b", "x.2"), ("c", "x.2")):
        node(stage, name, labels={"nvidia.com/gpu.clique": clique})
    answer = place(scene(stage), Wish(gpus=4, pods=2))
    assert (sorted(answer.group), answer.complete) == (["b", "c"], True)


def test_no_group_is_half_placed() -> None:
    """A group that does not fit is said not to fit."""
    answer = place(scene(two_halves()), Wish(gpus=3, pods=3))
    assert (len(answer.group), answer.complete) == (2, False)


def test_whom_to_move_aside() -> None:
    """Pods of lower priority make room; those of the same do not."""
    stage = two_halves()
    assert place(scene(stage), Wish(gpus=4, priority=0)).preemptions == ()
    asked = place(scene(stage), Wish(gpus=4, priority=10)).preemptions
    assert [p.frees for p in asked] == [1, 1]


def test_moving_makes_room() -> None:
    """One small pod moves to the other node, and the answer to a request that fits nowhere says so."""
    plan = defrag(scene(two_halves()), GPU, 4)
    assert (len(plan.moves), plan.frees, plan.needed) == (1, 1, True)
    assert plan.moves[0].source != plan.moves[0].target
    assert "gpu defrag" in place(scene(two_halves()), Wish(gpus=4)).moving


def test_nothing_moves_against_a_budget() -> None:
    """With a budget on both servers that allows none to go there is no plan, and it says what stays and why."""
    stage = two_halves()
    for name in ("on-a", "on-b"):
        stage.add(
            f"{{kind: PodDisruptionBudget, metadata: {{name: {name}}}, spec: {{selector: {{matchLabels: {{app: {name}}}}}}}, status: {{disruptionsAllowed: 0}}}}"
        )
    plan = defrag(scene(stage), GPU, 4)
    assert not plan.moves
    assert len(plan.immovable) == 2


@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), st.integers(1, 4))
def test_a_plan_keeps_its_word(held: list[int], wanted: int) -> None:
    """Whatever stands where: the moves free what is lacking, and no target is given more than it has."""
    stage = Stage()
    for at, count in enumerate(held):
        node(stage, f"n{at}")
        for number in range(count):
            stage.deployment(f"p{at}-{number}", replicas=1, container=wants(1), node=f"n{at}")
    plan = defrag(scene(stage), GPU, wanted)
    free = {f"n{at}": 4 - count for at, count in enumerate(held)}
    for move in plan.moves:
        free[move.source] += move.pieces
        free[move.target] -= move.pieces
    assert min(free.values()) >= 0
    assert not plan.moves or free[plan.node] >= wanted
    assert bool(plan.why_not) == (plan.needed and not plan.moves)


def held(**values: Any) -> Snapshot:
    """A server that has held a GPU for an hour and more, with what the exporter says of it."""
    stage = Stage()
    node(stage, "a")
    pod = stage.deployment("server", replicas=1, container=wants(1), node="a")[0]
    found = device("GPU-0", "a", pod=pod["metadata"]["name"], **values)
    return replace(seen(stage, found), taken_at=NOW + timedelta(hours=2))


@pytest.mark.parametrize(
    ("values", "kinds", "judged"),
    [
        ({"use_peak": 0.0}, ["idle"], 1),
        ({"use_peak": 100.0}, [], 1),
        ({}, [], 0),  # not collected is not idle
    ],
)
def test_idle(values: dict[str, float], kinds: list[str], judged: int) -> None:
    """Held and unused, by the peak of the last hour; what nobody measures is not judged."""
    report = idle(inventory(held(**values)), prices())
    assert ([u.kind for u in report.uses], report.judged) == (kinds, judged)
    assert all(u.cost_per_day == 72.0 for u in report.uses)  # an H100 of the built-in table: 3 an hour


def test_cost() -> None:
    """Electricity by measured power with node and building, hire by the table; unmeasured power is unknown."""
    report = cost(inventory(held(power_mean=500.0)), prices())
    mine = report.tenants[0]
    assert mine.kwh_per_day == pytest.approx(0.5 * 24 * 1.35 * 1.3, abs=0.01)
    assert (mine.hire_per_day, mine.currency) == (72.0, "USD")
    assert cost(inventory(held()), prices()).tenants[0].watts is None


@given(st.floats(80, 700), st.floats(60, 700), st.floats(0, 1))
def test_a_lower_limit_is_never_faster(now: float, cap: float, compute: float) -> None:
    """The predicted loss lies between none and all, grows as the limit falls, and is none where the limit is not reached."""
    loss = slowdown(now, cap, 75, compute)
    assert 0 <= loss < 1
    assert loss <= slowdown(now, cap * 0.9, 75, compute) + 1e-9
    assert cap < now or loss == 0


def test_bad_prices_are_one_sentence(tmp_path: Path) -> None:
    """A file that is no table says what to do."""
    file = tmp_path / "prices.toml"
    with pytest.raises(ToolFailed, match="cannot be read"):
        prices(file)
    file.write_text("currency = 3")
    with pytest.raises(ToolFailed, match="no table of prices"):
        prices(file)


def test_demand_counts_who_waits() -> None:
    """Waiting pods count at once, history or not; without one there is no forecast and no number in its place."""
    stage = Stage()
    node(stage, "a")
    stage.deployment("server", replicas=1, container=wants(4), node="a")
    stage.deployment("more", replicas=2, ready=0, container=wants(4), node="")
    found = demand(inventory(stage.snapshot()), stage.snapshot(), GPU, None, "nobody asked")
    assert (found.allocated, found.waiting, found.expected, found.add, found.nodes) == (4, 8, None, 8, 2)


def test_demand_follows_the_history() -> None:
    """A demand that rises steadily is expected higher in a quarter of an hour, within its interval."""
    stage = Stage()
    for number in range(4):
        node(stage, f"n{number}")
    stage.deployment("server", replicas=3, container=wants(4), node="n0")
    times = [NOW.timestamp() - 60 * n for n in range(60)][::-1]
    past = Series({}, times, [12 - 0.2 * n for n in range(60)][::-1])
    found = demand(inventory(stage.snapshot()), stage.snapshot(), GPU, past, "the query")
    assert found.expected is not None
    assert 12.5 < found.expected < 16
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.expected <= found.high
