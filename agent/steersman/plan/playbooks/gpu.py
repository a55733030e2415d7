"""Remedies for accelerators, by the official action of the error: the application is restarted, its pods get other devices, or the
node is emptied and rebooted by whoever may do that here. Nothing is evicted against a budget, no node that another controller
looks after is touched, and never more than half of the nodes with accelerators are out at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from steersman_tools.actions import (
    Action,
    CapPower,
    Drain,
    Evict,
    FieldValue,
    PatchField,
    RebootNode,
    RequestReboot,
    RequestReset,
    Scale,
    ShiftCanary,
    Suspend,
    Uncordon,
)
from steersman_tools.fields import read_time
from steersman_tools.gpu import xid
from steersman_tools.gpu.types import NodeGpus
from steersman_tools.selectors import selects
from steersman_tools.snapshot import Resource
from steersman_tools.types import Ref

from ...diagnose.analyzers.gpu_training import checkpoints
from ...diagnose.workloads import is_ready
from ...faults import Fault
from ...types import Finding
from ..book import playbook
from ..site import Draft, Site

MOST_OUT = 0.5
"""The share of the nodes with accelerators that may be out of service at once."""
CHECKPOINT = "steersman.dev/checkpointed-at"
"""The annotation, on a pod or its workload, with which whoever trains says when the work was last saved (RFC 3339)."""
CHECKPOINT_AGE = 1800.0
"""Seconds of work that a drain may throw away."""
COOLER = 0.7
"""The part of its power limit that a device which is too hot is held at."""
_TRAINS = ("Job", "TrainJob", "PyTorchJob", "JobSet")
_BY_FAULT: dict[str, xid.Remedy] = {
    Fault.GPU_LOST: "reboot-node",
    Fault.GPU_ECC_UNCORRECTABLE: "reset-gpu",
    Fault.GPU_GSP_TIMEOUT: "reset-gpu",
    Fault.GPU_NVLINK_ERROR: "reset-gpu",
    Fault.GPU_ROW_REMAP: "person",
    Fault.GPU_UNHEALTHY: "person",
}
"""What is done where no error code says more."""


@dataclass(frozen=True)
class _Ward:
    """The sick node, with what stands in the way of emptying it."""

    node: NodeGpus
    machine: Resource
    pods: tuple[Resource, ...]
    """Those that would have to go."""
    stuck: tuple[str, ...]
    """Why some of them cannot go now."""


@playbook(Fault.GPU_LOST, Fault.GPU_ECC_UNCORRECTABLE, Fault.GPU_ROW_REMAP, Fault.GPU_NVLINK_ERROR, Fault.GPU_GSP_TIMEOUT, Fault.GPU_UNHEALTHY)  # fmt: skip
def sick(site: Site) -> Iterator[Draft]:
    """The official action where it can be taken, else other devices for the pods that have none, else words."""
    ward = _ward(site)
    if ward is None:
        return
    if other := _at_work(site, ward.node):
        words = f"{other} is at work on {ward.node.node}: it is left to it."
        yield Draft("hands-off", (), site.cause.summary, choices=(words,))
        return
    remedy = remedy_of(site)
    if remedy in ("reset-gpu", "reboot-node") and (draft := _whole(site, ward, remedy)):
        yield draft
    if draft := _others(site, ward, remedy):
        yield draft
    yield Draft("say", (), site.cause.summary, choices=(site.cause.advice, *_why_not(site, ward)))


def remedy_of(site: Site) -> xid.Remedy:
    """What the official action of the cause's error comes to; the driver's own verdict before any table."""
    told = re.search(r"the driver asks for: ([\w ]+)", site.cause.observed)
    if told and (verdict := next((v for v in xid.verdicts() if v.text == told[1].strip() and v.value), None)):
        return verdict.remedy
    if code := re.fullmatch(r"xid\[(\d+)\]", site.cause.field):
        return xid.look_up(int(code[1])).remedy
    if site.cause.field == "rows-pending":
        return "nothing"
    return _BY_FAULT.get(site.cause.fault, "person")


def _whole(site: Site, ward: _Ward, remedy: xid.Remedy) -> Draft | None:
    """Empty the node, have it rebooted (or the GPU reset), and let pods onto it again."""
    operation = _operation(site, ward, remedy)
    if operation is None or ward.stuck or not _room(site, ward) or not _may_go_out(site, ward):
        return None
    node = ward.machine.ref
    cordoned = ward.machine.flag("spec.unschedulable")
    actions: tuple[Action, ...] = (Drain(target=node), operation, *(() if cordoned else (Uncordon(target=node),)))
    why = f"{site.cause.summary}; the official action is {'a reboot of the node' if remedy == 'reboot-node' else 'a reset of the GPU'}"
    notes = (*_work_lost(site, ward), "When it happens again, the GPU should be replaced.")
    return Draft("drain-and-" + ("reboot" if remedy == "reboot-node" else "reset"), actions, why, notes)


def _operation(site: Site, ward: _Ward, remedy: xid.Remedy) -> Action | None:
    """How machines are operated here: the janitor's objects, or an annotation that an agent of the site obeys; None where neither
    is known."""
    snapshot, name = site.scene.snapshot, ward.node.node
    boot = ward.machine.text("status.nodeInfo.bootID")
    whole = next((c for c in ward.node.counts if c.form == "full"), None)
    resource = whole.resource if whole and ward.node.physical else ""
    devices = round(ward.node.physical.value) if resource and ward.node.physical else 0
    once = f"steersman-{name}-{boot[:8].lower().strip('-') or 'once'}"
    if remedy == "reset-gpu" and snapshot.read_whole("GPUReset") and site.entity.kind == "Device":
        return RequestReset(
            target=Ref("", "GPUReset", once), node=name, uuids=(site.entity.name,), boot_id=boot, resource=resource, devices=devices
        )  # fmt: skip
    if snapshot.read_whole("RebootNode"):
        return RequestReboot(
            target=Ref("", "RebootNode", once), node=name, boot_id=boot, resource=resource, devices=devices
        )
    if snapshot.node_operations:
        return RebootNode(
            target=ward.machine.ref, annotation=snapshot.node_operations, boot_id=boot, resource=resource, devices=devices
        )  # fmt: skip
    return None


def _at_work(site: Site, node: NodeGpus) -> str:
    """Who else looks after the node: a controller that has marked it, or an order to the janitor that has not ended."""
    if node.remediator:
        return node.remediator
    for kind in ("RebootNode", "GPUReset", "TerminateNode"):
        for order in site.scene.snapshot.all(kind):
            if order.text("spec.nodeName") == node.node and not order.text("status.completionTime"):
                return f"{kind} {order.name}"
    return ""


def _others(site: Site, ward: _Ward, remedy: xid.Remedy) -> Draft | None:
    """New pods for those that cannot run on the sick device: the scheduler gives them others."""
    held = {a.pod for a in site.scene.accelerators.allocations if a.node == ward.node.node}
    down = [p for p in ward.pods if p.ref in held and not is_ready(p) and p.controller]
    asked = sum(a.count for a in site.scene.accelerators.allocations if a.pod in {p.ref for p in down})
    usable = [n for n in site.scene.accelerators.nodes if n.schedulable and n.node != ward.node.node]
    if not down or asked > sum(c.free for n in usable for c in n.counts):
        return None
    if remedy == "nothing":
        notes: tuple[str, ...] = ("Reset the GPU when nobody uses it.",)
    elif remedy == "restart-app":
        notes = ("The node is left alone; reset the GPU when nobody uses it.",)
    else:
        notes = (f"The GPU itself stays out of service: {site.cause.advice}",)
    actions = tuple(Evict(target=p.ref) for p in down)
    return Draft(
        "other-devices", actions, "its pods cannot run on this GPU, and others are in service", notes, aim="contain"
    )


def _ward(site: Site) -> _Ward | None:
    named = next((r.name for r in (site.entity, *site.cause.explains) if r.kind == "Node"), "")
    node = next((n for n in site.scene.accelerators.nodes if n.node == named), None)
    machine = site.scene.nodes.get(named)
    if node is None or machine is None:
        return None
    pods = tuple(
        p
        for p in site.scene.pods_on.get(named, ())
        if not (p.controller and p.controller.kind in ("DaemonSet", "Node"))
    )
    stuck = tuple(f"{p.ref}: {why}" for p in pods if (why := _stuck(site, p)))
    return _Ward(node, machine, pods, stuck)


def _stuck(site: Site, pod: Resource) -> str:
    if pod.controller is None:
        return "nobody would make it again"
    if not is_ready(pod):
        return ""  # a budget protects those that serve
    for budget in site.scene.snapshot.all("PodDisruptionBudget"):
        covers = budget.namespace == pod.namespace and selects(budget.at("spec.selector"), pod.labels)
        if covers and not budget.integer("status.disruptionsAllowed"):
            return f"disruption budget {budget.name} allows none to go now"
    return _unsaved(site, pod)


def _unsaved(site: Site, pod: Resource) -> str:
    """Why its work would be lost: a checkpoint that fails, or one that is too old; empty where neither is known."""
    workload = site.scene.workload_of.get(pod.ref)
    if workload and any(f.entity == workload.ref for f in checkpoints(site.scene) if isinstance(f, Finding)):
        return "its checkpoints cannot be written"
    said = _checkpoint(site, pod)
    if said and (age := (site.scene.snapshot.taken_at - said).total_seconds()) > CHECKPOINT_AGE:
        return f"its last checkpoint is {age / 60:.0f} minutes old"
    return ""


def _checkpoint(site: Site, pod: Resource) -> datetime | None:
    """When the pod's work was last saved, as its owner says on the pod or its workload."""
    workload = site.scene.workload_of.get(pod.ref)
    top = site.scene.snapshot.get(workload.ref) if workload else None
    for resource in (pod, top):
        if resource and (at := read_time(resource.annotations.get(CHECKPOINT, ""))):
            return at
    return None


