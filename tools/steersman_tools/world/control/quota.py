"""ResourceQuotas: what a namespace uses, counted anew whenever something goes."""

from __future__ import annotations

from collections.abc import Iterable

from ..admission import shown
from ..objects import Obj
from ..quotas import used_by
from ..store import Change, Key
from .base import Control


class Quota(Control):
    name = "resourcequota"
    watches = ("resourcequotas",)

    def wants(self, change: Change) -> Iterable[Key]:
        if change.now.type.id == "resourcequotas":
            yield change.now.key
            return
        space = change.now.key[0]
        if (
            space
            and change.now.type.id not in ("events", "leases.coordination.k8s.io")
            and self.store.items["resourcequotas"]
        ):
            for key in self.store.items["resourcequotas"]:
                if key[0] == space:
                    yield key

    def reconcile(self, key: Key) -> float | None:
        obj = self.store.get("resourcequotas", *key)
        if obj is None:
            return None
        hard = (obj.get("spec") or {}).get("hard") or {}
        totals: dict[str, float] = dict.fromkeys(hard, 0.0)
        for type_id, items in self.store.items.items():
            if type_id in ("events",):
                continue
            for stored in items.values():
                if stored.key[0] == key[0]:
                    for name, value in used_by(stored.type, stored.obj).items():
                        if name in totals:
                            totals[name] += value
        used: Obj = {name: shown(name, value) for name, value in totals.items()}
        self.status("resourcequotas", obj, {"hard": hard, "used": used})
        return None
