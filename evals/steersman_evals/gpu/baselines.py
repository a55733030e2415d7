"""Placement policies as published, with the integer scores of the FGD authors' simulator.

Source: github.com/hkust-adsl/kubernetes-scheduler-simulator pkg/simulator/plugin ({fgd,best_fit,dot_product,first_fit}_score.go):
scores are cut to integers 0..100, so many nodes are equal, and the scheduler draws one of the best by chance.
"""

from __future__ import annotations

import numpy as np

from steersman.gpu.placement.fleet import WHOLE, Fleet, Floats, Ints, Request
from steersman.gpu.placement.fragmentation import Workload
from steersman.gpu.placement.gradient import outcome

MOST_CPU, MOST_GPU = 128_000.0, 8_000.0
"""The largest node of the trace: what the simulator divides by."""


def _tightest(nodes: Ints) -> Ints:
    return np.full(len(nodes), -1, np.int64)


class FirstFit:
    """The first node with room."""

    def scores(self, fleet: Fleet, nodes: Ints, request: Request) -> tuple[Floats, Ints]:
        return -nodes.astype(float), _tightest(nodes)


class Chance:
    """Any node with room."""

    def scores(self, fleet: Fleet, nodes: Ints, request: Request) -> tuple[Floats, Ints]:
        return np.zeros(len(nodes)), _tightest(nodes)


class BestFit:
    """The node with the least left over, CPU and GPU weighing alike."""

    def scores(self, fleet: Fleet, nodes: Ints, request: Request) -> tuple[Floats, Ints]:
        cpu = (fleet.cpu[nodes] - request.cpu) / MOST_CPU
        gpu = (fleet.gpus[nodes].sum(axis=1) - request.gpu) / MOST_GPU
        return np.floor((1 - 0.5 * cpu - 0.5 * gpu) * 100), _tightest(nodes)


class DotProduct:
    """The node whose free resources point away from what is asked (Tetris, with the simulator's sign)."""

    def scores(self, fleet: Fleet, nodes: Ints, request: Request) -> tuple[Floats, Ints]:
        cpu = fleet.cpu[nodes] / MOST_CPU * request.cpu / MOST_CPU
        gpu = fleet.gpus[nodes].sum(axis=1) / MOST_GPU * request.gpu / MOST_GPU
        return np.floor((1 - (cpu + gpu) / 2) * 100), _tightest(nodes)


class Fgd:
    """Fragmentation gradient descent: the node and GPU where the expected fragment grows least."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload

    def scores(self, fleet: Fleet, nodes: Ints, request: Request) -> tuple[Floats, Ints]:
        found = outcome(fleet, nodes, request, self.workload)
        score = np.floor(100 / (1 + np.exp(np.clip(found.growth / WHOLE, -50, 50))))
        score[~found.possible] = -1.0
        best = score.argmax(axis=1)
        return score[np.arange(len(nodes)), best], best if request.shared else _tightest(nodes)
