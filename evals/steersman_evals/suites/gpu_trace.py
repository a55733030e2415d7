"""Placement on a GPU cluster trace by the FGD protocol: how much of the GPUs is allocated when 130 % have been asked for."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeAlias

import numpy as np

from steersman.gpu.placement.board import Board, Policy
from steersman.gpu.placement.fleet import Fleet, Request
from steersman.gpu.placement.fragmentation import Workload
from steersman.gpu.placement.policy import LeastLoss

from ..gpu.baselines import BestFit, Chance, DotProduct, Fgd, FirstFit
from ..gpu.submit import Run, order, submit
from ..gpu.trace import Trace, load
from ..report import Figures, interval, table, write

ORDERS = 10
"""Random orders of each workload."""
SPEED_NODES = 1_200
Maker: TypeAlias = Callable[[Trace, list[Request]], Policy]


def ours(trace: Trace, pods: list[Request]) -> Policy:
    """The product's policy. Like FGD it knows the workload's mixture, not the order."""
    fleet = Fleet.of(trace.rooms)
    return LeastLoss(trace.pods, fleet, fleet.cpu.copy(), fleet.gpus.sum(axis=1))


METHODS: dict[str, tuple[Maker, bool]] = {
    "steersman": (ours, False),
    "fgd": (lambda trace, pods: Fgd(Workload(trace.pods)), False),
    "fgd, ties by chance": (lambda trace, pods: Fgd(Workload(trace.pods)), True),
    "best-fit": (lambda trace, pods: BestFit(), True),
    "dot-product": (lambda trace, pods: DotProduct(), True),
    "first-fit": (lambda trace, pods: FirstFit(), False),
    "random": (lambda trace, pods: Chance(), True),
}
"""How each policy is made, and whether chance decides between equal nodes. FGD is shown both ways: with the first of equals it
reproduces the published figures."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--orders", type=int, default=ORDERS, help="random orders of each workload")


def run(data: Path, output: Path | None, jobs: int, seed: int, orders: int = ORDERS) -> None:
    """Places every workload below `data` by every policy, in `orders` random orders each."""
    traces = load(data)
    work = [(trace, name, seed + at) for trace in traces for name in METHODS for at in range(orders)]
    with ProcessPoolExecutor(max(1, jobs)) as pool:
        runs = list(pool.map(_one, work, chunksize=max(1, orders // 2)))
    found: dict[str, dict[str, list[Run]]] = {}
    for (trace, name, _), result in zip(work, runs, strict=True):
        found.setdefault(name, {}).setdefault(trace.name, []).append(result)
    figures: Figures = {name: _figures(by, seed) for name, by in found.items()}
    speed = placements_a_second(traces[0], seed)
    ours_ = figures["steersman"]
    if isinstance(ours_, dict):
        ours_["placements_per_second"] = speed
    heads = ["GPUs allocated at 130 %", *(trace.name for trace in traces), "mean", "refused"]
    rows: list[list[str | float | int]] = [
        [
            name,
            *(100 * float(np.mean([r.allocated for r in by[trace.name]])) for trace in traces),
            100 * float(np.mean([r.allocated for all_ in by.values() for r in all_])),
            round(float(np.mean([r.refused for all_ in by.values() for r in all_]))),
        ]
        for name, by in found.items()
    ]
    print(table(f"{len(traces)} workloads, {orders} orders each, in percent", heads, rows))
    print(f"steersman places {speed:,.0f} pods a second on {SPEED_NODES:,} nodes (one core)")
    write(output, figures)


def placements_a_second(trace: Trace, seed: int) -> float:
    """How many pods our policy places in a second of one core on a fleet of 1,200 nodes, learning the workload included. Processor
    time, so that neighbours on the machine do not count; on an idle one it is the time on the wall."""
    rng = np.random.default_rng(seed)
    rooms = tuple(trace.rooms[at] for at in rng.integers(len(trace.rooms), size=SPEED_NODES))
    smaller = Trace(trace.name, rooms, trace.pods)
    pods = order(smaller, seed)
    began = time.process_time()
    board = Board(Fleet.of(rooms), ours(smaller, pods))
    for pod in pods:
        board.place(pod)
    return len(pods) / (time.process_time() - began)


def _one(work: tuple[Trace, str, int]) -> Run:
    trace, name, seed = work
    make, chance = METHODS[name]
    pods = order(trace, seed)
    return submit(trace, make(trace, pods), pods, np.random.default_rng(seed) if chance else None)


def _figures(by: dict[str, list[Run]], seed: int) -> Figures:
    rates = [r.allocated for runs in by.values() for r in runs]
    low, high = interval(rates, seed)
    return {
        "allocated": float(np.mean(rates)),
        "interval": [low, high],
        "refused": float(np.mean([r.refused for runs in by.values() for r in runs])),
        "seconds": float(np.mean([r.seconds for runs in by.values() for r in runs])),
        "by": {
            name: {"allocated": float(np.mean([r.allocated for r in runs])), "worst": min(r.allocated for r in runs)}
            for name, runs in by.items()
        },
    }
