"""What an object was some minutes ago: the API server reads from any revision that etcd has not compacted yet.

Source: kubernetes.io/docs/reference/using-api/api-concepts (resourceVersionMatch=Exact; with `limit`, since a list without one is
answered from the watch cache, whatever revision is asked for). Revisions older than five to ten minutes are gone (410).
"""

from __future__ import annotations

from ..edits import at
from ..fields import Fields
from ..kinds import BY_NAME
from ..snapshot import Was
from ..types import Ref, Unreachable
from .connection import Connection

KINDS = ("ConfigMap",)
"""Kinds that are looked up. Never Secrets: what was in them is nobody's business, and they are never written."""
MOST_READS = 48


class ClusterHistory:
    """Searches the past by halving: a handful of small reads, on demand only."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def last(self, ref: Ref, having: str) -> Was | None:
        """The newest state of the object in which the field stood (empty: in which it existed), as far as the server remembers."""
        if ref.kind not in KINDS:
            return None
        search = _Search(self._connection, ref, having)
        try:
            return await search.newest()
        except Unreachable:
            return None


class _Search:
    """One object's past."""

    def __init__(self, connection: Connection, ref: Ref, having: str) -> None:
        kind = BY_NAME[ref.kind]
        self._path = kind.path(kind.versions[0], ref.namespace)
        self._connection, self._ref, self._having = connection, ref, having
        self._reads = 0

    async def newest(self) -> Was | None:
        """Back by steps that double until it is as asked, then forth by halving. Raises Unreachable.

        What stood for fewer revisions than have been written since can be stepped over: then it is not found.
        """
        listed = Fields((await self._connection.get(self._path, {"limit": 1})).json()).text("metadata.resourceVersion")
        without, forgotten, step = int(listed) if listed.isdigit() else 0, 0, 1
        found: Was | None = None
        while found is None:
            earlier = max(without - step, (forgotten + without) // 2)
            if earlier <= forgotten or self._reads == MOST_READS:
                return None
            try:
                found = await self._at(earlier)
            except _Forgotten:
                forgotten = earlier
                continue
            without, step = (without, step) if found else (earlier, 2 * step)
        while without - found.revision > 1 and self._reads < MOST_READS:
            middle = (found.revision + without) // 2
            try:
                later = await self._at(middle)
            except _Forgotten:  # the server has just tidied up
                return found
            found, without = (later, without) if later else (found, middle)
        return found

    async def _at(self, revision: int) -> Was | None:
        """The object at a revision, if it is as asked. Raises _Forgotten, Unreachable."""
        self._reads += 1
        query: dict[str, str | int] = {
            "fieldSelector": f"metadata.name={self._ref.name}", "limit": 500,
            "resourceVersion": revision, "resourceVersionMatch": "Exact",
        }  # fmt: skip
        reply = await self._connection.get(self._path, query)
        if reply.status == 410:
            raise _Forgotten
        if not reply.ok:
            raise Unreachable(reply.message)
        for item in Fields(reply.json()).each("items"):
            raw = dict(item.raw)
            if item.text("metadata.name") == self._ref.name and (not self._having or at(raw, self._having) is not None):
                return Was(raw={**raw, "kind": self._ref.kind}, revision=revision)
        return None


class _Forgotten(Exception):
    """The server does not know that revision any more."""
