"""Writes as the API server makes them: defaults, admission, validation, versions, ownership. Controllers and clients share it."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from ..clock import MovableClock
from ..defaults import filled
from ..objects import Obj, copy, stamp
from ..store import Store
from ..validation import on_create, on_update
from . import strategy
from .caller import Caller
from .kinds import Type
from .managed import Writer, after_apply, after_update, merge_applied
from .status import MODIFIED, ApiError, Cause, already_exists, conflict, invalid, not_found

SAFE = "bcdfghjklmnpqrstvwxz2456789"
"""The letters of generated names: no vowels, nothing that looks like something else."""


class Admission(Protocol):
    """One admission plugin. It may change `obj`, which is its own copy, or raise ApiError."""

    def admit(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        """Changes or refuses a write before validation."""

    def check(self, kind: Type, obj: Obj, old: Obj | None, caller: Caller) -> None:
        """Refuses a valid write."""


@dataclass
class Registry:
    """The one way in which objects of a world are written."""

    store: Store
    clock: MovableClock
    rng: random.Random
    admission: list[Admission] = field(default_factory=list)
    modern: bool = True
    """Whether to speak as servers do that are newer than 1.20."""

    # -- reading -----------------------------------------------------------------------------------------------------
    def get(self, kind: Type, namespace: str, name: str) -> Obj:
        """The object. Raises the API's NotFound."""
        found = self.store.get(kind.id, namespace, name)
        if found is None:
            raise not_found(kind.plural, kind.group, name)
        return found

    def now(self) -> str:
        return stamp(self.clock.now())

    def suffix(self, length: int = 5) -> str:
        return "".join(self.rng.choices(SAFE, k=length))

    def new_uid(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    # -- creating ----------------------------------------------------------------------------------------------------
    def create(self, kind: Type, obj: Obj, caller: Caller, *, applied: Writer | None = None) -> Obj:
        """Creates an object in its storage shape; `metadata.namespace` is set. Raises ApiError."""
        obj = copy(obj)
        meta = obj["metadata"]
        for key in ("uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink",
                    "generation"):  # fmt: skip
            if key == "resourceVersion" and meta.get(key) not in (None, "", "0"):
                raise ApiError(500, "resourceVersion should not be set on objects to be created", reason="-")
            meta.pop(key, None)
        if not applied:
            meta.pop("managedFields", None)
        intent = obj
        obj = filled(kind.id, obj)
        if not kind.namespaced:
            obj["metadata"].pop("namespace", None)
        for plugin in self.admission:
            plugin.admit(kind, obj, None, caller)
        meta = obj["metadata"]
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = self._generated(kind, meta)
        meta["uid"] = self.new_uid()
        strategy.prepare_create(kind, obj)
        if kind.id == "namespaces":
            obj = filled(kind.id, obj)
            meta = obj["metadata"]
        self._valid(kind, obj, on_create(kind, obj))
        for plugin in self.admission:
            plugin.check(kind, obj, None, caller)
        if self.store.get(kind.id, meta.get("namespace", ""), meta["name"]):
            raise already_exists(kind.plural, kind.group, meta["name"])
        meta["creationTimestamp"] = self.now()
        if strategy.has_generation(kind):
            meta["generation"] = 1
        if applied:
            base = {"metadata": {"name": meta["name"]}}
            paths = merge_applied(kind.definition(), base, intent, applied, force=True).paths
            obj = after_apply(None, obj, applied, paths, kind.definition())
        else:
            obj = after_update(kind.definition(), None, obj, self._writer(kind, caller))
        if caller.dry_run:
            return obj
        return self.store.put(kind, obj).obj

    def _generated(self, kind: Type, meta: Obj) -> str:
        base = meta["generateName"][:58]
        for _ in range(8):
            name = base + self.suffix()
            if self.store.get(kind.id, meta.get("namespace", ""), name) is None:
                break
        return str(name)

    def _writer(self, kind: Type, caller: Caller, subresource: str = "", operation: str = "Update") -> Writer:
        return Writer(caller.manager, operation, kind.api_version(caller.version), self.now(), subresource)

    def _valid(self, kind: Type, obj: Obj, causes: list[Cause]) -> None:
        if causes:
            meta = obj["metadata"]
            old = not self.modern and kind.kind in ("Ingress", "NetworkPolicy")  # they were in `extensions` once
            raise invalid(
                kind.kind, "extensions" if old else kind.group, meta.get("name") or meta.get("generateName", ""), causes
            )

    # -- changing ----------------------------------------------------------------------------------------------------
    def update(self, kind: Type, namespace: str, name: str, change: Callable[[Obj], Obj], caller: Caller, *,
               subresource: str = "", applied: tuple[Writer, bool] | None = None) -> Obj:  # fmt: skip
        """Replaces an object by what `change` makes of it. Raises ApiError; nothing is written when nothing changes."""
        old = self.get(kind, namespace, name)
        paths = None
        if applied:
            outcome = merge_applied(kind.definition(), old, change(old), applied[0], force=applied[1])
            new, paths = outcome.obj, outcome.paths
        else:
            new = change(old)
        self._same(kind, old, new, name)
        new = strategy.prepare_update(kind, old, filled(kind.id, new), subresource)
        if not subresource:
            new = copy(new)
            for plugin in self.admission:
                plugin.admit(kind, new, old, caller)
        if subresource != "status":
            self._valid(kind, new, on_update(kind, old, new))
        if not subresource:
            for plugin in self.admission:
                plugin.check(kind, new, old, caller)
        new = new if subresource == "status" else strategy.bump_generation(kind, old, new)
        if applied and paths is not None:
            new = after_apply(old, new, applied[0], paths, kind.definition())
        else:
            new = after_update(kind.definition(), old, new, self._writer(kind, caller, subresource))
        if _same_but_times(old, new):
            return old
        if caller.dry_run:
            return new
        new["metadata"] = dict(new["metadata"])
        if _finished(new):
            return self.store.remove(kind, (namespace, name)).obj
        return self.store.put(kind, new).obj

    @staticmethod
    def _same(kind: Type, old: Obj, new: Obj, name: str) -> None:
        """Checks that the change is one of this object, and of this version of it."""
        meta, before = new.get("metadata") or {}, old["metadata"]
        if meta.get("name", name) != name:
            raise ApiError(400, f"the name of the object ({meta['name']}) does not match the name on the URL ({name})")
        if meta.get("uid") and meta["uid"] != before["uid"]:
            why = f"Precondition failed: UID in precondition: {meta['uid']}, UID in object meta: {before['uid']}"
            raise conflict(kind.plural, kind.group, name, why)
        asked = meta.get("resourceVersion")
        if asked and asked != "0" and asked != before["resourceVersion"]:
            raise conflict(kind.plural, kind.group, name, MODIFIED)
        if kind.custom and not asked:
            raise ApiError(
                422,
                f'{kind.plural}.{kind.group} "{name}" is invalid: metadata.resourceVersion: Invalid value: 0x0: '
                "must be specified for an update",
                reason="Invalid",
            )

    def set_status(self, kind: Type, obj: Obj, status: Obj, caller: Caller) -> Obj:
        """Writes the status of an object as it stands now; one that is gone or replaced is left alone."""
        meta = obj["metadata"]
        old = self.store.get(kind.id, meta.get("namespace", ""), meta["name"])
        if old is None or old["metadata"]["uid"] != meta["uid"] or old.get("status") == status:
            return old or obj
        new = after_update(kind.definition(), old, old | {"status": status}, self._writer(kind, caller, "status"))
        new["metadata"] = dict(new["metadata"])
        return self.store.put(kind, new).obj


def _finished(obj: Obj) -> bool:
    """Whether an object whose deletion was asked for has nothing left to wait for."""
    meta = obj["metadata"]
    waits = (
        meta.get("finalizers") or (obj.get("spec") or {}).get("finalizers")
        if "phase" in (obj.get("status") or {})
        else meta.get("finalizers")
    )
    return bool(meta.get("deletionTimestamp")) and not waits and not meta.get("deletionGracePeriodSeconds")


def _same_but_times(old: Obj, new: Obj) -> bool:
    if any(old.get(k) != new.get(k) for k in old.keys() | new.keys() if k != "metadata"):
        return False
    one, two = old["metadata"], new["metadata"]
    if any(one.get(k) != two.get(k) for k in one.keys() | two.keys() if k not in ("managedFields", "resourceVersion")):
        return False
    plain = [[{k: v for k, v in e.items() if k != "time"} for e in m.get("managedFields") or ()] for m in (one, two)]
    return plain[0] == plain[1] or sorted(map(str, plain[0])) == sorted(map(str, plain[1]))
