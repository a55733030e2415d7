"""An API server with troubles of its own: the nth write meets a conflict, a refusal to serve, or a broken connection.

Ships with the package because whoever extends steersman with a writer of their own should be able to test it so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import orjson

from ..kubernetes.connection import Connection, Reply
from ..types import Json, Unreachable

Trouble: TypeAlias = Literal["conflict", "too many requests", "internal error", "dropped before", "timed out after"]
TROUBLES: tuple[Trouble, ...] = ("conflict", "too many requests", "internal error", "dropped before", "timed out after")
_ANSWERS: dict[Trouble, tuple[int, str, str]] = {
    "conflict": (409, "Conflict", "the object has been modified; please apply your changes to the latest version"),
    "too many requests": (429, "TooManyRequests", "the server has received too many requests"),
    "internal error": (500, "InternalError", "etcdserver: request timed out"),
}


class Troubled:
    """A Connection whose writes meet trouble by their number, counted from 0; dry runs and questions are not counted."""

    def __init__(self, inner: Connection, trouble: Mapping[int, Trouble]) -> None:
        self._inner, self._trouble = inner, trouble
        self.server, self.context, self.namespace = inner.server, inner.context, inner.namespace
        self.writes: list[str] = []
        """The writes that reached the server or would have, in order, as `METHOD path`."""

    async def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: Json = None,
        content_type: str = "application/json",
    ) -> Reply:
        asking = method == "GET" or "dryRun" in (query or {}) or path.endswith("accessreviews")
        if asking:
            return await self._inner.request(method, path, query, body, content_type)
        trouble = self._trouble.get(len(self.writes))
        self.writes.append(f"{method} {path}")
        if trouble in _ANSWERS:
            status, reason, message = _ANSWERS[trouble]
            said = {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": status}
            return Reply(status, orjson.dumps(said), "application/json")
        if trouble == "dropped before":
            raise Unreachable(f"{self.server} does not answer (connection reset by peer).")
        answer = await self._inner.request(method, path, query, body, content_type)
        if trouble == "timed out after":
            raise Unreachable(f"{self.server} does not answer (timed out).")
        return answer

    async def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Reply:
        return await self.request("GET", path, query)
