"""What is free on every node, as arrays: thousands of placements a second need no objects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from steersman_tools.types import Frozen

WHOLE = 1000
"""One GPU, in thousandths."""
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Request(Frozen):
    """What one pod asks for. `count` GPUs of `share` thousandths each; `models` empty: any model will do."""

    cpu: int = 0
    """Thousandths of a core."""
    memory: int = 0
    """MiB."""
    count: int = 0
    share: int = WHOLE
    models: frozenset[str] = frozenset()

    @property
    def gpu(self) -> int:
        """Thousandths of a GPU in all."""
        return self.count * self.share

    @property
    def shared(self) -> bool:
        return self.count == 1 and self.share < WHOLE


class Room(Frozen):
    """What one node has to give now: `gpus` are the free thousandths of each of its GPUs."""

    node: str
    model: str = ""
    cpu: int
    memory: int
    gpus: tuple[int, ...] = ()


@dataclass
class Fleet:
    """Free resources by node. Placing changes it; everything else only reads."""

    names: tuple[str, ...]
    models: tuple[str, ...]
    cpu: Ints
    memory: Ints
    gpus: Ints
    """(nodes, GPUs of the largest node); what a node does not have counts as full."""
    _access: dict[frozenset[str], Bools] = field(default_factory=dict)

    @classmethod
    def of(cls, rooms: Sequence[Room]) -> Fleet:
        width = max((len(room.gpus) for room in rooms), default=0)
        gpus = np.zeros((len(rooms), max(width, 1)), np.int64)
        for at, room in enumerate(rooms):
            gpus[at, : len(room.gpus)] = room.gpus
        return cls(
            names=tuple(room.node for room in rooms),
            models=tuple(room.model for room in rooms),
            cpu=np.array([room.cpu for room in rooms], np.int64),
            memory=np.array([room.memory for room in rooms], np.int64),
            gpus=gpus,
        )

    def access(self, models: frozenset[str]) -> Bools:
        """By node: whether its GPUs are of a model that is accepted."""
        if models not in self._access:
            self._access[models] = np.array([not models or model in models for model in self.models], np.bool_)
        return self._access[models]

    def fits(self, request: Request, nodes: Ints) -> Bools:
        """By node: whether the request can run there now."""
        found = (self.cpu[nodes] >= request.cpu) & (self.memory[nodes] >= request.memory)
        if request.count:
            found &= self.access(request.models)[nodes]
            found &= (self.gpus[nodes] >= request.share).sum(axis=1) >= request.count
        return found

    def take(self, node: int, request: Request, gpus: Iterable[int]) -> None:
        """Gives the node's resources to the request."""
        self.cpu[node] -= request.cpu
        self.memory[node] -= request.memory
        for gpu in gpus:
            self.gpus[node, gpu] -= request.share

    def give_back(self, node: int, request: Request, gpus: Iterable[int]) -> None:
        """Takes them from it again."""
        self.cpu[node] += request.cpu
        self.memory[node] += request.memory
        for gpu in gpus:
            self.gpus[node, gpu] += request.share

    def tightest(self, node: int, request: Request) -> tuple[int, ...]:
        """The GPUs that suffice with the least left over; those of lowest index among equals."""
        free = self.gpus[node]
        order = np.argsort(free, kind="stable")
        return tuple(int(gpu) for gpu in order[free[order] >= request.share][: request.count])
