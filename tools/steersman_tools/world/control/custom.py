"""CustomResourceDefinitions: each serves its kind from the moment it is made until it is gone."""

from __future__ import annotations

from collections.abc import Iterable

from ..api.kinds import Type
from ..objects import Obj
from ..store import Change, Key
from .base import Control

CRD = "customresourcedefinitions.apiextensions.k8s.io"


def type_of(crd: Obj) -> Type:
    """The resource type that a definition describes."""
    spec = crd["spec"]
    names = spec["names"]
    versions = sorted((v for v in spec["versions"] if v.get("served", True)), key=lambda v: not v.get("storage"))
    subs = tuple(k for k in ("status", "scale") if any(k in (v.get("subresources") or {}) for v in versions))
    columns = (
        tuple(
            (c["name"], c.get("type", "string"), c["jsonPath"])
            for c in versions[0].get("additionalPrinterColumns") or ()
        )
        if versions
        else ()
    )
    served = tuple((v["name"], f"custom.{spec['group']}.{names['kind']}") for v in versions)
    return Type(names["plural"], names["kind"], spec["group"], served, spec.get("scope") == "Namespaced", tuple(names.get("shortNames") or ()),
                subs, tuple(names.get("categories") or ()), columns, custom=True)  # fmt: skip


class CustomResources(Control):
    name = "customresource"
    watches = (CRD,)

    def wants(self, change: Change) -> Iterable[Key]:
        if change.now.type.id != CRD:
            return
        made = type_of(change.now.obj)
        if change.kind == "DELETED":
            for key in list(self.store.items[made.id]):
                self.store.remove(made, key)
            self.store.types.remove(made.id)
        elif made.versions:
            self.store.types.add(made)
            yield change.now.key

    def reconcile(self, key: Key) -> float | None:
        crd = self.store.get(CRD, *key)
        if crd is None:
            return None
        now, spec = self.registry.now(), crd["spec"]
        old = {c["type"]: c for c in (crd.get("status") or {}).get("conditions") or ()}
        conditions = [
            {
                "type": t,
                "status": "True",
                "lastTransitionTime": old[t]["lastTransitionTime"] if t in old else now,
                "reason": r,
                "message": m,
            }
            for t, r, m in (
                ("NamesAccepted", "NoConflicts", "no conflicts found"),
                ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
            )
        ]
        stored = [v["name"] for v in spec["versions"] if v.get("storage")]
        self.status(CRD, crd, {"conditions": conditions, "acceptedNames": spec["names"], "storedVersions": stored})
        return None
