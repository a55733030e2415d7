"""How much one caller may ask, how large a request may be, and who goes first."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 1 << 20
"""Bytes; an Alertmanager delivery of a thousand alerts has about half of it."""
CALLERS = 10_000


class TooMany(Exception):
    """The caller has to wait so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Too many requests: try again in {max(1, round(seconds))} s.")
        self.seconds = max(1, round(seconds))


@dataclass
class Buckets:
    """One bucket a caller: it holds `burst` requests and is filled again at `per_second`."""

    per_second: float
    burst: float
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, caller: str, now: float | None = None) -> None:
        """Takes one. Raises TooMany where there is none left."""
        moment = time.monotonic() if now is None else now
        left = self.left(caller, moment)
        if left < 1:
            raise TooMany((1 - left) / self.per_second)
        self._left[caller] = (left - 1, moment)
        self._left.move_to_end(caller)
        if len(self._left) > CALLERS:
            self._left.popitem(last=False)

    def left(self, caller: str, now: float | None = None) -> float:
        """How many the caller may still ask at once."""
        moment = time.monotonic() if now is None else now
        left, then = self._left.get(caller, (self.burst, moment))
        return min(self.burst, left + (moment - then) * self.per_second)


class Turns:
    """One passes at a time, and the loop goes round before the next: who reads meanwhile waits for one of them, not for all."""

    def __init__(self) -> None:
        self._one = asyncio.Lock()

    async def take(self) -> None:
        async with self._one:
            await asyncio.sleep(0)


class BodyLimit:
    """Refuses bodies that are too large, before anybody reads them, whatever their length is said to be."""

    def __init__(self, app: ASGIApp, largest: int = LARGEST_BODY) -> None:
        self._app, self._largest = app, largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        said = dict(scope["headers"]).get(b"content-length", b"0")
        if not said.isdigit() or int(said) > self._largest:
            await self._refuse(send)
            return
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._largest:
                await self._refuse(send)
                return
        told = False

        async def again() -> Message:
            nonlocal told
            if told:
                return await receive()
            told = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self._app(scope, again, send)

    async def _refuse(self, send: Send) -> None:
        body = (
            b'{"title":"Content Too Large","status":413,"detail":"The request is larger than %d bytes."}'
            % self._largest
        )
        headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})
