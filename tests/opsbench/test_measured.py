"""Root causes that only measures show: the processor, a pod's network, a node's network, delay told from loss."""

from __future__ import annotations

import asyncio

import pytest

from steersman_evals.opsbench.answers import predictions
from steersman_evals.suites.cloud_opsbench import diagnose

from .mall import CALLS, Ill, seen

NODES = ("n1", "n2", "n3")
CASES = [
    *((Ill(late={node: 100.0}), f"node/{node}", "node_network_delay") for node in NODES),
    *((Ill(late={node: 1500.0}), f"node/{node}", "node_network_delay") for node in NODES),
    *((Ill(lost={node: 0.1}), f"node/{node}", "node_network_packet_loss") for node in NODES),
    *((Ill(late={name: 300.0}), f"app/{name}", "pod_network_delay") for name in CALLS),
    *((Ill(busy=name), f"app/{name}", "pod_cpu_overload") for name in CALLS),
]


@pytest.mark.parametrize(
    ("ill", "entity", "cause"),
    CASES,
    ids=[f"{cause}-{entity}" + ("" if i < 3 or i > 5 else "-more") for i, (_, entity, cause) in enumerate(CASES)],
)
def test_the_first_answer_is_right(ill: Ill, entity: str, cause: str) -> None:
    """Thing and cause, at the first place, wherever the calls lead."""
    first = predictions(asyncio.run(diagnose(seen(ill))))[:1]
    assert [(p.entity, p.cause) for p in first] == [(entity, cause)]


def test_nothing_measured_is_out_of_order() -> None:
    """Numbers that wave as they always do accuse nobody."""
    assert asyncio.run(diagnose(seen(Ill(), alert=False))).healthy
