"""Where steersman puts a request: the place where the least is lost for the work that usually comes.

What is lost has four parts, all in thousandths of a GPU: the growth of the expected fragment (as in FGD); the worth of the GPU's
rest before and after (fragmentation asks what fits next, worth asks what fits in the end); free GPUs without their part of the
node's cores, which nobody will be able to use; and breaking into a node while others before it are half full. The weights were
found on four public workloads and five mixtures of them; figures in docs/gpu.md.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .fleet import Fleet, Floats, Ints, Request
from .fragmentation import Workload
from .gradient import outcome
from .worth import worth

WORTH = 6.0
STRANDED = 800.0
ORDER = 300.0
"""What the last node of the fleet costs more than the first: nodes fill up one after the other."""


class LeastLoss:
    """The product's policy. `requests` are the work that usually comes; `fleet` is asked for its size and shape."""

    def __init__(self, requests: Iterable[Request], fleet: Fleet, cpu: Ints, gpus: Ints) -> None:
        """`cpu` and `gpus` are the capacities of the nodes: cores in thousandths, and GPUs in thousandths."""
        usual = tuple(requests)
        self.workload = Workload(usual)
        self._worth = worth(usual)
        self._cpu = np.maximum(cpu, 1)
        self._gpu = np.maximum(gpus, 1)
        self._order = ORDER / max(len(fleet.names), 1)

    def scores(self, fleet: Fleet, nodes: Ints, request: Request) -> tuple[Floats, Ints]:
        """By node: the loss there, negative; and the GPU to share."""
        found = outcome(fleet, nodes, request, self.workload)
        loss = found.growth
        if request.shared:
            free = fleet.gpus[nodes]
            loss = loss + WORTH * (self._worth[free] - self._worth[found.left])
        loss = np.where(found.possible, loss, np.inf)
        best = loss.argmin(axis=1)
        total = loss[np.arange(len(nodes)), best] + self._stranded(fleet, nodes, request) + self._order * nodes
        return -total, best if request.shared else np.full(len(nodes), -1, np.int64)

    def _stranded(self, fleet: Fleet, nodes: Ints, request: Request) -> Floats:
        gpu = (fleet.gpus[nodes].sum(axis=1) - request.gpu) / self._gpu[nodes]
        cpu = (fleet.cpu[nodes] - request.cpu) / self._cpu[nodes]
        return np.asarray(STRANDED * np.maximum(gpu - cpu, 0.0), np.float64)
