"""Work that waits for accelerators: free ones lie scattered, a group waits for its last member, a queue does not admit it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from steersman_tools.fields import Fields
from steersman_tools.gpu.owners import waiting
from steersman_tools.gpu.types import NodeGpus
from steersman_tools.snapshot import Resource
from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding, Output, Symptom
from .. import cite
from ..placement import obstacles
from ..scene import Scene
from ..workloads import Workload

_GANG_LABELS = (
    "pod-group.scheduling.sigs.k8s.io", "scheduling.x-k8s.io/pod-group", "scheduling.k8s.io/group-name", "jobset.sigs.k8s.io/jobset-name",
    "training.kubeflow.org/job-name", "kueue.x-k8s.io/pod-group-name", "volcano.sh/job-name",
)  # fmt: skip
"""Labels that make pods members of one group."""
_GANG_ANNOTATIONS = ("scheduling.k8s.io/group-name", "kueue.x-k8s.io/pod-group-total-count")


def scattered(scene: Scene) -> Iterator[Output]:
    """Pods that would fit if the free devices of several nodes were on one."""
    for workload, pod, wanted in _waiting(scene):
        found = fragments(scene, pod, wanted)
        if found is None:
            continue
        resource, asked, by_node = found
        lines = [f"{name}: {free:g} free" for name, free in sorted(by_node.items())]
        yield Finding(
            fault=Fault.GPU_FRAGMENTED,
            entity=workload.ref,
            field=f"{workload.spec_path}.containers[0].resources.limits['{resource}']",
            observed=f"{asked:g} are asked for; {sum(by_node.values()):g} are free, {max(by_node.values()):g} at most on one node",
            expected=f"a node with {asked:g} free {resource}",
            summary=f"{workload.ref.kind} {workload.ref.name} waits for {asked:g} {resource} on one node while {sum(by_node.values()):g} lie free on {len(by_node)}",
            advice="Move small pods together: steersman gpu defrag shows which, and what it costs",
            certainty=0.95,
            breaks=(workload.ref,),
            observations=(
                cite.listing(scene, "kubectl get nodes -o custom-columns=NAME:.metadata.name,GPUS:.status.allocatable", lines),
            ),
        )  # fmt: skip


def fragments(scene: Scene, pod: Resource, wanted: Mapping[str, float]) -> tuple[str, float, dict[str, float]] | None:
    """The resource, how much is asked for, and what is free by node, where only scattering stands in the way."""
    for resource, asked in wanted.items():
        free: dict[str, float] = {}
        could = False
        for node in scene.accelerators.nodes:
            count = next((c for c in node.counts if c.resource == resource), None)
            machine = scene.nodes.get(node.node)
            if count is None or machine is None:
                continue
            others = [o for o in obstacles(scene, pod, pod.namespace, machine) if o.key != resource]
            if others:
                continue
            free[node.node] = count.free
            could = could or count.capacity >= asked
        if could and free and max(free.values()) < asked <= sum(free.values()):
            return resource, asked, free
    return None


def explained(scene: Scene, pod: Resource) -> bool:
    """Whether something better than 'too few' says why the pod finds no accelerator: scattering, devices out of service, or a gang."""
    wanted = next((w for p, w in waiting(scene.snapshot) if p.ref == pod.ref), {})
    if not wanted:
        return False
    if fragments(scene, pod, wanted) or _gang_of(scene, pod):
        return True
    return any(_would_fit(node, wanted) for node in scene.accelerators.nodes)


def _would_fit(node: NodeGpus, wanted: Mapping[str, float]) -> bool:
    """Whether the pod fitted if the devices that are out of service worked."""
    for count in node.counts:
        asked = wanted.get(count.resource)
        physical = node.physical.value if node.physical and count.form == "full" else count.capacity
        whole = max(count.capacity, physical)
        if asked and count.free < asked <= whole - count.requested and whole > count.allocatable:
            return True
    return False


def gangs(scene: Scene) -> Iterator[Output]:
    """Groups of which some members hold accelerators while others find none."""
    seen: set[Ref] = set()
    for workload, pod, wanted in _waiting(scene):
        if workload.ref in seen or not (members := _gang_of(scene, pod)):
            continue
        seen.add(workload.ref)
        placed = [m for m in members if m.text("spec.nodeName") and m.text("status.phase") == "Running"]
        asked = ", ".join(f"{v:g} {k}" for k, v in wanted.items())
        event = next(iter(scene.events(pod, "FailedScheduling")), None)
        lines = [f"{m.name}: {m.text('spec.nodeName') or 'no node'}" for m in members]
        yield Finding(
            fault=Fault.GANG_BLOCKED,
            entity=workload.ref,
            field=f"{workload.spec_path.partition('.template')[0]}.parallelism" if workload.ref.kind == "Job" else "spec",
            observed=f"{len(placed)} of {len(members)} members run and hold their devices; {pod.name} finds no {asked}",
            expected=f"all {len(members)} members placed together, or none",
            summary=f"{workload.ref.kind} {workload.ref.name} is a group of {len(members)}: {len(placed)} members wait, with their GPUs, for the rest to be placed",
            advice="Free devices for the last members (steersman gpu place shows where), or suspend the job so that others can use what it holds; use a gang scheduler or Kueue",
            certainty=0.95,
            breaks=(workload.ref,),
            observations=(
                *((cite.event(scene, event),) if event else ()),
                cite.listing(scene, f"kubectl get pods -n {pod.namespace} -o wide", lines[:12]),
            ),
        )  # fmt: skip


def _gang_of(scene: Scene, pod: Resource) -> tuple[Resource, ...]:
    """The members of the pod's group, where it belongs to one of which some already run; empty otherwise."""
    workload = scene.workload_of.get(pod.ref)
    members = tuple(p for p in workload.live_pods) if workload else (pod,)
    key = next((k for k in _GANG_LABELS if k in pod.labels), "") or next((k for k in _GANG_ANNOTATIONS if k in pod.annotations), "")  # fmt: skip
    if key in pod.labels:
        members = tuple(p for p in scene.snapshot.all("Pod") if p.namespace == pod.namespace and p.labels.get(key) == pod.labels[key] and p.text("status.phase") in ("Pending", "Running"))  # fmt: skip
    elif not key and not (workload and workload.ref.kind == "Job" and _together(workload.resource)):
        return ()
    placed = [m for m in members if m.text("spec.nodeName")]
    return members if placed and len(members) > len(placed) else ()


