"""Garbage collection by owner references: dependents of what is gone, and the finalizers of Foreground and Orphan deletion."""

from __future__ import annotations

from collections.abc import Iterable

from ..api.deletion import FOREGROUND, ORPHAN, Options
from ..objects import Obj
from ..store import Change, Key
from .base import Control


class Garbage(Control):
    """Keys are (type id, namespace/name): it looks at objects of all types."""

    name = "garbage-collector"

    def wants(self, change: Change) -> Iterable[Key]:
        stored = change.now
        if stored.type.id == "events":
            return
        if change.kind == "DELETED":
            yield ("gone", stored.obj["metadata"]["uid"])
            for owner in stored.obj["metadata"].get("ownerReferences") or ():
                if kind := self.store.types.of_kind(owner["apiVersion"].rpartition("/")[0], owner["kind"]):
                    yield (kind.id, f"{stored.key[0] if kind.namespaced else ''}/{owner['name']}")
        elif (change.kind == "ADDED" and stored.obj["metadata"].get("ownerReferences")) or (
            stored.obj["metadata"].get("deletionTimestamp") and stored.obj["metadata"].get("finalizers")
        ):
            yield (stored.type.id, "/".join(stored.key))

    def reconcile(self, key: Key) -> float | None:
        if key[0] == "gone":
            for type_id, obj in self._dependents(key[1]):
                self._judge(type_id, obj)
            return None
        namespace, _, name = key[1].partition("/")
        found = self.store.get(key[0], namespace, name)
        if found is None:
            return None
        if found["metadata"].get("deletionTimestamp"):
            self._finalize(key[0], found)
        elif found["metadata"].get("ownerReferences"):
            self._judge(key[0], found)
        return None

    def _dependents(self, uid: str) -> list[tuple[str, Obj]]:
        found = []
        for type_id, items in self.store.items.items():
            for stored in list(items.values()):
                if any(o.get("uid") == uid for o in stored.obj["metadata"].get("ownerReferences") or ()):
                    found.append((type_id, stored.obj))
        return found

    def _judge(self, type_id: str, obj: Obj) -> None:
        """Deletes an object all of whose owners are gone; drops references to those that are gone."""
        owners = obj["metadata"].get("ownerReferences") or []
        alive = [o for o in owners if self._exists(o, obj)]
        if not alive:
            self.delete(type_id, obj, Options(propagation="Background", uid=obj["metadata"]["uid"]))
        elif len(alive) < len(owners):
            self.change(type_id, obj, obj | {"metadata": obj["metadata"] | {"ownerReferences": alive}})

    def _exists(self, owner: Obj, obj: Obj) -> bool:
        kind = self.store.types.of_kind(owner["apiVersion"].rpartition("/")[0], owner["kind"])
        if kind is None:
            return True
        found = self.store.get(kind.id, obj["metadata"].get("namespace", "") if kind.namespaced else "", owner["name"])
        return found is not None and found["metadata"]["uid"] == owner["uid"]

    def _finalize(self, type_id: str, obj: Obj) -> None:
        finalizers = obj["metadata"].get("finalizers") or []
        dependents = self._dependents(obj["metadata"]["uid"])
        if ORPHAN in finalizers:
            for kind, entry in dependents:
                owners = [o for o in entry["metadata"]["ownerReferences"] if o["uid"] != obj["metadata"]["uid"]]
                self.change(kind, entry, entry | {"metadata": entry["metadata"] | {"ownerReferences": owners}})
            self._drop(type_id, obj, ORPHAN)
        elif FOREGROUND in finalizers:
            for kind, entry in dependents:
                if not entry["metadata"].get("deletionTimestamp"):
                    self.delete(kind, entry, Options(propagation="Foreground"))
            left = [e for _, e in self._dependents(obj["metadata"]["uid"])
                    if any(o["uid"] == obj["metadata"]["uid"] and o.get("blockOwnerDeletion") for o in e["metadata"]["ownerReferences"])]  # fmt: skip
            if not left:
                self._drop(type_id, obj, FOREGROUND)

    def _drop(self, type_id: str, obj: Obj, finalizer: str) -> None:
        live = self.store.get(type_id, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        if live is not None:
            rest = [f for f in live["metadata"].get("finalizers") or () if f != finalizer]
            self.change(type_id, live, live | {"metadata": live["metadata"] | {"finalizers": rest}})
