"""Quotas without room whose refusals nothing tells any more: somebody's `kubectl apply` got the error, or the events are gone."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.quantity import amount
from steersman_tools.snapshot import Resource
from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding, Output, RuledOut
from .. import cite
from ..scene import Scene
from ..workloads import Workload

_STORAGE = ("persistentvolumeclaims", "requests.storage")


def kept_out(scene: Scene) -> Iterator[Output]:
    """Services and claims that others need and that do not exist, and pods that do not come, where a quota is full."""
    for quota in scene.snapshot.all("ResourceQuota"):
        full = exhausted(quota)
        if "services" in full:
            yield from _services(scene, quota)
        yield from _claims(scene, quota)
        if found := next((r for r in full if r in ("pods", "count/pods") or _of_containers(r)), ""):
            yield from _pods(scene, quota, found)


def exhausted(quota: Resource) -> list[str]:
    """The resources of which the quota has nothing left."""
    hard, used = quota.map("status.hard") or quota.map("spec.hard"), quota.map("status.used")
    return [name for name, most in hard.items() if name in used and amount(used[name]) >= amount(most)]


def full_for_services(scene: Scene, namespace: str) -> bool:
    """Whether a quota keeps new Services out of the namespace."""
    return any(q.namespace == namespace and "services" in exhausted(q) for q in scene.snapshot.all("ResourceQuota"))


def _of_containers(resource: str) -> bool:
    return resource.rpartition(".")[2] in ("cpu", "memory") or resource in ("cpu", "memory")


def _services(scene: Scene, quota: Resource) -> Iterator[Output]:
    asked = {r.ref for r in scene.snapshot.wanted if r.kind == "Service"}
    for target in sorted(asked | set(scene.callers)):
        if target.namespace == quota.namespace and scene.snapshot.lacks(target):
            callers = ", ".join(sorted({c.caller.name for c in scene.callers.get(target, ())}))
            what = f"Service {target.name}" + (f", which {callers} call," if callers else "")
            yield _finding(scene, quota, "services", target, what, 0.96 if target in asked else 0.93)
            yield RuledOut(
                fault=Fault.SERVICE_MISSING, entity=target, why=f"quota {quota.name} leaves no room for a Service"
            )


def _claims(scene: Scene, quota: Resource) -> Iterator[Output]:
    for workload in scene.workloads.values():
        for volume in workload.spec.each("volumes"):
            name = volume.text("persistentVolumeClaim.claimName")
            claim = Ref(workload.ref.namespace, "PersistentVolumeClaim", name)
            if not name or claim.namespace != quota.namespace or not scene.snapshot.lacks(claim):
                continue
            if resource := _no_storage(scene, quota, claim):
                what = f"PersistentVolumeClaim {name} of {workload.ref.kind} {workload.ref.name}"
                yield _finding(scene, quota, resource, workload.ref, what, 0.98)


def _no_storage(scene: Scene, quota: Resource, claim: Ref) -> str:
    """The resource of which the quota has not enough for the claim; '' where it has, as far as is known."""
    full = exhausted(quota)
    if found := next((r for r in full if r.endswith(_STORAGE)), ""):
        return found
    hard, used = quota.map("status.hard") or quota.map("spec.hard"), quota.map("status.used")
    asked = next((r for r in scene.snapshot.wanted if r.ref == claim), None)
    size = amount(asked.text("spec.resources.requests.storage") or "0") if asked else 0.0
    storage = [name for name in hard if name.endswith("requests.storage")]
    return next((n for n in storage if amount(used.get(n, "0")) + size > amount(hard[n])), "")


def _pods(scene: Scene, quota: Resource, resource: str) -> Iterator[Output]:
    for workload in scene.workloads.values():
        if workload.ref.namespace == quota.namespace and _refused(scene, workload):
            what = f"the pods of {workload.ref.kind} {workload.ref.name}"
            yield _finding(scene, quota, resource, workload.ref, what, 0.88)


def _refused(scene: Scene, workload: Workload) -> bool:
    """Whether pods are refused, and no event says why."""
    creators = (workload.resource, *workload.revisions, *workload.jobs)
    return (
        len(workload.live_pods) < workload.desired
        and (not workload.live_pods or workload.resource.condition("ReplicaFailure").text("status") == "True")
        and not any(scene.events(creator, "FailedCreate") for creator in creators)
    )


def _finding(scene: Scene, quota: Resource, resource: str, victim: Ref, what: str, certainty: float) -> Finding:
    hard, used = quota.map("status.hard") or quota.map("spec.hard"), quota.map("status.used")
    taken = f"{used.get(resource, '?')} of {hard.get(resource, '?')}"
    return Finding(
        fault=Fault.QUOTA_EXCEEDED,
        entity=quota.ref,
        field=f"spec.hard['{resource}']",
        observed=f"{resource}: {taken} used",
        expected=f"room for {what.rstrip(',')}",
        summary=f"Quota {quota.name} has no room ({resource}: {taken} used), and {what} cannot be created",
        advice=f"Raise spec.hard['{resource}'] of ResourceQuota {quota.name}, or free some of it; then create what is missing",
        certainty=certainty,
        breaks=(victim,),
        needs_symptom=resource != "services",
        observations=(cite.fields(scene, quota, "spec.hard", "status.used"), cite.absent(scene, victim))
        if scene.snapshot.lacks(victim)
        else (cite.fields(scene, quota, "spec.hard", "status.used"),),
    )
