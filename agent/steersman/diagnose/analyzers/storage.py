"""Claims that find no volume: which of the binder's conditions none of the volumes meets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from steersman_tools.quantity import amount
from steersman_tools.selectors import describe, selects
from steersman_tools.snapshot import Resource
from steersman_tools.types import Observation, Ref

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..scene import Scene
from ..trouble import pod_starting
from ..workloads import Workload

_NO_PROVISIONER = "kubernetes.io/no-provisioner"


def claims(scene: Scene) -> Iterator[Output]:
    """Claims that pods wait for: missing, or bound to nothing."""
    for workload in scene.workloads.values():
        waiting = [p for p in workload.live_pods if p.text("status.phase") == "Pending" and not pod_starting(scene, p)]
        seen: set[Ref] = set()
        for pod in waiting:
            for claim in _claims_of(pod):
                if claim in seen:
                    continue
                seen.add(claim)
                if scene.snapshot.lacks(claim):
                    yield _missing(scene, workload, claim)
                elif (found := scene.snapshot.get(claim)) and found.text("status.phase") in ("Pending", "Lost"):
                    yield from _unbound(scene, workload, found)


def _claims_of(pod: Resource) -> Iterator[Ref]:
    for volume in pod.each("spec.volumes"):
        if name := volume.text("persistentVolumeClaim.claimName"):
            yield Ref(pod.namespace, "PersistentVolumeClaim", name)


def _missing(scene: Scene, workload: Workload, claim: Ref) -> Finding:
    return Finding(
        fault=Fault.PVC_MISSING,
        entity=claim,
        observed=f"PersistentVolumeClaim {claim.name} does not exist",
        expected=f"PersistentVolumeClaim {claim.name} in namespace {claim.namespace}",
        summary=f"PersistentVolumeClaim {claim.name} does not exist, but {workload.ref.kind} {workload.ref.name} mounts it",
        advice=f"Create PersistentVolumeClaim {claim.name}, or correct claimName in the pod template",
        certainty=0.97,
        breaks=(workload.ref,),
        observations=(
            cite.absent(scene, claim),
            cite.fields(scene, workload.resource, f"{workload.spec_path}.volumes"),
        ),
    )


def _unbound(scene: Scene, workload: Workload, claim: Resource) -> Iterator[Output]:
    known = scene.snapshot.read_whole("StorageClass")
    name = _class_of(scene, claim)
    storage_class = scene.snapshot.get(Ref("", "StorageClass", name)) if name else None
    provisioned = storage_class is not None and storage_class.text("provisioner") != _NO_PROVISIONER
    events = scene.events(claim, "ProvisioningFailed", "FailedBinding", "VolumeMismatch")
    seen = tuple(cite.event(scene, e) for e in events[:1])
    volumes = [v for v in scene.snapshot.all("PersistentVolume") if v.text("spec.storageClassName") == name]
    if wanted := claim.text("spec.volumeName"):
        volumes = [v for v in scene.snapshot.all("PersistentVolume") if v.name == wanted]
    if name and storage_class is None and known and not volumes:
        classes = ", ".join(sorted(c.name for c in scene.snapshot.all("StorageClass"))) or "none"
        yield _finding(
            scene, workload, claim, Fault.PVC_STORAGE_CLASS_MISSING, "spec.storageClassName", name,
            f"one of: {classes}", f"asks for StorageClass {name}, which does not exist", 0.97, seen,
        )  # fmt: skip
        return
    if provisioned and not wanted and not claim.has("spec.selector"):
        if events and "waiting for" not in events[0].message:
            yield _finding(
                scene, workload, claim, Fault.PVC_STORAGE_CLASS_MISSING, "spec.storageClassName", name,
                "a class that provisions", f"is not provisioned: {events[0].message[:200]}", 0.75, seen,
            )  # fmt: skip
        return
    yield from _no_volume(scene, workload, claim, volumes, seen)


def _class_of(scene: Scene, claim: Resource) -> str:
    if claim.has("spec.storageClassName"):
        return claim.text("spec.storageClassName")
    for found in scene.snapshot.all("StorageClass"):
        if found.annotations.get("storageclass.kubernetes.io/is-default-class") == "true":
            return found.name
    return ""


def _no_volume(
    scene: Scene, workload: Workload, claim: Resource, volumes: list[Resource], seen: tuple[Observation, ...]
) -> Iterator[Output]:
    """Which condition excludes the volumes of the claim's class: first the one that alone excludes most."""
    if not scene.snapshot.read_whole("PersistentVolume"):
        return
    lines, counts = [], dict.fromkeys(_CONDITIONS, 0.0)
    for volume in volumes:
        failed = [fault for fault, holds in _CONDITIONS.items() if not holds(claim, volume)]
        lines.append(f"{volume.name}: {', '.join(failed) or 'fits'}")
        for fault in failed:
            counts[fault] += 1 / len(failed) ** 2
    best = max(counts, key=lambda f: counts[f])
    shown = cite.listing(scene, "kubectl get persistentvolumes", lines)
    if not volumes or not counts[best]:
        name = claim.text("spec.storageClassName")
        yield _finding(
            scene, workload, claim, Fault.PVC_STORAGE_CLASS_MISSING, "spec.storageClassName", name or "none",
            "a class that provisions, or a volume of this class", f"finds no volume of class {name or 'none'}", 0.8, (*seen, shown),
        )  # fmt: skip
        return
    field, observed, expected, words = _words(best, claim, volumes)
    yield _finding(scene, workload, claim, best, field, observed, expected, words, 0.95, (*seen, shown))


