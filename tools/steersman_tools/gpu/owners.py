"""Who has which accelerators: pods with their workload, queue, tenant and priority."""

from __future__ import annotations

from collections.abc import Iterator

from ..snapshot import Resource, Snapshot
from ..types import Ref
from .resources import asked
from .types import Allocation

QUEUE_LABELS = ("kueue.x-k8s.io/queue-name", "scheduling.volcano.sh/queue-name", "kai.scheduler/queue", "runai/queue")
TENANT_LABELS = ("kueue.x-k8s.io/queue-name", "project", "team")
"""Where no label is asked for, the namespace is the tenant."""
_STEPS = 6


def allocations(snapshot: Snapshot, tenant_label: str = "") -> tuple[Allocation, ...]:
    """Every pod that holds accelerators now, by resource or by DRA claim."""
    claims = {c.ref: c for c in snapshot.all("ResourceClaim")}
    found: list[Allocation] = []
    for pod in snapshot.all("Pod"):
        if pod.text("spec.nodeName") and pod.text("status.phase") not in ("Succeeded", "Failed"):
            found += _of_pod(snapshot, pod, tenant_label)
            found += _of_claims(snapshot, pod, claims, tenant_label)
    return tuple(found)


def waiting(snapshot: Snapshot) -> Iterator[tuple[Resource, dict[str, float]]]:
    """Pods that ask for accelerators and have no node yet, with what they ask for."""
    for pod in snapshot.all("Pod"):
        if not pod.text("spec.nodeName") and pod.text("status.phase") == "Pending" and (wanted := asked(pod)):
            yield pod, wanted


def workload_of(snapshot: Snapshot, pod: Resource) -> Ref:
    """The topmost object that owns the pod, as far as owners are known by name."""
    at: Resource | None = pod
    ref = pod.ref
    for _ in range(_STEPS):
        owner = at.controller if at else None
        if owner is None or owner.kind == "Node":
            break
        ref, at = owner, snapshot.get(owner)
    return ref


def tenant_of(snapshot: Snapshot, resource: Resource, label: str = "") -> str:
    """Whose it is: the label asked for, on the object or its namespace; else the namespace."""
    if label:
        space = snapshot.get(Ref("", "Namespace", resource.namespace))
        return resource.labels.get(label) or (space.labels.get(label, "") if space else "") or resource.namespace
    return resource.namespace


def queue_of(snapshot: Snapshot, pod: Resource, workload: Ref) -> str:
    """The queue that admitted it, where a queueing system runs."""
    top = snapshot.get(workload)
    for labels in (pod.labels, top.labels if top else {}):
        for label in QUEUE_LABELS:
            if label in labels:
                return labels[label]
    return ""


def _of_pod(snapshot: Snapshot, pod: Resource, tenant_label: str) -> Iterator[Allocation]:
    workload = workload_of(snapshot, pod)
    for resource, count in asked(pod).items():
        yield Allocation(
            pod=pod.ref,
            node=pod.text("spec.nodeName"),
            resource=resource,
            count=count,
            workload=workload,
            queue=queue_of(snapshot, pod, workload),
            tenant=tenant_of(snapshot, pod, tenant_label),
            priority=pod.count("spec.priority"),
            since=pod.time("status.startTime") or pod.created,
            source=f"kubectl get pod {pod.name} -n {pod.namespace} -o yaml",
        )


def _of_claims(
    snapshot: Snapshot, pod: Resource, claims: dict[Ref, Resource], tenant_label: str
) -> Iterator[Allocation]:
    statuses = {s.text("name"): s.text("resourceClaimName") for s in pod.each("status.resourceClaimStatuses")}
    for entry in pod.each("spec.resourceClaims"):
        name = entry.text("resourceClaimName") or statuses.get(entry.text("name"), "")
        claim = claims.get(Ref(pod.namespace, "ResourceClaim", name))
        results = claim.each("status.allocation.devices.results") if claim else []
        if not results:
            continue
        workload = workload_of(snapshot, pod)
        yield Allocation(
            pod=pod.ref,
            node=pod.text("spec.nodeName"),
            resource=results[0].text("driver"),
            count=float(len(results)),
            workload=workload,
            queue=queue_of(snapshot, pod, workload),
            tenant=tenant_of(snapshot, pod, tenant_label),
            priority=pod.count("spec.priority"),
            since=pod.time("status.startTime") or pod.created,
            devices=tuple(f"{r.text('driver')}/{r.text('pool')}/{r.text('device')}" for r in results),
            claim=name,
            source=f"kubectl get resourceclaim {name} -n {pod.namespace} -o yaml",
        )
