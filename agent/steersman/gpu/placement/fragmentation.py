"""How much of what is free is of no use to the work that usually comes: expected fragmentation over a workload.

Source: Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC '23.
A node's free GPU counts as a fragment for a kind of pod that the node cannot host; where it can, only those GPUs do that are too
full for it. Pods without a GPU make everything a fragment, which weighs all nodes alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from .fleet import Fleet, Floats, Ints, Request

POPULAR = 0.95
"""The commonest kinds of pods that make up this part of the workload stand for all of it."""


class Workload:
    """The kinds of pods that usually come, with how often."""

    def __init__(self, requests: Iterable[Request], popular: float = POPULAR, by_gpu: float = 0.0) -> None:
        """`by_gpu` adds that much weight for each whole GPU that a kind asks for."""
        counts = Counter(
            Request(cpu=r.cpu, count=r.count, share=r.share if r.count else 0, models=r.models) for r in requests
        )
        total = sum(counts.values())
        kept: list[tuple[Request, int]] = []
        covered = 0
        for kind, count in sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0]))):
            if covered >= popular * total:
                break
            kept.append((kind, count))
            covered += count
        weights = np.array([count * (1 + by_gpu * kind.gpu / 1000) for kind, count in kept], float)
        self.kinds = tuple(kind for kind, _ in kept)
        self.weights: Floats = weights / weights.sum() if kept else weights
        self._gpu = [at for at, kind in enumerate(self.kinds) if kind.count]
        chosen = [self.kinds[at] for at in self._gpu]
        self.p: Floats = self.weights[self._gpu]
        self.cpu: Ints = np.array([kind.cpu for kind in chosen], np.int64)
        self.count: Ints = np.array([kind.count for kind in chosen], np.int64)
        self.shares, self.share_of = np.unique(np.array([kind.share for kind in chosen], np.int64), return_inverse=True)
        self.models = tuple(kind.models for kind in chosen)

    def access(self, fleet: Fleet, nodes: Ints) -> np.ndarray | None:
        """(nodes, kinds): whether the node's model suits; None where no kind minds."""
        if not any(self.models):
            return None
        return np.stack([fleet.access(models)[nodes] for models in self.models], axis=1)


def fragmentation(workload: Workload, cpu: Ints, gpus: Ints, access: np.ndarray | None = None) -> Floats:
    """The expected fragment, in thousandths of a GPU, of each of K states: `cpu` (K), `gpus` (K, G), `access` (K, kinds)."""
    total = gpus.sum(axis=1)
    if not len(workload.p):
        return np.asarray(total, np.float64)
    enough = gpus[:, None, :] >= workload.shares[None, :, None]
    usable = (gpus[:, None, :] * enough).sum(axis=2)
    hosts = enough.sum(axis=2)[:, workload.share_of] >= workload.count
    hosts &= cpu[:, None] >= workload.cpu
    if access is not None:
        hosts &= access
    return np.asarray(total - (hosts * usable[:, workload.share_of]) @ workload.p)