def _together(job: Resource) -> bool:
    """Whether the pods of a Job are one group: indexed, all at once."""
    many = job.count("spec.parallelism", 1)
    return many > 1 and job.text("spec.completionMode") == "Indexed" and job.count("spec.completions", many) == many


def _waiting(scene: Scene) -> Iterator[tuple[Workload, Resource, dict[str, float]]]:
    """By workload: one pod that the scheduler has given up on, with the accelerators it asks for."""
    seen: set[Ref] = set()
    for pod, wanted in waiting(scene.snapshot):
        workload = scene.workload_of.get(pod.ref)
        if workload and workload.ref not in seen and pod.condition("PodScheduled").text("reason") == "Unschedulable":
            seen.add(workload.ref)
            yield workload, pod, wanted


# -- queues ----------------------------------------------------------------------------------------------------------------
_QUOTA = {
    "WaitingForQuota": "the queue's quota is used up",
    "ExceedsMaxQuota": "it asks for more than the queue can ever give",
    "WaitingForPreemptedWorkloads": "others are being preempted for it",
}
_STOPPED = ("Suspended", "ClusterQueueStopped", "LocalQueueStopped", "OnHold")


def queued(scene: Scene) -> Iterator[Output]:
    """Kueue's workloads that are not admitted, by the reason that Kueue itself gives."""
    for item in scene.snapshot.all("Workload"):
        reserved, finished = item.condition("QuotaReserved"), item.condition("Finished")
        evicted = item.condition("Evicted")
        if finished.text("status") == "True" or item.condition("Admitted").text("status") == "True":
            continue
        if reserved.text("status") == "False" or evicted.text("status") == "True":
            yield from _not_admitted(scene, item, reserved if reserved.text("status") == "False" else evicted)


def _not_admitted(scene: Scene, item: Resource, why: Fields) -> Iterator[Output]:
    reason, message = why.text("reason"), why.text("message")
    owner = item.controller or item.ref
    queue = scene.snapshot.get(Ref(item.namespace, "LocalQueue", item.text("spec.queueName")))
    cluster_queue = Ref("", "ClusterQueue", queue.text("spec.clusterQueue")) if queue else None
    if reason == "WaitingForPreemptedWorkloads":
        return
    shown = cite.fields(scene, item, "spec.queueName", "status.conditions")
    yield Symptom(
        kind="waiting",
        entity=owner,
        text=f"{owner.kind} {owner.name} is not admitted by queue {item.text('spec.queueName')}: {reason}",
        weight=2.0,
        observations=(shown,),
    )
    fault, entity, field, advice = _queue_cause(item, owner, cluster_queue, reason, message)
    yield Finding(
        fault=fault,
        entity=entity,
        field=field,
        observed=f"{reason}: {message}" if message else reason,
        expected="admitted",
        summary=f"{owner.kind} {owner.name} waits in queue {item.text('spec.queueName')}: {_QUOTA.get(reason, message or reason)}",
        advice=advice,
        certainty=0.9,
        breaks=(owner, item.ref),
        observations=(shown,),
    )


def _queue_cause(
    item: Resource, owner: Ref, cluster_queue: Ref | None, reason: str, message: str
) -> tuple[Fault, Ref, str, str]:
    at = cluster_queue or owner
    if reason in _QUOTA or "quota" in message:
        advice = "Wait for others to end, lend quota from the cohort, raise nominalQuota, or ask for less"
        return Fault.QUOTA_EXCEEDED, at, "spec.resourceGroups", advice
    if reason in _STOPPED or "stopped" in message or (not item.get("spec.active") and item.has("spec.active")):
        return Fault.GANG_BLOCKED, at, "spec.stopPolicy", "Resume the queue (stopPolicy: None) when its owner agrees"
    if reason == "TopologyPlacementFailed":
        return Fault.GPU_FRAGMENTED, owner, "spec.podSets", "Move small pods together: steersman gpu defrag"
    if reason == "NoMatchingFlavor":
        return Fault.NODE_SELECTOR_MISMATCH, owner, "spec.podSets", "Ask for labels that a flavor of the queue has"
    return Fault.GANG_BLOCKED, owner, "spec.podSets", "Read the condition: Kueue names what it waits for"
