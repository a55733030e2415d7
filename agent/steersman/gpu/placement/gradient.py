"""What a placement would do to the fragmentation of a node: the state before, every state after, and the difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fleet import Bools, Fleet, Floats, Ints, Request
from .fragmentation import Workload, fragmentation


@dataclass(frozen=True)
class Outcome:
    """All ways to place one request: a row a node, a column a choice of GPU (one column where GPUs are not shared)."""

    growth: Floats
    """By how much the expected fragment grows, in thousandths of a GPU; negative is good."""
    left: Ints
    """Free thousandths on the GPU that is taken, afterwards; 0 where whole GPUs are taken or none."""
    possible: Bools


def outcome(fleet: Fleet, nodes: Ints, request: Request, workload: Workload) -> Outcome:
    """What each placement on the nodes, all of which fit, would do."""
    cpu, gpus, access = fleet.cpu[nodes], fleet.gpus[nodes], workload.access(fleet, nodes)
    before = fragmentation(workload, cpu, gpus, access)
    cpu = cpu - request.cpu
    if request.shared:
        return _shared(request, workload, cpu, gpus, access, before)
    after = _tightest_taken(gpus, request) if request.count else gpus
    growth = fragmentation(workload, cpu, after, access) - before
    return Outcome(growth[:, None], np.zeros((len(nodes), 1), np.int64), np.ones((len(nodes), 1), np.bool_))


def _shared(
    request: Request, workload: Workload, cpu: Ints, gpus: Ints, access: np.ndarray | None, before: Floats
) -> Outcome:
    count, width = gpus.shape
    possible = gpus >= request.share
    row, gpu = np.nonzero(possible)
    states = gpus[row]
    states[np.arange(len(row)), gpu] -= request.share
    after = fragmentation(workload, cpu[row], states, None if access is None else access[row])
    growth = np.full((count, width), np.inf)
    growth[row, gpu] = after - before[row]
    return Outcome(growth, np.where(possible, gpus - request.share, 0), possible)


def _tightest_taken(gpus: Ints, request: Request) -> Ints:
    """The GPUs after the request has taken those that suffice with the least left over."""
    order = np.argsort(gpus, axis=1, kind="stable")
    ranked = np.take_along_axis(gpus, order, axis=1)
    suits = ranked >= request.share
    taken = suits & (np.cumsum(suits, axis=1) <= request.count)
    after = np.empty_like(gpus)
    np.put_along_axis(after, order, ranked - taken * request.share, axis=1)
    return after
