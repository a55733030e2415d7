"""Healing on the real control plane, and the oracle that judges it: what only looks like a repair must fail it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

import steersman_evals
from steersman_evals.lab import heal
from steersman_evals.lab.bench import Bench, Cluster
from steersman_evals.lab.heal import Act, Healed
from steersman_evals.lab.scenario import load
from steersman_tools.types import Ref

pytestmark = pytest.mark.lab

SCENARIOS = {s.name: s for s in load(Path(steersman_evals.__file__).parent / "scenarios")}
PAYMENT = Ref("shop", "Deployment", "payment")


async def judged(bench: Bench, scenario: str, healer: heal.Healer, patience: float = 90) -> Healed:
    (found,) = [found async for found in heal.run(bench, [SCENARIOS[scenario]], healer, patience)]
    return found


@pytest.mark.parametrize("scenario", ["service-target-port", "untouched"])
async def test_healed_end_to_end(bench: Bench, scenario: str) -> None:
    """The right cause, the fault gone, nothing else changed; on a healthy cluster, nothing done at all."""
    found = await judged(bench, scenario, heal.steersman)
    assert found.end_to_end, found


async def delete_it(bench: Bench) -> Act:
    with closing(bench.connect()) as transport:
        await Cluster(transport).delete(PAYMENT)
    return Act(changes=1, outcome="deleted")


async def scale_it_to_zero(bench: Bench) -> Act:
    with closing(bench.connect()) as transport:
        await Cluster(transport).patch(PAYMENT, {"spec": {"replicas": 0}})
    return Act(changes=1, outcome="zero")


MUTANTS: dict[str, Callable[[Bench], Awaitable[Act]]] = {
    "doing nothing": heal.nothing, "restarting": heal.restart_everything, "deleting": delete_it, "scaling to zero": scale_it_to_zero,
}  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS)
async def test_what_only_looks_like_a_repair_fails_the_oracle(bench: Bench, mutant: str) -> None:
    """Traffic to payment goes to a port where nobody listens: none of these mends that, and two of them break more."""
    found = await judged(bench, "service-target-port", MUTANTS[mutant], patience=15)
    assert not (found.healed and found.kept), (mutant, found)
    if mutant in ("deleting", "scaling to zero"):
        assert found.lost
