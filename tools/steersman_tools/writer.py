"""The seam through which clusters are changed. Only the actuator holds a Writer, and only `steersman.execute` the actuator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

from .types import Json, JsonObject, Ref, ToolFailed

Verb: TypeAlias = Literal["get", "create", "update", "patch", "delete"]
Mode: TypeAlias = Literal["for real", "dry run"]


class Refused(ToolFailed):
    """The server will not do it, however often it is asked. The catcher gives the step up."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class Conflicted(ToolFailed):
    """The object has changed since it was read, or exists already. The catcher reads again."""


class Busy(ToolFailed):
    """The server cannot do it now, or its answer was lost: it may have been done. The catcher reads, then tries again."""


class Writer(Protocol):
    """A cluster that can be changed, one object a call. All of them raise Refused, Conflicted or Busy."""

    async def read(self, ref: Ref) -> JsonObject | None:
        """The object as it is now; None when there is none."""

    async def patch(self, ref: Ref, operations: Sequence[JsonObject], mode: Mode) -> JsonObject:
        """The object after the operations (RFC 6902)."""

    async def create(self, ref: Ref, obj: JsonObject, mode: Mode) -> JsonObject:
        """The object as it was stored."""

    async def delete(self, ref: Ref, uid: str, mode: Mode) -> None:
        """Deletes exactly the object of that uid."""

    async def evict(self, pod: Ref, mode: Mode) -> None:
        """Asks for the pod's eviction; a PodDisruptionBudget that forbids it is Busy."""

    async def may(self, verb: Verb, ref: Ref, subresource: str = "") -> bool:
        """Whether this user has the right."""

    async def pods_on(self, node: str) -> list[Json]:
        """The pods that are bound to the node."""
