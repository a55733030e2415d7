"""Reads a live cluster: one LIST a kind, all kinds at once, paged; what cannot be listed becomes a NotChecked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..clock import Clock, WallClock
from ..fields import Fields
from ..kinds import EVENT, KINDS, OPTIONAL_GROUPS, Kind
from ..snapshot import Log, LogQuery, Resource, Snapshot
from ..types import Json, NotChecked, Unreachable
from .connection import Connection, Reply
from .objects import event_record, lean, log_lines, without_secrets

PAGE = 500
MOST_EVENTS = 10_000
LOG_BYTES = 256 * 1024


@dataclass
class _Listing:
    """What came of listing one kind."""

    kind: Kind
    items: list[Json] = field(default_factory=list)
    namespace: str | None = None
    gap: NotChecked | None = None


class ClusterReader:
    """A Reader of a live cluster."""

    def __init__(self, transport: Connection, clock: Clock | None = None) -> None:
        self.transport, self.clock = transport, clock or WallClock()

    async def snapshot(self, namespace: str | None) -> Snapshot:
        version, groups = await asyncio.gather(self._version(), self._groups())
        listings = await asyncio.gather(*(self._list(kind, namespace, groups) for kind in (*KINDS, EVENT)))
        served = [listing for listing in listings if listing]
        whole = {(li.kind.name, li.namespace or "") for li in served if not li.gap or li.items}
        return Snapshot(
            taken_at=self.clock.now(),
            resources=tuple(_resource(item, li.kind) for li in served if li.kind is not EVENT for item in li.items),
            events=tuple(event_record(Fields(item)) for li in served if li.kind is EVENT for item in li.items),
            complete=frozenset(whole),
            not_checked=tuple(li.gap for li in served if li.gap),
            version=version,
            context=self.transport.context,
            namespace=namespace,
        )

    async def logs(self, queries: Sequence[LogQuery]) -> list[Log]:
        return list(await asyncio.gather(*map(self._log, queries)))

    async def _version(self) -> str:
        reply = await self.transport.get("/version")
        if reply.status == 401:
            raise Unreachable(
                f"{self.transport.server} refuses the credentials of context {self.transport.context!r} (401): "
                "sign in again, or choose another context with --context."
            )
        version = Fields(reply.json()).text("gitVersion")
        if not version and reply.status != 403:
            raise Unreachable(
                f"{self.transport.server} is not a Kubernetes API server (it answers {reply.status} "
                f"{reply.content_type or 'without a type'}): check the context."
            )
        return version

    async def _groups(self) -> dict[str, set[str]]:
        """The API groups that the server has, with their versions; empty where it does not say."""
        listing = Fields((await self.transport.get("/apis")).json())
        return {
            group.text("name"): {version.text("version") for version in group.each("versions")}
            for group in listing.each("groups")
        }

    async def _list(self, kind: Kind, namespace: str | None, groups: dict[str, set[str]]) -> _Listing | None:
        """Lists a kind in the best version that the server has; None for a kind that a cluster need not have."""
        if kind.group in OPTIONAL_GROUPS and kind.group not in groups:
            return None
        offered = groups.get(kind.group, set()) if kind.group and groups else None
        candidates = [v for v in kind.versions if offered is None or v in offered]
        where = namespace if kind.namespaced else None
        for version in candidates:
            listing = await self._pages(kind, version, where)
            if listing is not None:
                return listing
        return _Listing(kind, gap=NotChecked(what=kind.plural, why="this server does not serve them"))

    async def _pages(self, kind: Kind, version: str, namespace: str | None) -> _Listing | None:
        """All pages of a list; None where the server lacks the kind in this version."""
        listing, token, restarts = _Listing(kind, namespace=namespace), "", 0
        try:
            while True:
                query: dict[str, str | int] = {"limit": PAGE} | ({"continue": token} if token else {})
                reply = await self.transport.get(kind.path(version, listing.namespace), query)
                if reply.status == 404 and not listing.items:
                    return None
                if reply.status == 410 and restarts < 2:  # the list expired between two pages: begin again
                    listing.items, token, restarts = [], "", restarts + 1
                    continue
                if reply.status == 403 and kind.namespaced and listing.namespace is None:
                    listing.namespace = self.transport.namespace
                    listing.gap = NotChecked(
                        what=f"{kind.plural} outside namespace {listing.namespace}", why=_why(reply)
                    )
                    continue
                page = Fields(reply.json())
                if not reply.ok or not isinstance(page.get("items"), list):
                    listing.gap = NotChecked(what=_called(kind, listing.namespace), why=_why(reply))
                    listing.items = []
                    return listing
                listing.items += [_kept(item, kind) for item in page.raw["items"]]  # type: ignore[union-attr]
                token = page.text("metadata.continue")
                if not token:
                    return listing
                if kind is EVENT and len(listing.items) >= MOST_EVENTS:
                    listing.gap = NotChecked(what="events beyond the first 10,000", why="there are too many")
                    return listing
        except Unreachable as error:
            listing.gap, listing.items = NotChecked(what=_called(kind, namespace), why=str(error)), []
            return listing

    async def _log(self, query: LogQuery) -> Log:
        path = f"/api/v1/namespaces/{query.pod.namespace}/pods/{query.pod.name}/log"
        wanted: dict[str, str | int] = {
            "container": query.container,
            "tailLines": query.lines,
            "limitBytes": LOG_BYTES,
            "timestamps": "true",
        }
        try:
            reply = await self.transport.get(path, wanted | ({"previous": "true"} if query.previous else {}))
        except Unreachable as error:
            return Log(query, why_not=str(error))
        if not reply.ok:
            return Log(query, why_not=reply.message)
        return Log(query, lines=log_lines(reply.body), truncated=len(reply.body) >= LOG_BYTES)


def _called(kind: Kind, namespace: str | None) -> str:
    return f"{kind.plural} in namespace {namespace}" if namespace else kind.plural


def _why(reply: Reply) -> str:
    if reply.ok:
        return f"the server answers {reply.content_type or 'something'} instead of a list"
    return reply.message


def _kept(item: Json, kind: Kind) -> Json:
    """The part of an object that is kept: page by page, so that a large cluster does not stand in memory twice."""
    if kind.name == "Secret":
        item = without_secrets(item)
    return lean(item) if kind.lean else item


def _resource(item: Json, kind: Kind) -> Resource:
    return Resource(item, kind.name)