def _room(site: Site, ward: _Ward) -> bool:
    """Whether the other nodes have as many free devices as the pods there hold."""
    held = sum(a.count for a in site.scene.accelerators.allocations if a.node == ward.node.node)
    others = [n for n in site.scene.accelerators.nodes if n.node != ward.node.node and n.schedulable]
    return held <= sum(c.free for n in others for c in n.counts)


def _may_go_out(site: Site, ward: _Ward) -> bool:
    """The breaker: whether the share of nodes out of service stays small enough; the only node may go when nothing else helps."""
    every = site.scene.accelerators.nodes
    out = {n.node for n in every if not n.schedulable} | {ward.node.node}
    return len(every) == 1 or len(out) <= MOST_OUT * len(every)


def _why_not(site: Site, ward: _Ward) -> Iterator[str]:
    if ward.stuck:
        yield f"{ward.node.node} cannot be emptied now: {'; '.join(ward.stuck[:3])}"
    if not _room(site, ward):
        yield "The other nodes have no room for its pods."
    if not _may_go_out(site, ward):
        yield f"More than {MOST_OUT:.0%} of the nodes with GPUs would be out of service."
    if _operation(site, ward, "reboot-node") is None:
        yield "Nothing here reboots machines: install NVSentinel's janitor, or set node_operations."


