"""Claims and volumes: binding, provisioning by the world's own provisioner, and release."""

from __future__ import annotations

from collections.abc import Iterable

from ...fields import Fields
from ...quantity import amount
from ...selectors import selects
from ..objects import Obj
from ..store import Change, Key
from .base import Control

PVC, PV, SC = "persistentvolumeclaims", "persistentvolumes", "storageclasses.storage.k8s.io"
BOUND_BY = "pv.kubernetes.io/bound-by-controller"
PROVISIONER = "volume.beta.kubernetes.io/storage-provisioner"
_COMPLETED = "pv.kubernetes.io/bind-completed"


class Volumes(Control):
    """Keys are claims; volumes are looked at with them."""

    name = "persistentvolume"
    watches = (PVC,)
    provisioner = "lab.local/disk"

    def wants(self, change: Change) -> Iterable[Key]:
        kind = change.now.type.id
        if kind == PVC:
            yield change.now.key
            if change.kind == "DELETED":
                yield ("volume", change.now.obj["spec"].get("volumeName", ""))
        elif kind in (PV, SC):
            yield from (
                k
                for k, s in self.store.items[PVC].items()
                if (s.obj.get("status") or {}).get("phase") != "Bound" or kind == PV
            )
            if kind == PV:
                yield ("volume", change.now.key[1])
        elif kind == "pods" and change.kind != "MODIFIED":
            for volume in change.now.obj["spec"].get("volumes") or ():
                if claim := (volume.get("persistentVolumeClaim") or {}).get("claimName"):
                    yield (change.now.key[0], claim)

    def reconcile(self, key: Key) -> float | None:
        if key[0] == "volume" and self.store.get(PVC, *key) is None:
            self._volume(key[1])
            return None
        claim = self.store.get(PVC, *key)
        if claim is None:
            return None
        if claim["metadata"].get("deletionTimestamp"):
            self._unprotect(claim)
            return None
        if claim["spec"].get("volumeName"):
            return self._bound(claim)
        return self._unbound(claim)

    def _unprotect(self, claim: Obj) -> None:
        meta = claim["metadata"]
        used = any(
            (v.get("persistentVolumeClaim") or {}).get("claimName") == meta["name"]
            for p in self.store.of("pods", meta["namespace"])
            if (p.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
            for v in p["spec"].get("volumes") or ()
        )
        if not used and meta.get("finalizers"):
            rest = [f for f in meta["finalizers"] if f != "kubernetes.io/pvc-protection"]
            self.change(PVC, claim, claim | {"metadata": meta | {"finalizers": rest}})

    def _unbound(self, claim: Obj) -> float | None:
        volume = self._match(claim)
        if volume is not None:
            self._bind(claim, volume)
            return None
        name = claim["spec"].get("storageClassName") or ""
        cls = self.store.get(SC, "", name) if name else None
        if name and cls is None:
            self.tell(PVC, claim, "ProvisioningFailed", f'storageclass.storage.k8s.io "{name}" not found', warning=True)
            return 15.0
        if cls is None:
            self.tell(
                PVC,
                claim,
                "FailedBinding",
                "no persistent volumes available for this claim and no storage class is set",
            )
            return 15.0
        notes = claim["metadata"].get("annotations") or {}
        if cls.get("volumeBindingMode") == "WaitForFirstConsumer" and "volume.kubernetes.io/selected-node" not in notes:
            self.tell(PVC, claim, "WaitForFirstConsumer", "waiting for first consumer to be created before binding")
            return 15.0
        if cls["provisioner"] == "kubernetes.io/no-provisioner":
            return 15.0
        if notes.get(PROVISIONER) != cls["provisioner"]:
            extra = {PROVISIONER: cls["provisioner"], "volume.kubernetes.io/storage-provisioner": cls["provisioner"]}
            claim = self.change(
                PVC, claim, claim | {"metadata": claim["metadata"] | {"annotations": {**notes, **extra}}}
            )
        words = f'waiting for a volume to be created, either by external provisioner "{cls["provisioner"]}" or manually created by system administrator'
        self.tell(PVC, claim, "ExternalProvisioning", words)
        if cls["provisioner"] == self.provisioner:
            self._provision(claim, cls)
            return None
        return 15.0

    def _provision(self, claim: Obj, cls: Obj) -> None:
        meta = claim["metadata"]
        name = f"pvc-{meta['uid']}"
        if self.store.get(PV, "", name) is not None:
            return
        ref = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": meta["namespace"],
            "name": meta["name"],
            "uid": meta["uid"],
        }
        self.create(PV, {"metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": cls["provisioner"]}}, "spec": {
            "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]}, "accessModes": claim["spec"]["accessModes"],
            "storageClassName": claim["spec"].get("storageClassName"), "persistentVolumeReclaimPolicy": cls.get("reclaimPolicy", "Delete"),
            "claimRef": ref, "hostPath": {"path": f"/var/lib/world/{name}"}}})  # fmt: skip

    def _match(self, claim: Obj) -> Obj | None:
        """The smallest volume that satisfies a claim, or the one that is reserved for it."""
        meta, spec = claim["metadata"], claim["spec"]
        fits = []
        for volume in self.store.of(PV):
            ref = volume["spec"].get("claimRef") or {}
            if ref:
                if (ref.get("namespace"), ref.get("name")) == (meta["namespace"], meta["name"]) and ref.get(
                    "uid", meta["uid"]
                ) == meta["uid"]:
                    return volume
                continue
            if (volume.get("status") or {}).get("phase") not in ("Available", "Pending") or volume["metadata"].get(
                "deletionTimestamp"
            ):
                continue
            size = amount((volume["spec"].get("capacity") or {}).get("storage", "0"))
            wanted = amount(spec["resources"]["requests"]["storage"])
            same = (volume["spec"].get("storageClassName") or "") == (spec.get("storageClassName") or "")
            modes = set(spec["accessModes"]) <= set(volume["spec"].get("accessModes") or ())
            chosen = selects(Fields(spec.get("selector") or {}), volume["metadata"].get("labels") or {})
            if (
                same
                and modes
                and chosen
                and size >= wanted
                and spec.get("volumeMode") == volume["spec"].get("volumeMode")
            ):
                fits.append((size, volume["metadata"]["name"], volume))
        return min(fits, key=lambda f: f[:2])[2] if fits else None

    def _bind(self, claim: Obj, volume: Obj) -> None:
        meta = claim["metadata"]
        ref = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": meta["namespace"],
            "name": meta["name"],
            "uid": meta["uid"],
        }
        if (volume["spec"].get("claimRef") or {}).get("uid") != meta["uid"]:
            notes = {**(volume["metadata"].get("annotations") or {}), BOUND_BY: "yes"}
            volume = self.change(
                PV,
                volume,
                volume
                | {
                    "spec": {**volume["spec"], "claimRef": ref},
                    "metadata": volume["metadata"] | {"annotations": notes},
                },
            )
        self.status(PV, volume, {"phase": "Bound"})
        notes = {**(meta.get("annotations") or {}), _COMPLETED: "yes", BOUND_BY: "yes"}
        new = claim | {
            "spec": {**claim["spec"], "volumeName": volume["metadata"]["name"]},
            "metadata": meta | {"annotations": notes},
        }
        claim = self.change(PVC, claim, new)
        self._claim_bound(claim, volume)

    def _claim_bound(self, claim: Obj, volume: Obj) -> None:
        self.status(
            PVC,
            claim,
            {
                "phase": "Bound",
                "accessModes": volume["spec"].get("accessModes"),
                "capacity": volume["spec"].get("capacity"),
            },
        )

    def _bound(self, claim: Obj) -> float | None:
        volume = self.store.get(PV, "", claim["spec"]["volumeName"])
        done = _COMPLETED in (claim["metadata"].get("annotations") or {})
        if volume is None:
            if done:
                self.tell(
                    PVC,
                    claim,
                    "ClaimLost",
                    "Bound claim has lost its PersistentVolume. Data on the volume is lost!",
                    warning=True,
                )
                self.status(PVC, claim, {**(claim.get("status") or {}), "phase": "Lost"})
            return None if done else 15.0
        ref = volume["spec"].get("claimRef")
        if ref and ref.get("uid") not in (None, claim["metadata"]["uid"]):
            words = f'volume "{volume["metadata"]["name"]}" already bound to a different claim.'
            self.tell(PVC, claim, "FailedBinding", words, warning=True)
            return 15.0
        if (claim.get("status") or {}).get("phase") != "Bound":
            self._bind(claim, volume)
        return None

    def _volume(self, name: str) -> None:
        """A volume whose claim is gone is released, and deleted if that is its policy; a new one is available."""
        volume = self.store.get(PV, "", name)
        if volume is None:
            return
        if volume["metadata"].get("deletionTimestamp"):
            if (volume.get("status") or {}).get("phase") != "Bound":
                rest = [f for f in volume["metadata"].get("finalizers") or () if f != "kubernetes.io/pv-protection"]
                self.change(PV, volume, volume | {"metadata": volume["metadata"] | {"finalizers": rest}})
            return
        ref = volume["spec"].get("claimRef")
        if not ref:
            if (volume.get("status") or {}).get("phase") == "Pending":
                self.status(PV, volume, {"phase": "Available"})
            return
        claim = self.store.get(PVC, ref.get("namespace", ""), ref.get("name", ""))
        if ref.get("uid") and (claim is None or claim["metadata"]["uid"] != ref["uid"]):
            volume = self.status(PV, volume, {"phase": "Released"})
            if volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
                self.delete(PV, volume)
