"""Events as components record them: repeated ones grow a count, and after an hour they are gone."""

from __future__ import annotations

from datetime import timedelta

from .api.caller import component
from .api.kinds import Type
from .api.managed import Writer, after_update
from .api.registry import Registry
from .objects import Obj, moment
from .store import Key

_KEPT = timedelta(hours=1)
_MOST = 25_000


class Recorder:
    """Writes events about objects."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._known: dict[tuple[str, ...], Key] = {}
        self._serial = 0

    def tell(self, kind: Type, obj: Obj, level: str, reason: str, message: str, component_name: str, *, host: str = "", field: str = "",
             ) -> None:  # fmt: skip
        """Records one occurrence."""
        store, events = self.registry.store, self.registry.store.types["events"]
        meta, now = obj["metadata"], self.registry.now()
        namespace = meta.get("namespace") or "default"
        if store.get("namespaces", "", namespace) is None:
            return
        same = (meta.get("uid", ""), field, level, reason, message, component_name, host)
        key = self._known.get(same)
        known = store.stored("events", key) if key else None
        if known is not None:
            if known.obj["lastTimestamp"] == now and known.obj["count"] >= 1 and reason in _QUIET:
                return
            store.put(
                events,
                known.obj
                | {"count": known.obj["count"] + 1, "lastTimestamp": now, "metadata": dict(known.obj["metadata"])},
            )
            return
        if len(store.items["events"]) > _MOST:
            self.forget(everything=True)
        self._serial += 1
        name = f"{meta['name']}.{int(self.registry.clock.now().timestamp() * 1e6):x}{self._serial:03x}"
        about = {"kind": kind.kind, "namespace": meta.get("namespace"), "name": meta["name"], "uid": meta.get("uid"),
                 "apiVersion": kind.api_version(), "resourceVersion": meta.get("resourceVersion"), "fieldPath": field}  # fmt: skip
        source = {"component": component_name} | ({"host": host} if host else {})
        made: Obj = {
            "metadata": {"name": name, "namespace": namespace, "uid": self.registry.new_uid(), "creationTimestamp": now},
            "involvedObject": {k: v for k, v in about.items() if v}, "reason": reason, "message": message, "source": source,
            "firstTimestamp": now, "lastTimestamp": now, "count": 1, "type": level, "eventTime": None,
            "reportingComponent": component_name, "reportingInstance": host,
        }  # fmt: skip
        manager = component(component_name).manager
        made = after_update(events.definition(), None, made, Writer(manager, "Update", "v1", now))
        store.put(events, made)
        self._known[same] = (namespace, name)

    def forget(self, *, everything: bool = False) -> None:
        """Removes the events that are older than an hour, or the older half of all."""
        store, events = self.registry.store, self.registry.store.types["events"]
        oldest = self.registry.clock.now() - _KEPT
        entries = list(store.items["events"].items())
        for index, (key, stored) in enumerate(entries):
            last = stored.obj.get("lastTimestamp") or stored.obj["metadata"].get("creationTimestamp")
            if (last and moment(last) < oldest) or (everything and index < len(entries) // 2):
                store.remove(events, key)


_QUIET = frozenset({"FailedScheduling", "FailedCreate"})
"""Reasons that components repeat at once; one count a second is enough."""
