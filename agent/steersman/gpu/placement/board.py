"""Places request after request on a fleet. Scores are kept by kind of request; only nodes that changed are judged again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from steersman_tools.types import Frozen

from .fleet import Fleet, Floats, Ints, Request


class Placed(Frozen):
    """Where a request went: the node, its place in the fleet, the GPUs there, and the score that won."""

    node: str
    at: int
    gpus: tuple[int, ...]
    score: float


class Policy(Protocol):
    """Judges nodes on which a request fits."""

    def scores(self, fleet: Fleet, nodes: Ints, request: Request) -> tuple[Floats, Ints]:
        """By node: how good the place is (higher is better), and the GPU to share there, -1 for the tightest that suffice."""


@dataclass
class _View:
    scores: Floats
    gpu: Ints
    seen: int = -1


class Board:
    """A fleet that fills up by a policy. `ties`: chance decides among the best; without it the first node wins."""

    def __init__(self, fleet: Fleet, policy: Policy, ties: np.random.Generator | None = None) -> None:
        self.fleet, self.policy, self._ties = fleet, policy, ties
        self._changed = np.zeros(len(fleet.names), np.int64)
        self._tick = 0
        self._views: dict[Request, _View] = {}

    def scores(self, request: Request) -> Floats:
        """By node: the score of the request there now; minus infinity where it does not fit."""
        return self._view(request).scores

    def choose(self, request: Request) -> Placed | None:
        """The best place, untaken; None where the request fits nowhere."""
        view = self._view(request)
        if not len(view.scores):
            return None
        at = int(np.argmax(view.scores))
        best = float(view.scores[at])
        if best == -np.inf:
            return None
        if self._ties is not None:
            equals = np.flatnonzero(view.scores == best)
            at = int(equals[self._ties.integers(len(equals))]) if len(equals) > 1 else at
        shared = int(view.gpu[at])
        gpus = (shared,) if shared >= 0 else self.fleet.tightest(at, request) if request.count else ()
        return Placed(node=self.fleet.names[at], at=at, gpus=gpus, score=best)

    def place(self, request: Request) -> Placed | None:
        """The best place, taken; None where the request fits nowhere."""
        placed = self.choose(request)
        if placed is not None:
            self.fleet.take(placed.at, request, placed.gpus)
            self.touch(placed.at)
        return placed

    def touch(self, node: int) -> None:
        """Says that something about the node has changed."""
        self._tick += 1
        self._changed[node] = self._tick

    def _view(self, request: Request) -> _View:
        view = self._views.get(request)
        if view is None:
            size = len(self.fleet.names)
            view = self._views[request] = _View(np.full(size, -np.inf), np.full(size, -1, np.int64))
        stale = np.flatnonzero(self._changed > view.seen) if view.seen >= 0 else np.arange(len(self._changed))
        if stale.size:
            view.scores[stale], view.gpu[stale] = -np.inf, -1
            fitting = stale[self.fleet.fits(request, stale)]
            if fitting.size:
                view.scores[fitting], view.gpu[fitting] = self.policy.scores(self.fleet, fitting, request)
        view.seen = self._tick
        return view