def _work_lost(site: Site, ward: _Ward) -> Iterator[str]:
    pods = {p.ref: p for p in ward.pods}
    held = [a for a in site.scene.accelerators.allocations if a.pod in pods and a.workload.kind in _TRAINS]
    for name in sorted({a.workload.name for a in held if _checkpoint(site, pods[a.pod]) is None}):
        yield f"{name} loses what it has done since its last checkpoint, the age of which is not known: ask its owner."


@playbook(Fault.GPU_IDLE)
def unused(site: Site) -> Iterator[Draft]:
    """A Job can be suspended and resumed; whether that is right is its owner's to say."""
    if site.entity.kind in ("Job", "CronJob"):
        notes = ("Ask its owner first.",)
        yield Draft("suspend", (Suspend(target=site.entity),), site.cause.summary, notes)
    yield Draft("say", (), site.cause.summary, choices=(site.cause.advice,))


@playbook(Fault.GANG_BLOCKED)
def gang(site: Site) -> Iterator[Draft]:
    """The members that wait are suspended with the rest, so that what they hold goes to others."""
    if site.entity.kind == "Job":
        notes = ("Resume it when there is room for the whole group (steersman gpu place shows when).",)
        yield Draft(
            "suspend",
            (_held(site),),
            "its members hold devices that nobody uses while the rest wait",
            notes,
            aim="contain",
        )
    yield Draft("say", (), site.cause.summary, choices=(site.cause.advice,))


