"""The world's etcd: objects at revisions, a history of changes that watches resume from, and indices that controllers ask."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import orjson

from .api.kinds import Type, Types
from .objects import Obj, controller_of, name_of

Key: TypeAlias = tuple[str, str]
"""Namespace ('' for kinds of the cluster) and name."""

HISTORY = 10_000


@dataclass(slots=True, eq=False)
class Stored:
    """An object at one revision. `obj` has neither kind nor apiVersion: those depend on who asks."""

    type: Type
    obj: Obj
    revision: int
    _encoded: bytes | None = field(default=None, repr=False)

    @property
    def key(self) -> Key:
        return name_of(self.obj)

    @property
    def encoded(self) -> bytes:
        """The object as JSON, made once a revision."""
        if self._encoded is None:
            self._encoded = orjson.dumps(self.obj)
        return self._encoded


@dataclass(frozen=True, slots=True)
class Change:
    """One write: what stands now (after a deletion, what stood last) and what stood before."""

    kind: Literal["ADDED", "MODIFIED", "DELETED"]
    now: Stored
    before: Stored | None

    @property
    def revision(self) -> int:
        return self.now.revision


class Store:
    """All objects of a world. Every write has a revision of its own, and is told to the listeners in order."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self.revision = 1
        self.oldest = 1
        """Changes at or before this revision are no longer known."""
        self.items: dict[str, dict[Key, Stored]] = defaultdict(dict)
        self.history: deque[Change] = deque(maxlen=HISTORY)
        self.listeners: list[Callable[[Change], None]] = []
        self._owned: dict[str, dict[tuple[str, Key], None]] = defaultdict(dict)
        self._on_node: dict[str, dict[Key, None]] = defaultdict(dict)

    # -- reading -----------------------------------------------------------------------------------------------------
    def get(self, type_id: str, namespace: str, name: str) -> Obj | None:
        found = self.items[type_id].get((namespace, name))
        return found.obj if found else None

    def stored(self, type_id: str, key: Key) -> Stored | None:
        return self.items[type_id].get(key)

    def of(self, type_id: str, namespace: str | None = None) -> list[Obj]:
        """The objects of a type, of one namespace or of all."""
        return [s.obj for key, s in self.items[type_id].items() if namespace is None or key[0] == namespace]

    def owned(self, uid: str, type_id: str) -> list[Obj]:
        """The objects of a type whose controller has this uid."""
        found = (self.items[type_id].get(key) for kind, key in self._owned.get(uid, ()) if kind == type_id)
        return [stored.obj for stored in found if stored]

    def on_node(self, node: str) -> list[Obj]:
        """The pods that are assigned to a node."""
        return [self.items["pods"][key].obj for key in self._on_node.get(node, ())]

    def at(self, type_id: str, revision: int) -> list[Stored]:
        """The objects of a type as they were after the write of that revision; which must not be older than `oldest`."""
        then = dict(self.items[type_id])
        for change in reversed(self.since(revision)):
            if change.now.type.id != type_id:
                continue
            if change.before:
                then[change.now.key] = change.before
            else:
                then.pop(change.now.key, None)
        return list(then.values())

    # -- writing -----------------------------------------------------------------------------------------------------
    def put(self, kind: Type, obj: Obj) -> Stored:
        """Stores the object under its name; it must not be changed from here on."""
        self.revision += 1
        obj["metadata"]["resourceVersion"] = str(self.revision)
        stored = Stored(kind, obj, self.revision)
        before = self.items[kind.id].get(stored.key)
        if before:
            self._forget(before)
        self.items[kind.id][stored.key] = stored
        self._index(stored)
        self._tell(Change("MODIFIED" if before else "ADDED", stored, before))
        return stored

    def remove(self, kind: Type, key: Key) -> Stored:
        """Removes the object; the last state gets a revision of its own, as watches see it."""
        before = self.items[kind.id].pop(key)
        self._forget(before)
        self.revision += 1
        last = before.obj | {"metadata": before.obj["metadata"] | {"resourceVersion": str(self.revision)}}
        gone = Stored(kind, last, self.revision)
        self._tell(Change("DELETED", gone, before))
        return gone

    def adopt(self, kind: Type, objects: Iterable[Obj]) -> None:
        """Takes objects as they are, with the revisions that they bear; nobody is told."""
        for obj in objects:
            bears = obj["metadata"].get("resourceVersion", "")
            revision = int(bears) if bears.isdigit() else self.revision
            obj["metadata"]["resourceVersion"] = str(revision)
            stored = Stored(kind, obj, revision)
            self.items[kind.id][stored.key] = stored
            self._index(stored)
            self.revision = max(self.revision, revision)
        self.oldest = self.revision

    def compact(self) -> None:
        """Forgets the history, as etcd does every five minutes: older watches get 410."""
        self.history.clear()
        self.oldest = self.revision

    def since(self, revision: int) -> list[Change]:
        """The changes after a revision."""
        newer: list[Change] = []
        for change in reversed(self.history):
            if change.revision <= revision:
                break
            newer.append(change)
        return newer[::-1]

    def _tell(self, change: Change) -> None:
        if len(self.history) == HISTORY:
            self.oldest = self.history[0].revision
        self.history.append(change)
        for listener in self.listeners:
            listener(change)

    def _index(self, stored: Stored) -> None:
        if owner := controller_of(stored.obj):
            self._owned[owner["uid"]][stored.type.id, stored.key] = None
        if stored.type.id == "pods" and (node := stored.obj["spec"].get("nodeName")):
            self._on_node[node][stored.key] = None

    def _forget(self, stored: Stored) -> None:
        if owner := controller_of(stored.obj):
            self._owned[owner["uid"]].pop((stored.type.id, stored.key), None)
        if stored.type.id == "pods" and (node := stored.obj["spec"].get("nodeName")):
            self._on_node[node].pop(stored.key, None)
