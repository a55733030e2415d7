"""The FGD protocol: pods in random order until what was asked for is 130 % of the cluster's GPUs; what is then allocated counts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from steersman.gpu.placement.board import Board, Policy
from steersman.gpu.placement.fleet import Fleet, Request

from .trace import Trace

LOAD = 1.3
"""What is asked for in all, relative to the cluster's GPUs."""


@dataclass(frozen=True)
class Run:
    """How one order of one workload went under one policy."""

    allocated: float
    """The part of the cluster's GPUs that is allocated at the end."""
    refused: int
    placements: int
    seconds: float


def order(trace: Trace, seed: int) -> list[Request]:
    """The pods as submitted: all of them shuffled, then drawn again from the workload, until the load is reached."""
    rng = np.random.default_rng(seed)
    target = LOAD * trace.gpus
    found: list[Request] = []
    asked = 0
    first = True
    while asked < target:
        chosen = rng.permutation(len(trace.pods)) if first else rng.integers(len(trace.pods), size=1024)
        first = False
        for at in chosen:
            found.append(trace.pods[at])
            asked += trace.pods[at].gpu
            if asked >= target:
                break
    return found


def submit(trace: Trace, policy: Policy, pods: Sequence[Request], ties: np.random.Generator | None) -> Run:
    """Places the pods one after the other; one that fits nowhere is refused and not tried again."""
    board = Board(Fleet.of(trace.rooms), policy, ties)
    began = time.perf_counter()
    allocated = placed = 0
    for pod in pods:
        if board.place(pod) is not None:
            allocated += pod.gpu
            placed += 1
    seconds = time.perf_counter() - began
    return Run(allocated / trace.gpus, len(pods) - placed, placed, seconds)