def _held(site: Site) -> Suspend | PatchField:
    """Jobs can be suspended since Kubernetes 1.22 (KEP-2232); before, no parallelism does the same."""
    minor = re.match(r"v?1\.(\d+)", site.scene.snapshot.version)
    if minor and int(minor[1]) < 22:
        return PatchField(target=site.entity, fields=(FieldValue(path="spec.parallelism", value=0),))
    return Suspend(target=site.entity)


@playbook(Fault.GPU_THROTTLED)
def cooler(site: Site) -> Iterator[Draft]:
    """A device that is too hot is held at a lower power limit, where its limit is known; the cooling itself needs hands."""
    device = next((d for d in site.scene.accelerators.devices if d.ref == site.entity), None)
    limit, heat = (device.value(m) if device else None for m in ("power-limit", "temperature"))
    if device and limit and (heat or site.cause.field == "thermal-stalled"):
        owner = device.owner.pod.namespace if device.owner else "default"
        name = f"steersman-power-{device.uuid.lower().removeprefix('gpu-')[:40]}".rstrip("-")
        cap = CapPower(
            target=Ref(owner, "Job", name), node=device.node, devices=(device.uuid,), watts=round(limit * COOLER), before=round(limit)
        )  # fmt: skip
        notes = ("It runs slower meanwhile; delete the Job when the cooling is mended.",)
        yield Draft("cap-power", (cap,), site.cause.summary, notes, aim="contain")
    yield Draft("say", (), site.cause.summary, choices=(site.cause.advice,))


@playbook(Fault.RELEASE_REGRESSION)
def canary(site: Site) -> Iterator[Draft]:
    """All traffic back to the revision that works."""
    if site.entity.kind in ShiftCanary.kinds and site.cause.field.endswith("canaryTrafficPercent"):
        yield Draft("canary-back", (ShiftCanary(target=site.entity, percent=0),), site.cause.summary)


@playbook(Fault.GPU_FRAGMENTED, Fault.NCCL_TIMEOUT, Fault.CHECKPOINT_FAILED, Fault.IMAGE_PULL_SLOW)
def advice(site: Site) -> Iterator[Draft]:
    """Whom to move, cool or ask is a person's choice; the advice says what is known."""
    yield Draft("say", (), site.cause.summary, choices=(site.cause.advice,))


@playbook(Fault.KV_CACHE_EXHAUSTED)
def scale_out(site: Site) -> Iterator[Draft]:
    """One more server, if a device is free for it."""
    free = sum(c.free for n in site.scene.accelerators.nodes if n.schedulable for c in n.counts)
    if site.workload and site.entity.kind in Scale.kinds and free >= 1:
        more = site.workload.desired + 1
        yield Draft(
            "scale-out", (Scale(target=site.entity, replicas=more),), f"its cache is full and {free:g} devices are free"
        )
    yield Draft("say", (), site.cause.summary, choices=(site.cause.advice,))
