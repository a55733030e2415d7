"""A world without HTTP: its API as a Connection, a Reader of it, and its time as a Clock that lives while it waits.

Readers, writers and sessions run on these unchanged, and an hour of waiting takes as long as it takes to compute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

import orjson

from ..kubernetes.connection import Reply
from ..kubernetes.read import ClusterReader
from ..types import Json
from .api.requests import Reply as Whole
from .api.requests import Request
from .world import World


class Inside:
    """A world's API as a Connection: each request is a function call, and what it asks for is done before it returns."""

    def __init__(self, world: World, agent: str = "steersman") -> None:
        self.world, self.agent = world, agent
        self.server, self.context, self.namespace = "the embedded world", "world", "default"

    async def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: Json = None,
        content_type: str = "application/json",
    ) -> Reply:
        """One request as the world's admin. A request that would stream (a watch, a followed log) is a ValueError."""
        asked = {key: str(value) for key, value in (query or {}).items()}
        headers = {"content-type": content_type, "user-agent": self.agent}
        data = b"" if body is None else orjson.dumps(body)
        answer = self.world.api.handle(Request(method, path, asked, headers, data))
        if not isinstance(answer, Whole):
            raise ValueError(f"{method} {path} streams: serve the world to follow it")
        if method != "GET":
            self.world.settle()
            self.world.wake()
        return Reply(answer.status, answer.body, answer.content_type)

    async def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Reply:
        return await self.request("GET", path, query)

    def close(self) -> None:
        """Nothing is held open."""


class LivedTime:
    """The world's time; who waits lets the world live. For worlds that nobody serves: those live by themselves."""

    def __init__(self, world: World) -> None:
        self.world = world

    def now(self) -> datetime:
        return self.world.clock.now()

    async def sleep(self, seconds: float) -> None:
        """So much of the world's life, at once."""
        self.world.run_for(seconds)
        await asyncio.sleep(0)


def reader(world: World) -> ClusterReader:
    """A Reader of the world, by the same code that reads live clusters. Its metrics are `world.metrics`."""
    return ClusterReader(Inside(world), world.clock)
