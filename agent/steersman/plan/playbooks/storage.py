"""Remedies for claims that find no volume. A claim cannot be changed: one that is unbound holds nothing and is made anew."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.actions import Action, CreateObject, FieldValue, Replace
from steersman_tools.quantity import amount
from steersman_tools.snapshot import Resource
from steersman_tools.types import Json

from ...faults import Fault
from ..book import playbook
from ..site import Draft, Site


def _anew(site: Site, why: str, name: str, *fields: tuple[str, Json]) -> Draft:
    made = tuple(FieldValue(path=p, value=v) if v is not None else FieldValue(path=p, absent=True) for p, v in fields)
    actions: tuple[Action, ...] = (Replace(target=site.entity, fields=made),)
    return Draft(name, actions, why, ("The claim is bound to no volume, so nothing is lost when it is made anew.",))


def _free(site: Site) -> list[Resource]:
    """Volumes that are free, the smallest that is large enough first."""
    if site.resource is None:
        return []
    asked = amount(site.resource.text("spec.resources.requests.storage", "0"))
    free = [v for v in site.scene.snapshot.all("PersistentVolume") if v.text("status.phase") in ("Available", "")]
    return sorted(
        free, key=lambda v: (amount(v.text("spec.capacity.storage")) < asked, amount(v.text("spec.capacity.storage")))
    )


@playbook(Fault.PVC_STORAGE_CLASS_MISSING)
def storage_class(site: Site) -> Iterator[Draft]:
    """A class that exists: the default, else the one that other claims use, else that of a free volume."""
    classes = site.scene.snapshot.all("StorageClass")
    default = [c.name for c in classes if c.annotations.get("storageclass.kubernetes.io/is-default-class") == "true"]
    used = [
        c.text("spec.storageClassName")
        for c in site.scene.snapshot.all("PersistentVolumeClaim")
        if c.text("status.phase") == "Bound"
    ]
    names = dict.fromkeys([*default, *(u for u in used if any(c.name == u for c in classes))])
    for name in list(names)[:2]:
        yield _anew(
            site, f"StorageClass {name} exists and provisions", "set-storage-class", ("spec.storageClassName", name)
        )


@playbook(Fault.PVC_SELECTOR_MISMATCH)
def selector(site: Site) -> Iterator[Draft]:
    """The labels of a free volume of the class."""
    for volume in _free(site):
        if (
            site.resource
            and volume.text("spec.storageClassName") == site.resource.text("spec.storageClassName")
            and volume.labels
        ):
            keys = site.resource.map("spec.selector.matchLabels")
            labels: Json = {k: v for k, v in volume.labels.items() if k in keys} or dict(volume.labels)
            yield _anew(
                site,
                f"volume {volume.name} is free and carries these labels",
                "set-selector",
                ("spec.selector", {"matchLabels": labels}),
            )
            return


@playbook(Fault.PVC_ACCESS_MODE_MISMATCH)
def access_mode(site: Site) -> Iterator[Draft]:
    """The mode that the volumes offer."""
    for volume in _free(site):
        modes: Json = list(volume.texts("spec.accessModes")[:1])
        yield _anew(site, f"volume {volume.name} offers {modes}", "set-access-mode", ("spec.accessModes", modes))
        return


@playbook(Fault.PVC_CAPACITY_MISMATCH)
def capacity(site: Site) -> Iterator[Draft]:
    """What the largest free volume has."""
    if volumes := sorted(_free(site), key=lambda v: amount(v.text("spec.capacity.storage")), reverse=True):
        size = volumes[0].text("spec.capacity.storage")
        yield _anew(site, f"the largest free volume has {size}", "set-size", ("spec.resources.requests.storage", size))


@playbook(Fault.PV_ALREADY_BOUND)
def other_volume(site: Site) -> Iterator[Draft]:
    """Another volume that is free, or any."""
    for volume in _free(site)[:1]:
        yield _anew(site, f"volume {volume.name} is free", "set-volume", ("spec.volumeName", volume.name))
    yield _anew(site, "any volume that fits may be taken", "any-volume", ("spec.volumeName", None))


@playbook(Fault.PVC_MISSING)
def missing(site: Site) -> Iterator[Draft]:
    """A new and empty claim, as the StatefulSet's template or its neighbours have them: what the old one held is not known."""
    near = [
        c
        for c in site.scene.snapshot.all("PersistentVolumeClaim")
        if c.namespace == site.entity.namespace and c.text("status.phase") == "Bound"
    ]
    like = near[0] if near else None
    spec: dict[str, Json] = {
        "accessModes": list(like.texts("spec.accessModes")) if like else ["ReadWriteOnce"],
        "resources": {"requests": {"storage": like.text("spec.resources.requests.storage") if like else "1Gi"}},
    }
    if like and like.has("spec.storageClassName"):
        spec["storageClassName"] = like.text("spec.storageClassName")
    manifest: dict[str, Json] = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": site.entity.name},
        "spec": spec,
    }
    notes = ("The new claim is empty: if data was lost, restore it from a backup.",)
    yield Draft(
        "create-claim",
        (CreateObject(target=site.entity, manifest=manifest),),
        "the pods wait for a claim of this name",
        notes,
    )


@playbook(Fault.VOLUME_SHARED_RWO, Fault.VOLUME_NODE_CONFLICT)
def shared(site: Site) -> Iterator[Draft]:
    """A volume for one node wants its pods on that node."""
    yield Draft("say", (), "the volume can be on one node only", choices=(
        "Keep the pods on the node that holds the volume (pod affinity, or one replica).",
        "Move the data to a volume that several nodes may mount (ReadWriteMany).",
    ))  # fmt: skip
