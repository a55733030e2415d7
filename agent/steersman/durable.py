"""How a session survives the death of its process: every piece of work that touches the world is done once, by name.

The workflow is a function that may be run again from its start: what was done already gives its recorded result at once.
`steersman.durable_dbos` keeps the results in a database; `Once` keeps them in memory, for sessions that change nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from pydantic import BaseModel

from .remedy import Decision

T = TypeVar("T", bound=BaseModel)


class Durable(Protocol):
    """Runs the pieces of one session's work."""

    async def once(self, name: str, work: Callable[[], Awaitable[T]], of: type[T]) -> T:
        """The result of the work, which is done if it has not been done under this name before."""

    async def decision(self, digest: str) -> Decision:
        """Waits, for as long as it takes, until somebody has spoken on the plan of that digest."""


class Once:
    """Keeps results and decisions in memory."""

    def __init__(self) -> None:
        self._decided: dict[str, asyncio.Future[Decision]] = {}

    async def once(self, name: str, work: Callable[[], Awaitable[T]], of: type[T]) -> T:
        return await work()

    async def decision(self, digest: str) -> Decision:
        return await self._future(digest)

    def decide(self, decision: Decision) -> None:
        """A person's word, for who waits for it or will."""
        future = self._future(decision.digest)
        if not future.done():
            future.set_result(decision)

    def _future(self, digest: str) -> asyncio.Future[Decision]:
        if digest not in self._decided:
            self._decided[digest] = asyncio.get_running_loop().create_future()
        return self._decided[digest]
