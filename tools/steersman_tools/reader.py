"""The seam through which clusters are read. Those who hold a Reader cannot write: there is nothing to write with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .snapshot import Log, LogQuery, Snapshot, Was
from .types import Ref


class Reader(Protocol):
    """A cluster, a folder or a world that can be looked at."""

    async def snapshot(self, namespace: str | None) -> Snapshot:
        """Everything that diagnosis asks for: of one namespace and the cluster's own kinds, or of all namespaces.

        Raises Unreachable when nothing at all can be read; what is missing in part is in `not_checked`.
        """

    async def logs(self, queries: Sequence[LogQuery]) -> list[Log]:
        """The logs asked for, in order; one that cannot be had says why."""


class History(Protocol):
    """A cluster that remembers for some minutes what its objects were."""

    async def last(self, ref: Ref, having: str) -> Was | None:
        """The newest state of the object in which the field stood (empty: in which it existed); None where nobody knows."""