def _bound_elsewhere(claim: Resource, volume: Resource) -> bool:
    holder = volume.at("spec.claimRef")
    return bool(holder) and (holder.text("namespace"), holder.text("name")) != (claim.namespace, claim.name)


_CONDITIONS: dict[Fault, Callable[[Resource, Resource], bool]] = {
    Fault.PVC_CAPACITY_MISMATCH: lambda claim, volume: (
        amount(volume.text("spec.capacity.storage")) >= amount(claim.text("spec.resources.requests.storage"))
    ),
    Fault.PVC_ACCESS_MODE_MISMATCH: lambda claim, volume: (
        set(claim.texts("spec.accessModes")) <= set(volume.texts("spec.accessModes"))
    ),
    Fault.PVC_SELECTOR_MISMATCH: lambda claim, volume: selects(claim.at("spec.selector"), volume.labels),
    Fault.PV_ALREADY_BOUND: lambda claim, volume: not _bound_elsewhere(claim, volume),
}


def _words(fault: Fault, claim: Resource, volumes: list[Resource]) -> tuple[str, str, str, str]:
    """Field, what is, what should be, and the sentence's predicate."""
    match fault:
        case Fault.PVC_CAPACITY_MISMATCH:
            wanted, largest = (
                claim.text("spec.resources.requests.storage"),
                max((v.text("spec.capacity.storage") for v in volumes), key=amount),
            )
            return (
                "spec.resources.requests.storage",
                wanted,
                f"at most {largest}",
                f"asks for {wanted}; the largest volume has {largest}",
            )
        case Fault.PVC_ACCESS_MODE_MISMATCH:
            wanted, offered = (
                ", ".join(claim.texts("spec.accessModes")),
                ", ".join(sorted({m for v in volumes for m in v.texts("spec.accessModes")})),
            )
            return "spec.accessModes", wanted, offered, f"asks for {wanted}; the volumes offer {offered}"
        case Fault.PVC_SELECTOR_MISMATCH:
            wanted = describe(claim.at("spec.selector"))
            offered = "; ".join(
                sorted({", ".join(f"{k}={x}" for k, x in v.labels.items()) or "no labels" for v in volumes})
            )
            return (
                "spec.selector",
                wanted,
                f"labels that a volume has ({offered})",
                f"selects volumes with {wanted}, and none has these labels",
            )
    holder = next((v for v in volumes if _bound_elsewhere(claim, v)), volumes[0])
    owner = f"{holder.text('spec.claimRef.namespace')}/{holder.text('spec.claimRef.name')}"
    return (
        "spec.volumeName",
        holder.name,
        "a volume that is free",
        f"wants volume {holder.name}, which is bound to {owner}",
    )


def _finding(
    scene: Scene,
    workload: Workload,
    claim: Resource,
    fault: Fault,
    field: str,
    observed: str,
    expected: str,
    words: str,
    certainty: float,
    seen: tuple[Observation, ...],
) -> Finding:
    return Finding(
        fault=fault,
        entity=claim.ref,
        field=field,
        observed=observed,
        expected=expected,
        summary=f"PersistentVolumeClaim {claim.name} of {workload.ref.kind} {workload.ref.name} {words}",
        advice=f"Create the claim anew with {field}: {expected}, or provide such a volume",
        certainty=certainty,
        breaks=(workload.ref,),
        observations=(cite.fields(scene, claim, "spec", "status.phase"), *seen),
    )
