"""Things that neither go nor come: objects held by a finalizer, rollouts that stand still, volumes attached elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from steersman_tools.snapshot import EventRecord, Resource

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..scene import Scene
from ..trouble import containers_in_trouble
from ..workloads import Workload

PATIENCE_SECONDS = 30.0
_IN_USE = {"kubernetes.io/pvc-protection", "kubernetes.io/pv-protection", "foregroundDeletion", "orphan"}
"""Finalizers that wait for something else by design."""


def finalizers(scene: Scene) -> Iterator[Output]:
    """Objects that are being deleted, and whose finalizer nobody removes."""
    for resource in scene.snapshot.resources:
        if not resource.deleting:
            continue
        asked = resource.time("metadata.deletionTimestamp")
        grace = resource.count("metadata.deletionGracePeriodSeconds")
        held = [f for f in resource.texts("metadata.finalizers") if f not in _IN_USE]
        if resource.kind == "Namespace":
            held += [
                c.text("message")
                for c in resource.each("status.conditions")
                if c.text("status") == "True" and "Remaining" in c.text("type")
            ]
        if not held or asked is None or scene.now - asked < timedelta(seconds=PATIENCE_SECONDS + grace):
            continue
        yield Finding(
            fault=Fault.FINALIZER_STUCK,
            entity=resource.ref,
            field="metadata.finalizers",
            observed=", ".join(held),
            expected="the controller that owns the finalizer removes it",
            summary=f"{resource.kind} {resource.name} has been deleted since {cite.clock(asked)} and is held by {held[0]}",
            advice="Bring back the controller of the finalizer; remove the finalizer by hand only when what it guards is gone",
            certainty=0.93,
            breaks=(resource.ref,),
            needs_symptom=False,
            observations=(
                cite.fields(scene, resource, "metadata.deletionTimestamp", "metadata.finalizers", "status.conditions"),
            ),
        )


def rollouts(scene: Scene) -> Iterator[Output]:
    """Rollouts that make no progress for no reason that a pod shows, and strategies that take everything down at once."""
    troubled = {t.workload.ref for t in containers_in_trouble(scene)}
    for workload in scene.workloads.values():
        if workload.ref.kind != "Deployment":
            continue
        progressing = workload.resource.condition("Progressing")
        if progressing.text("reason") == "ProgressDeadlineExceeded":
            yield _stuck(scene, workload)
        if (
            workload.ready == 0
            and workload.desired > 1
            and workload.ref in troubled
            and (what := _all_at_once(workload))
        ):
            yield _unsafe(scene, workload, what)


def _stuck(scene: Scene, workload: Workload) -> Finding:
    ref = workload.ref
    return Finding(
        fault=Fault.ROLLOUT_STUCK,
        entity=ref,
        field="status.conditions",
        observed=workload.resource.condition("Progressing").text("message"),
        expected="a rollout that completes",
        summary=f"The rollout of Deployment {ref.name} makes no progress",
        advice=f"See what its newest pods wait for, or go back: kubectl -n {ref.namespace} rollout undo deployment/{ref.name}",
        certainty=0.4,
        breaks=(ref,),
        observations=(cite.fields(scene, workload.resource, "status.conditions"),),
    )


def _all_at_once(workload: Workload) -> str:
    """The strategy that takes all pods down before new ones are ready."""
    if workload.resource.text("spec.strategy.type") == "Recreate":
        return "Recreate"
    share = workload.resource.text("spec.strategy.rollingUpdate.maxUnavailable")
    if share == "100%" or (share.isdigit() and int(share) >= workload.desired):
        return f"maxUnavailable {share}"
    return ""


def _unsafe(scene: Scene, workload: Workload, what: str) -> Finding:
    ref = workload.ref
    return Finding(
        fault=Fault.ROLLOUT_STRATEGY_UNSAFE,
        entity=ref,
        field="spec.strategy",
        observed=what,
        expected="RollingUpdate that keeps ready pods until new ones are ready",
        summary=f"The rollout of Deployment {ref.name} took all of its pods down at once ({what})",
        advice="Use RollingUpdate with a maxUnavailable below the number of replicas",
        certainty=0.6,
        breaks=(ref,),
        observations=(cite.fields(scene, workload.resource, "spec.strategy", "spec.replicas"),),
    )


def shared_volumes(scene: Scene) -> Iterator[Output]:
    """ReadWriteOnce volumes that pods on several nodes want."""
    for workload in scene.workloads.values():
        for pod in workload.live_pods:
            event = next((e for e in scene.events(pod, "FailedAttachVolume") if "Multi-Attach" in e.message), None)
            if event is None or pod.text("status.phase") != "Pending":
                continue
            claim = next((c for v in pod.each("spec.volumes") if (c := v.text("persistentVolumeClaim.claimName"))), "")
            yield Finding(
                fault=Fault.VOLUME_SHARED_RWO,
                entity=workload.ref,
                field=f"{workload.spec_path}.volumes",
                observed=f"claim {claim} is ReadWriteOnce and wanted on several nodes",
                expected="one node for all pods of the claim, or a claim that several nodes may use",
                summary=f"Pods of {workload.ref.kind} {workload.ref.name} on several nodes want the ReadWriteOnce volume of claim {claim}",
                advice="Use one replica with strategy Recreate, a ReadWriteMany claim, or a StatefulSet with a claim for each pod",
                certainty=0.95,
                breaks=(workload.ref,),
                observations=(cite.event(scene, event),),
            )
            break


def preempted(scene: Scene) -> Iterator[Output]:
    """Workloads whose pods gave way to others of higher priority and find no place since."""
    for workload in scene.workloads.values():
        waiting = [p for p in workload.live_pods if not p.text("spec.nodeName")]
        event = preemption(scene, workload) if waiting else None
        if event is None:
            continue
        ref = workload.ref
        yield Finding(
            fault=Fault.PREEMPTED_BY_PRIORITY,
            entity=ref,
            field=f"{workload.spec_path}.priorityClassName",
            observed=f"priority {waiting[0].text('spec.priority', '0')}: {event.message}",
            expected="room for both, or a priority that lets it stay",
            summary=f"Pods of {ref.kind} {ref.name} gave way to a pod of higher priority and find no place",
            advice="Add capacity, or weigh the priorities of the two workloads",
            certainty=0.93,
            breaks=(ref,),
            observations=(cite.event(scene, event),),
        )


def preemption(scene: Scene, workload: Workload) -> EventRecord | None:
    """The event that tells that a pod of the workload has given way, within the last hour."""
    for event in scene.snapshot.events:
        about = event.about
        ours = about.kind == "Pod" and about.namespace == workload.ref.namespace and _of(workload, about.name)
        if event.reason == "Preempted" and ours and scene.within(event.last, 3600):
            return event
    return None


def _of(workload: Workload, pod: str) -> bool:
    """Whether a pod that is gone bore a name of the workload's pods."""
    sets: list[Resource] = list(workload.revisions)
    return any(pod.startswith(f"{rs.name}-") for rs in sets) or pod.startswith(f"{workload.ref.name}-")
