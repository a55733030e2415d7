"""What the tools can ask beside the cluster, where it is configured: runbooks and quantum queues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from steersman_tools.types import Frozen, Observation


class Passage(Frozen):
    """A part of a runbook."""

    source: str
    """Where a person finds it: a file and its heading."""
    text: str


class Library(Protocol):
    """Runbooks that can be searched."""

    async def search(self, words: str, most: int) -> Sequence[Passage]:
        """The passages nearest to the words, best first. Raises ToolFailed."""


class QuantumView(Protocol):
    """What can be seen of quantum backends, queues and jobs."""

    async def look(self, about: str) -> Sequence[Observation]:
        """What is seen about `queue`, `health`, `jobs` or `all`. Raises ToolFailed."""
