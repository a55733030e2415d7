"""What can be asked beside the cluster, where it is configured: runbooks, quantum queues, and a language model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from steersman_tools.knowledge.types import Guide
from steersman_tools.mcp_client import McpConnection
from steersman_tools.types import Frozen, Observation

from .experience import Experience, Recall, Signature
from .models import Budget, Meter, Model
from .models.budget import Price


class Passage(Frozen):
    """A part of a runbook."""

    source: str
    """Where a person finds it: a file and its heading."""
    text: str
    faults: tuple[str, ...] = ()
    """The faults that the runbook is for."""


class Library(Protocol):
    """Runbooks that can be searched."""

    async def search(self, words: str, most: int) -> Sequence[Passage]:
        """The passages nearest to the words, best first. Raises ToolFailed."""


class Handbook(Protocol):
    """Runbooks by the fault that they are for: a look at files, no search."""

    def of(self, fault: str) -> Sequence[Guide]:
        """The runbooks of a fault, the user's own first."""


class Memory(Protocol):
    """What earlier sessions have taught."""

    def like(self, found: Signature, session: str = "") -> tuple[Recall, ...]:
        """The incidents most like this one, without that session."""

    def experience(self, fault: str) -> Experience:
        """How the remedies for a fault have done."""


class QuantumView(Protocol):
    """What can be seen of quantum backends, queues and jobs."""

    async def look(self, about: str) -> Sequence[Observation]:
        """What is seen about `queue`, `health`, `jobs` or `all`. Raises ToolFailed."""


@dataclass(frozen=True)
class Aide:
    """A language model, with what it may use up."""

    model: Model
    budget: Budget
    price: Price | None = None
    servers: tuple[McpConnection, ...] = ()
    """MCP servers whose allowed tools the model may use."""

    def meter(self) -> Meter:
        """Counts what one session uses, from now on."""
        return Meter(self.budget, self.price)
