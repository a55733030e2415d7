"""Ranking by small graphs whose answer anyone can work out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steersman.signals.alarm import alarm
from steersman.signals.causal import rank
from steersman.signals.flow import Calls, Kind, excess
from steersman.signals.graph import Edge, missing

ROWS = 4
SHOP = [("front", "cart"), ("front", "catalog"), ("cart", "db"), ("catalog", "db")]
NODES = ("front", "cart", "catalog", "db")


def edges(pairs: list[tuple[str, str]] = SHOP) -> list[Edge]:
    return [Edge(caller=caller, callee=callee) for caller, callee in pairs]


def calls(
    added: dict[str, float],
    requests: float = 100.0,
    kind: Kind = "latency",
    nodes: tuple[str, ...] = NODES,
    before: int = 12,
    usual: float = 0.05,
) -> Calls:
    """Latencies of `usual` and a hardly visible noise before; after it what is `added` to each node, in that shape."""
    noise = np.random.default_rng(0).normal(size=(before, len(nodes))) * usual * 0.01
    base = usual + (noise if kind == "latency" else 0)
    after = usual + np.outer((0, 1, 2, 1), [added.get(node, 0.0) for node in nodes])
    count = np.full((before, len(nodes)), requests)
    return Calls(
        kind,
        nodes,
        np.broadcast_to(base, (before, len(nodes))).copy(),
        after,
        count,
        np.full((ROWS, len(nodes)), requests),
    )


@pytest.mark.parametrize(
    ("added", "cause"),
    [
        ({"front": 0.5}, "front"),
        ({"front": 0.5, "cart": 0.5}, "cart"),
        ({"front": 1.0, "cart": 0.5, "catalog": 0.5, "db": 1.0}, "db"),
        ({"front": 0.6, "cart": 0.5, "db": 0.1}, "cart"),
    ],
)
def test_the_cause_is_what_callees_do_not_explain(added: dict[str, float], cause: str) -> None:
    """Callers of the cause show as much as it does, and are not blamed for it."""
    ranking = rank([excess(calls(added))], edges(), "front")

    assert ranking.nodes[0].node == cause
    assert ranking.graph == "given"


def test_lost_requests_are_ranked_as_waiting_is() -> None:
    """Errors climb to the entry; the lowest node that loses them is the cause."""
    ranking = rank([excess(calls({"front": 0.2, "cart": 0.2}, kind="errors", usual=0.0))], edges(), "front")

    assert ranking.nodes[0].node == "cart"
    assert ranking.nodes[0].excess == pytest.approx(80)


@pytest.mark.parametrize("factor", [0.2, 3.0])
def test_missing_and_surplus_requests_descend(factor: float) -> None:
    """Where fewer or more requests come, the callees see it too; the first that sees it is where it begins."""
    made = calls({}, kind="traffic")
    made.requests_after[:, [1, 3]] *= factor

    assert rank([excess(made)], edges(), "cart").nodes[0].node == "cart"


def test_several_causes_are_named_at_once() -> None:
    """Two nodes with trouble of their own are two causes, their common caller is none."""
    ranking = rank([excess(calls({"front": 0.9, "cart": 0.5, "catalog": 0.4}))], edges(), "front")

    assert ranking.causes == ("cart", "catalog")


def test_a_missing_edge_is_assumed_and_said() -> None:
    """Requests come from somewhere: a troubled node without a caller gets the one that shows its trouble."""
    found = excess(calls({"front": 0.5, "cart": 0.5, "db": 0.5}))
    poorer = edges([("front", "cart"), ("front", "catalog"), ("catalog", "idle")])

    ranking = rank([found], poorer, "front")

    assert ranking.nodes[0].node == "db"
    assert [(edge.caller, edge.callee) for edge in ranking.assumed] == [("cart", "db")]
    assert missing(found, edges(), "front") == ()


def test_with_no_graph_at_all_the_ranking_says_that_it_is_learned() -> None:
    """The calls that the excess shows are all there is, and marked so."""
    ranking = rank([excess(calls({"front": 0.5, "cart": 0.5}))], [], "front")

    assert ranking.graph == "learned"
    assert ranking.nodes[0].node == "cart"


def test_a_callee_that_nobody_called_before_is_not_to_blame() -> None:
    """A call to something new that fails is a change of its caller."""
    nodes = (*NODES, "invalid")
    made = calls({"front": 0.3, "cart": 0.3, "invalid": 1.0}, kind="errors", usual=0.0, nodes=nodes)
    made.requests_before[:, 4] = 0
    made.before[:, 4] = np.nan
    made.requests_after[:, 4] = 30

    ranking = rank([excess(made)], edges([*SHOP, ("cart", "invalid")]), "front")

    assert ranking.nodes[0].node == "cart"


def test_unknown_request_counts_are_taken_from_before() -> None:
    """Latency without counts is still work."""
    made = calls({"front": 0.5, "cart": 0.5})
    made.requests_after[:] = np.nan

    assert rank([excess(made)], edges(), "front").nodes[0].node == "cart"


def test_what_does_not_go_with_the_symptom_comes_after_it() -> None:
    """A larger excess that was there at another time is not what users complain of."""
    made = calls({"front": 0.3, "cart": 0.3})
    made.after[:, 2] = 0.05 + np.array([0.9, 0.0, 0.0, 0.0])

    assert rank([excess(made)], edges(), "front").nodes[0].node == "cart"


def test_ties_are_in_the_order_of_names_and_reported() -> None:
    """Equal scores have an order that does not depend on the input's, and say so."""
    nodes = ("b", "a", "front")
    made = calls({"a": 0.5, "b": 0.5, "front": 0.0}, nodes=nodes, before=2)
    made.before[:] = 0.05

    ranking = rank([excess(made)], [])

    assert [each.node for each in ranking.nodes[:2]] == ["a", "b"]
    assert ranking.nodes[0].tied == ("b",)


