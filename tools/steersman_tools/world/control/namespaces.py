"""Namespaces: what each has from the start, and how one that is deleted is emptied."""

from __future__ import annotations

from collections.abc import Iterable

from ..api.deletion import Options
from ..objects import Obj
from ..store import Change, Key
from .base import Control

_CA = "-----BEGIN CERTIFICATE-----\nc3RlZXJzbWFuLXdvcmxk\n-----END CERTIFICATE-----\n"
_ROOT = "kube-root-ca.crt"


def furnish(control: Control, name: str) -> None:
    """Makes the ServiceAccount and the CA that every namespace has."""
    if control.store.get("serviceaccounts", name, "default") is None:
        control.create("serviceaccounts", {"metadata": {"name": "default", "namespace": name}})
    if control.store.get("configmaps", name, _ROOT) is None:
        control.create("configmaps", {"metadata": {"name": _ROOT, "namespace": name}, "data": {"ca.crt": _CA}})


class Namespaces(Control):
    name = "namespace"
    watches = ("namespaces",)

    def wants(self, change: Change) -> Iterable[Key]:
        if change.now.type.id == "namespaces":
            yield change.now.key
        elif change.kind == "DELETED" and change.now.key[0]:
            yield ("", change.now.key[0])

    def reconcile(self, key: Key) -> float | None:
        obj = self.store.get("namespaces", *key)
        if obj is None:
            return None
        if obj["metadata"].get("deletionTimestamp"):
            return self._empty(obj)
        furnish(self, key[1])
        return None

    def _empty(self, obj: Obj) -> float | None:
        name, left = obj["metadata"]["name"], 0
        held: dict[str, int] = {}
        for kind in list(self.store.types.by_id.values()):
            if not kind.namespaced or kind.id == "events.events.k8s.io":
                continue
            for entry in self.store.of(kind.id, name):
                if not entry["metadata"].get("deletionTimestamp"):
                    self.delete(kind.id, entry, Options(propagation="Background"))
            for entry in self.store.of(kind.id, name):
                left += 1
                for finalizer in entry["metadata"].get("finalizers") or ():
                    held[finalizer] = held.get(finalizer, 0) + 1
        if left:
            self._tell_waits(obj, held, left)
            return 1.0
        finalizers = [f for f in obj["spec"].get("finalizers") or () if f != "kubernetes"]
        if not finalizers and not obj["metadata"].get("finalizers"):
            self.store.remove(self.type("namespaces"), ("", name))
        elif finalizers != obj["spec"].get("finalizers"):
            self.store.put(
                self.type("namespaces"), obj | {"spec": {"finalizers": finalizers}, "metadata": dict(obj["metadata"])}
            )
        return None

    def _tell_waits(self, obj: Obj, held: dict[str, int], left: int) -> None:
        """The conditions that say what a namespace waits for."""
        parts = ", ".join(f"{name} in {count} resource instances" for name, count in sorted(held.items()))
        now = self.registry.now()
        made = [
            ("NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered"),
            ("NamespaceDeletionGroupVersionParsingFailure", "False", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
            ("NamespaceDeletionContentFailure", "False", "ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
            ("NamespaceContentRemaining", "True", "SomeResourcesRemain", f"Some resources are remaining: {left} resource instances"),
            ("NamespaceFinalizersRemaining", "True" if held else "False", "SomeFinalizersRemain" if held else "ContentHasNoFinalizers",
             f"Some content in the namespace has finalizers remaining: {parts}" if held else "All content-preserving finalizers finished"),
        ]  # fmt: skip
        old = {c["type"]: c for c in (obj.get("status") or {}).get("conditions") or ()}
        conditions = [
            {
                "type": t,
                "status": s,
                "lastTransitionTime": old[t]["lastTransitionTime"] if t in old and old[t]["status"] == s else now,
                "reason": r,
                "message": m,
            }
            for t, s, r, m in made
        ]
        self.status("namespaces", obj, {"phase": "Terminating", "conditions": conditions})


class ServiceAccounts(Control):
    """Restores a namespace's default ServiceAccount and CA when someone deletes them."""

    name = "serviceaccount"

    def wants(self, change: Change) -> Iterable[Key]:
        if (
            change.kind == "DELETED"
            and change.now.type.id in ("serviceaccounts", "configmaps")
            and change.now.key[1] in ("default", _ROOT)
        ):
            yield ("", change.now.key[0])

    def reconcile(self, key: Key) -> float | None:
        obj = self.store.get("namespaces", *key)
        if obj is not None and not obj["metadata"].get("deletionTimestamp"):
            furnish(self, key[1])
        return None
