"""What readers and writers need of an API server: requests and replies, whether they travel over HTTP or stay in the process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import orjson

from ..fields import Fields
from ..types import Json


@dataclass(frozen=True, slots=True)
class Reply:
    """A response of the API server, whatever its status."""

    status: int
    body: bytes
    content_type: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Json:
        """The body as JSON; None where it is none."""
        try:
            value: Json = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None
        return value

    @property
    def message(self) -> str:
        """The words of the server about a failure."""
        status = Fields(self.json())
        return status.text("message") or self.body[:200].decode(errors="replace").strip() or f"status {self.status}"


class Connection(Protocol):
    """One authenticated way to one API server."""

    server: str
    """Its address, for messages."""
    context: str
    """The name of the context through which it is reached."""
    namespace: str
    """The namespace to fall back to where the user may not look at all of them."""

    async def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: Json = None,
        content_type: str = "application/json",
    ) -> Reply:
        """Sends one request. Raises Unreachable when no answer comes back."""

    async def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Reply:
        """A GET request. Raises Unreachable when no answer comes back."""
