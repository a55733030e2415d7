"""Runs scenarios on the lab, one after the other on one control plane, and scores the answers."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from itertools import product

from steersman.app import sources
from steersman.session import Session
from steersman.types import Cause, Diagnosed, Diagnosis, Failed, Request
from steersman_tools.fields import Fields
from steersman_tools.types import Frozen, Ref

from .bench import Bench, Cluster
from .restore import Inventory, inventory, restore
from .scenario import Create, Delete, DeletePods, Every, Patch, Restart, Scenario, Step, Truth, Wait, WorldFault


class Result(Frozen):
    """How one scenario went."""

    scenario: str
    group: str = ""
    run: int = 1
    right: bool
    """Every truth is named before anything else, and nothing else is named."""
    first: bool
    """Some truth stands at rank 1."""
    missed: tuple[str, ...] = ()
    false: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    unexplained: tuple[str, ...] = ()
    seconds: float
    control: bool = False
    """A healthy cluster, where nothing may be named."""
    note: str = ""

    @property
    def answer(self) -> tuple[str, ...]:
        """What must be the same each time: the causes, whatever the order of those that are equally good."""
        return tuple(sorted(self.causes))


def score(scenario: Scenario, diagnosis: Diagnosis, seconds: float) -> Result:
    """Compares an answer with the truth: pure."""
    named = [f"{c.fault} {c.entity}" for c in diagnosis.causes]
    missed = [t for t in scenario.truth if not any(matches(t, c) for c in diagnosis.causes)]
    false = [c for c in diagnosis.causes if not any(matches(t, c) for t in scenario.truth)]
    first = bool(diagnosis.causes) and any(matches(t, diagnosis.causes[0]) for t in scenario.truth)
    healthy = not scenario.truth
    unexplained = tuple(u.text for u in diagnosis.unexplained)
    right = not missed and not false and (first or healthy) and not (healthy and unexplained)
    return Result(
        scenario=scenario.name,
        group=scenario.group,
        control=healthy,
        right=right,
        first=first or (healthy and not named),
        missed=tuple(f"{'|'.join(t.fault)} {'|'.join(map(str, t.entity))}" for t in missed),
        false=tuple(f"{c.fault} {c.entity} ({c.confidence})" for c in false),
        causes=tuple(named),
        unexplained=unexplained,
        seconds=round(seconds, 2),
    )


def matches(truth: Truth, cause: Cause) -> bool:
    return cause.fault in truth.fault and cause.entity in truth.entity


async def run_all(bench: Bench, scenarios: Sequence[Scenario], repeat: int = 1) -> AsyncIterator[Result]:
    """Runs each scenario so often, on a lab that is put back in between."""
    with closing(bench.connect()) as transport:
        cluster = Cluster(transport)
        before = await inventory(cluster)
        version = Fields((await transport.get("/version")).json()).text("gitVersion")
        for run, scenario in product(range(1, repeat + 1), scenarios):
            if supported(scenario, version):
                result = await one(bench, cluster, before, scenario)
                yield result.model_copy(update={"run": run})


def supported(scenario: Scenario, version: str) -> bool:
    """Whether a server of this version (`v1.20.2`) has what the scenario needs."""
    numbers = [tuple(map(int, re.findall(r"\d+", text)[:2])) for text in (version, scenario.minimum)]
    return not scenario.minimum or numbers[0] >= numbers[1]


async def one(bench: Bench, cluster: Cluster, before: Inventory, scenario: Scenario) -> Result:
    """Breaks, looks, restores."""
    try:
        async with injected(bench, cluster, scenario):
            diagnosis, seconds = await answer(bench)
    finally:
        back = await restore(bench, cluster, before)
    result = score(scenario, diagnosis, seconds)
    return result if back else result.model_copy(update={"note": "the lab did not come back"})


@asynccontextmanager
async def injected(bench: Bench, cluster: Cluster, scenario: Scenario) -> AsyncIterator[None]:
    """The scenario's steps, carried out; its writers keep writing inside the block."""
    async with AsyncExitStack() as writers:
        for step in scenario.steps:
            if isinstance(step, Every):
                task = asyncio.create_task(_keep_writing(cluster, step))
                writers.callback(task.cancel)
            else:
                await _do(bench, cluster, step)
        await asyncio.sleep(scenario.settle)
        yield


async def answer(bench: Bench) -> tuple[Diagnosis, float]:
    """What steersman says now, and how long it took."""
    began = time.perf_counter()
    with sources(bench.settings) as opened:
        async for entry in Session(opened).start(Request()):
            if isinstance(entry.event, Diagnosed):
                return entry.event.diagnosis, time.perf_counter() - began
            if isinstance(entry.event, Failed):
                raise RuntimeError(entry.event.text)
    raise RuntimeError("the session ended without an answer")


async def _do(bench: Bench, cluster: Cluster, step: Step) -> None:
    match step:
        case Patch():
            await cluster.patch(step.patch, step.body, step.form, step.manager)
        case Create():
            await cluster.create(dict(step.create))
        case Delete():
            await cluster.delete(step.delete)
        case DeletePods():
            await cluster.delete_pods(step.delete_pods.namespace, step.delete_pods.name)
        case Restart():
            await cluster.restart(step.restart)
        case WorldFault():
            bench.control("/fault", dict(step.fault))
        case Wait():
            await asyncio.sleep(step.wait)


async def _keep_writing(cluster: Cluster, step: Every) -> None:
    while True:
        if step.by is None or await _at_work(cluster, step.by):
            await cluster.patch(step.patch.patch, step.patch.body, step.patch.form, step.patch.manager)
        await asyncio.sleep(step.every)


async def _at_work(cluster: Cluster, writer: Ref) -> bool:
    found = await cluster.get(writer)
    return bool(found) and not Fields(found).flag("spec.suspend")
