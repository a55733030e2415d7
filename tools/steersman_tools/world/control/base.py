"""What every controller has: the store to read, the registry to write, events to tell of it, and the clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ..api.caller import CONTROLLERS, Caller
from ..api.deletion import Options, delete
from ..api.kinds import Type
from ..api.registry import Registry
from ..api.status import ApiError
from ..objects import Obj, controller_of, moment
from ..recorder import Recorder
from ..store import Change, Key, Store


class Control:
    """The base of the controllers: tools only, no behaviour."""

    name = ""
    watches: tuple[str, ...] = ()
    """The type ids whose own changes this controller looks at."""
    owns: tuple[str, ...] = ()
    """The type ids of objects that it makes for those."""
    caller: Caller = CONTROLLERS

    def __init__(self, registry: Registry, recorder: Recorder) -> None:
        self.registry, self.recorder = registry, recorder

    @property
    def store(self) -> Store:
        return self.registry.store

    @property
    def now(self) -> datetime:
        return self.registry.clock.now()

    def type(self, type_id: str) -> Type:
        return self.store.types[type_id]

    def reconcile(self, key: Key) -> float | None:
        """Brings one thing nearer to what is wanted."""
        raise NotImplementedError

    def wants(self, change: Change) -> Iterable[Key]:
        """Its own objects, and those that own what changed."""
        if change.now.type.id in self.watches:
            yield change.now.key
        if change.now.type.id in self.owns:
            for stored in (change.now, change.before):
                owner = controller_of(stored.obj) if stored else None
                if stored and owner and any(self.type(w).kind == owner["kind"] for w in self.watches):
                    yield (stored.key[0], owner["name"])

    def seconds_since(self, text: str | None) -> float:
        return (self.now - moment(text)).total_seconds() if text else 0.0

    # -- writing -----------------------------------------------------------------------------------------------------
    def create(self, type_id: str, obj: Obj) -> Obj:
        return self.registry.create(self.type(type_id), obj, self.caller)

    def change(self, type_id: str, obj: Obj, new: Obj) -> Obj:
        """Replaces an object by another version of it. Raises ApiError."""
        meta = obj["metadata"]
        return self.registry.update(
            self.type(type_id), meta.get("namespace", ""), meta["name"], lambda old: new, self.caller
        )

    def status(self, type_id: str, obj: Obj, status: Obj) -> Obj:
        return self.registry.set_status(self.type(type_id), obj, status, self.caller)

    def delete(self, type_id: str, obj: Obj, options: Options = Options()) -> None:  # noqa: B008   # frozen
        """Deletes an object; one that is gone already is no failure."""
        meta = obj["metadata"]
        try:
            delete(self.registry, self.type(type_id), meta.get("namespace", ""), meta["name"], self.caller, options)
        except ApiError as error:
            if error.code != 404:
                raise

    def reference(self, type_id: str, owner: Obj) -> Obj:
        """The owner reference of a controller's product."""
        kind = self.type(type_id)
        meta = owner["metadata"]
        return {"apiVersion": kind.api_version(), "kind": kind.kind, "name": meta["name"], "uid": meta["uid"],
                "controller": True, "blockOwnerDeletion": True}  # fmt: skip

    def tell(
        self, type_id: str, obj: Obj, reason: str, message: str, *, warning: bool = False, source: str = ""
    ) -> None:
        """Records an event about an object."""
        kind = self.type(type_id)
        self.recorder.tell(kind, obj, "Warning" if warning else "Normal", reason, message, source or self.source)

    @property
    def source(self) -> str:
        """The name of the component in events."""
        return f"{self.name}-controller"


def active(pod: Obj) -> bool:
    """Whether a pod counts: it has neither ended nor is it being deleted."""
    return (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed") and not pod["metadata"].get(
        "deletionTimestamp"
    )


def ready(pod: Obj) -> bool:
    return any(
        c["type"] == "Ready" and c["status"] == "True" for c in (pod.get("status") or {}).get("conditions") or ()
    )


def available(pod: Obj, least: int, now: datetime) -> bool:
    """Whether a pod has been ready for at least so many seconds."""
    found = next(
        (
            c
            for c in (pod.get("status") or {}).get("conditions") or ()
            if c["type"] == "Ready" and c["status"] == "True"
        ),
        None,
    )
    if found is None:
        return False
    return not least or (now - moment(found["lastTransitionTime"])).total_seconds() >= least


def set_condition(conditions: list[Obj], new: Obj) -> list[Obj]:
    """The conditions with a new one in place of the one of its type; an equal state keeps its time of transition."""
    old = next((c for c in conditions if c["type"] == new["type"]), None)
    if old and old["status"] == new["status"]:
        if old.get("reason") == new.get("reason") and old.get("message") == new.get("message"):
            return conditions
        new = new | {"lastTransitionTime": old.get("lastTransitionTime", new.get("lastTransitionTime"))}
    if old is None:
        return [*conditions, new]
    return [new if c["type"] == new["type"] else c for c in conditions]


def set_state(conditions: list[Obj], new: Obj) -> list[Obj]:
    """As `set_condition`, but an equal status and reason keep the old message too: so workload controllers have it."""
    old = next((c for c in conditions if c["type"] == new["type"]), None)
    same = old is not None and (old["status"], old.get("reason")) == (new["status"], new.get("reason"))
    return conditions if same else set_condition(conditions, new)
