"""Quantum queues without any cluster: a Reader that sees nothing of Kubernetes and says so."""

from __future__ import annotations

from collections.abc import Sequence

from ..clock import Clock
from ..snapshot import Log, LogQuery, Snapshot
from ..types import NotChecked


class NoCluster:
    """Stands where the cluster's Reader would."""

    def __init__(self, clock: Clock, why: str = "none is configured") -> None:
        self._clock, self._why = clock, why

    async def snapshot(self, namespace: str | None) -> Snapshot:
        gap = NotChecked(what="the cluster", why=self._why)
        return Snapshot(taken_at=self._clock.now(), namespace=namespace, not_checked=(gap,))

    async def logs(self, queries: Sequence[LogQuery]) -> list[Log]:
        return [Log(query, why_not="there is no cluster") for query in queries]
