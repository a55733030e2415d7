"""Watches: the changes from a revision on, as a client with selectors sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from ..objects import Obj
from ..store import Change, Store, Stored
from .kinds import Type
from .requests import Request
from .selection import Predicate
from .showing import _beside, _metadata, encoded, form
from .status import ApiError, expired
from .tables import table


@dataclass
class Watch:
    """One watch. `backlog` is what is sent at once; `open` begins to tell the rest, line by line."""

    store: Store
    type: Type
    version: str
    namespace: str | None
    wanted: Predicate
    request: Request
    now: Callable[[], datetime]
    seconds: float
    backlog: list[bytes] = field(default_factory=list)
    _tell: Callable[[bytes], None] | None = None

    def open(self, tell: Callable[[bytes], None]) -> None:
        self._tell = tell
        self.store.listeners.append(self._changed)

    def close(self) -> None:
        if self._tell:
            self.store.listeners.remove(self._changed)
            self._tell = None

    @property
    def bookmark(self) -> bytes:
        """The event that says how far the watch has come."""
        meta = {"resourceVersion": str(self.store.revision), "creationTimestamp": None}
        body = {"kind": self.type.kind, "apiVersion": self.type.api_version(self.version), "metadata": meta}
        return orjson.dumps({"type": "BOOKMARK", "object": body}) + b"\n"

    def _changed(self, change: Change) -> None:
        if self._tell and (line := self.line(change)):
            self._tell(line)

    def line(self, change: Change) -> bytes | None:
        """The event that the watch sends for a change; None for one that does not concern it."""
        now = change.now
        if now.type.id != self.source or (self.namespace is not None and now.key[0] != self.namespace):
            return None
        shown = change.kind != "DELETED" and self.wanted(now.obj)
        before = change.before is not None and self.wanted(change.before.obj)
        if shown:
            return self.event("MODIFIED" if before else "ADDED", now)
        return self.event("DELETED", now) if before else None

    @property
    def source(self) -> str:
        return "events" if self.type.id == "events.events.k8s.io" else self.type.id

    def event(self, kind: str, stored: Stored) -> bytes:
        match form(self.request):
            case "table":
                beside = _beside(self.type, stored.obj, self.version, self.request)
                shown = table(self.type, [(stored.obj, beside)], self.now(), {"resourceVersion": str(stored.revision)})
                return orjson.dumps({"type": kind, "object": shown}) + b"\n"
            case "metadata":
                return orjson.dumps({"type": kind, "object": _metadata(stored.obj)}) + b"\n"
        return f'{{"type":"{kind}","object":'.encode() + encoded(self.type, stored, self.version) + b"}\n"


def start(watch: Watch, chosen: list[Stored]) -> Watch:
    """Fills the backlog of a watch: what exists, or what changed since the revision that the client names. Raises ApiError."""
    asked = watch.request.query.get("resourceVersion", "")
    if asked and not asked.isdigit():
        raise ApiError(500, f'strconv.ParseUint: parsing "{asked}": invalid syntax', reason="-")
    if asked in ("", "0"):
        watch.backlog = [watch.event("ADDED", stored) for stored in chosen]
        if watch.request.flag("sendInitialEvents"):
            watch.backlog.append(_initial_end(watch))
        return watch
    revision = int(asked)
    if watch.request.flag("sendInitialEvents"):
        watch.backlog = [watch.event("ADDED", stored) for stored in chosen] + [_initial_end(watch)]
    elif revision < watch.store.oldest:
        error = expired(revision, watch.store.oldest)
        watch.backlog = [orjson.dumps({"type": "ERROR", "object": error.status}) + b"\n"]
        watch.seconds = 0
    else:
        watch.backlog = [line for change in watch.store.since(revision) if (line := watch.line(change))]
    return watch


def _initial_end(watch: Watch) -> bytes:
    body: Obj = orjson.loads(watch.bookmark)
    body["object"]["metadata"]["annotations"] = {"k8s.io/initial-events-end": "true"}
    return orjson.dumps(body) + b"\n"