def test_a_machine_is_the_cause_where_all_its_pods_are_in_trouble() -> None:
    """Co-located pods that leave their past together point to what they share; one of them alone does not."""
    evidence = {"a-1": {"cpu": 9.0}, "b-1": {"cpu": 8.0}, "c-1": {"cpu": 0.1}, "d-1": {"cpu": 0.0}}
    hosts = {"a-1": "node-1", "b-1": "node-1", "c-1": "node-2", "d-1": "node-2"}

    assert rank([], [], evidence=evidence, hosts=hosts).nodes[0].node == "node-1"
    evidence["b-1"] = {"cpu": 0.0}
    assert rank([], [], evidence=evidence, hosts=hosts).nodes[0].node == "a-1"


@given(st.permutations(NODES), st.floats(0.01, 100))
@settings(deadline=None, max_examples=40)
def test_order_and_units_do_not_matter(order: list[str], scale: float) -> None:
    """The ranking is the same whatever the order of nodes and edges and the unit of time."""
    added = {"front": 0.9, "cart": 0.5, "catalog": 0.4, "db": 0.1}
    made = calls(added)
    at = [NODES.index(node) for node in order]
    other = Calls(
        "latency",
        tuple(order),
        made.before[:, at] * scale,
        made.after[:, at] * scale,
        made.requests_before,
        made.requests_after,
    )
    one = rank([excess(made)], edges(), "front")
    two = rank([excess(other)], edges(list(reversed(SHOP))), "front")

    assert [each.node for each in one.nodes] == [each.node for each in two.nodes]
    assert [each.score for each in one.nodes] == pytest.approx([each.score for each in two.nodes], rel=1e-6, abs=1e-9)


def test_the_alarm_is_silent_when_nothing_changed_and_raised_when_something_did() -> None:
    """A ranking always has a first place; the alarm says whether it means anything."""
    assert not alarm(calls({}, before=40), "front").raised
    assert alarm(calls({"front": 0.5, "db": 0.5}, before=40), "front").raised


def test_the_alarm_wants_the_entry_to_suffer() -> None:
    """Trouble of a node that its callers do not notice is no incident."""
    assert not alarm(calls({"db": 0.5}, before=40), "front").raised
