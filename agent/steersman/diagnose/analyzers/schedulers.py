"""Pods that no scheduler looks at: there is none, they ask for one that there is not, or they name their node themselves."""

from __future__ import annotations

from steersman_tools.snapshot import Resource
from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding
from .. import cite
from ..changes import before
from ..scene import Scene
from ..workloads import Workload

DEFAULT = "default-scheduler"


def named_node(scene: Scene, workload: Workload) -> Finding | None:
    """A pod template that names its node itself, where there is no such node: the pods are collected as soon as they are made."""
    node = workload.spec.text("nodeName")
    if not node or node in scene.nodes or not scene.snapshot.read_whole("Node") or not workload.desired:
        return None
    field, past = f"{workload.spec_path}.nodeName", before(scene, workload)
    old = past.template.text("spec.nodeName") if past else ""
    return Finding(
        fault=Fault.NODE_SELECTOR_MISMATCH,
        entity=workload.ref,
        field=field,
        observed=f"nodeName {node}, which does not exist",
        expected=old or "no nodeName: the scheduler chooses",
        summary=f"{workload.ref.kind} {workload.ref.name} wants its pods on node {node}, which does not exist",
        advice=f"Take {field} away",
        certainty=0.95,
        breaks=(workload.ref,),
        needs_symptom=False,
        observations=(cite.fields(scene, workload.resource, field), cite.absent(scene, Ref("", "Node", node))),
    )


def nobody_schedules(scene: Scene, workload: Workload, pod: Resource) -> Finding:
    """A pod that no scheduler has said a word about: there is none, or the pod asks for one that there is not."""
    name = pod.text("spec.schedulerName", DEFAULT)
    if name != DEFAULT and not _scheduled_by(scene, name):
        return _unknown_scheduler(scene, workload, pod, name)
    return Finding(
        fault=Fault.SCHEDULER_UNAVAILABLE,
        entity=Ref("kube-system", "Pod", "kube-scheduler"),
        observed=f"pod {pod.name} has waited since {cite.clock(pod.created)} without a word from a scheduler",
        expected=f"scheduler {name} assigns it or says why not",
        summary=f"No scheduler looks at the pods of {workload.ref.kind} {workload.ref.name}",
        advice="Check that the scheduler runs, and that the pod's schedulerName is right",
        certainty=0.85,
        breaks=(workload.ref,),
        observations=(cite.fields(scene, pod, "spec.schedulerName", "status.phase", "status.conditions"),),
    )


def _scheduled_by(scene: Scene, name: str) -> bool:
    """Whether any pod has been given a node by the scheduler of that name."""
    return any(p.text("spec.schedulerName") == name and p.text("spec.nodeName") for p in scene.snapshot.all("Pod"))


def _unknown_scheduler(scene: Scene, workload: Workload, pod: Resource, name: str) -> Finding:
    past = before(scene, workload)
    expected = past.template.text("spec.schedulerName", DEFAULT) if past else DEFAULT
    return Finding(
        fault=Fault.SCHEDULER_UNAVAILABLE,
        entity=workload.ref,
        field=f"{workload.spec_path}.schedulerName",
        observed=name,
        expected=expected,
        summary=f"{workload.ref.kind} {workload.ref.name} asks for scheduler {name}, which has placed no pod of this cluster",
        advice=f"Set schedulerName to {expected}, or start {name}",
        certainty=0.93,
        breaks=(workload.ref,),
        observations=(
            cite.fields(scene, pod, "spec.schedulerName", "status.phase", "status.conditions"),
            cite.fields(scene, workload.resource, f"{workload.spec_path}.schedulerName"),
        ),
    )
