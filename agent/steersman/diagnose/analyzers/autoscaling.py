"""Autoscalers that cannot work: no target, no request to compare with, limits that keep them from scaling."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.fields import Fields
from steersman_tools.snapshot import Resource
from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..scene import Scene
from ..workloads import Workload

STARTING_SECONDS = 120.0
"""So long an autoscaler may be without the first readings of its metrics."""


def autoscalers(scene: Scene) -> Iterator[Output]:
    """One finding for each HorizontalPodAutoscaler that cannot do its work."""
    for hpa in scene.snapshot.all("HorizontalPodAutoscaler"):
        target = Ref(hpa.namespace, hpa.text("spec.scaleTargetRef.kind"), hpa.text("spec.scaleTargetRef.name"))
        if scene.snapshot.lacks(target):
            yield _no_target(scene, hpa, target)
        workload = scene.workloads.get(target)
        if workload and (found := _no_request(scene, hpa, workload) or _misconfigured(scene, hpa, workload)):
            yield found


def _no_target(scene: Scene, hpa: Resource, target: Ref) -> Finding:
    names = [w.name for w in scene.workloads if w.namespace == hpa.namespace and w.kind == target.kind]
    return Finding(
        fault=Fault.HPA_TARGET_MISSING,
        entity=hpa.ref,
        field="spec.scaleTargetRef",
        observed=f"{target.kind} {target.name} does not exist",
        expected=f"one of: {', '.join(sorted(names)[:8]) or 'none exists'}",
        summary=f"HorizontalPodAutoscaler {hpa.name} is to scale {target.kind} {target.name}, which does not exist",
        advice="Correct scaleTargetRef, or delete the autoscaler",
        certainty=0.95,
        breaks=(hpa.ref,),
        needs_symptom=False,
        observations=(cite.fields(scene, hpa, "spec.scaleTargetRef"), cite.absent(scene, target)),
    )


def metrics(hpa: Resource) -> list[Fields]:
    return hpa.each("spec.metrics")


def _wants_utilisation(hpa: Resource) -> set[str]:
    """The resources whose share of the request the autoscaler watches."""
    found = {
        m.text("resource.name") or m.text("containerResource.name")
        for m in metrics(hpa)
        if (m.at("resource.target") or m.at("containerResource.target")).text("type") == "Utilization"
    }
    return found | ({"cpu"} if hpa.has("spec.targetCPUUtilizationPercentage") else set())


def _no_request(scene: Scene, hpa: Resource, workload: Workload) -> Finding | None:
    for name in sorted(_wants_utilisation(hpa)):
        bare = [
            c
            for c in workload.containers
            if not (c.text(f"resources.requests.{name}") or c.text(f"resources.limits.{name}"))
        ]
        if not bare:
            continue
        active = hpa.condition("ScalingActive")
        first = bare[0].text("name")
        return Finding(
            fault=Fault.HPA_NO_CPU_REQUEST,
            entity=workload.ref,
            field=f"{workload.container_path(first)}.resources.requests.{name}",
            observed=f"container {first} requests no {name}",
            expected=f"a {name} request, of which HorizontalPodAutoscaler {hpa.name} watches the use",
            summary=f"HorizontalPodAutoscaler {hpa.name} cannot compute {name} use: container {first} of {workload.ref.kind} {workload.ref.name} requests none",
            advice=f"Set resources.requests.{name} of container {first}",
            certainty=0.96 if active.text("status") == "False" else 0.88,
            breaks=(hpa.ref, workload.ref),
            needs_symptom=False,
            observations=(
                cite.fields(scene, hpa, "spec.metrics", "status.conditions"),
                cite.fields(scene, workload.resource, f"{workload.container_path(first)}.resources"),
            ),
        )
    return None


def _misconfigured(scene: Scene, hpa: Resource, workload: Workload) -> Finding | None:
    least, most = hpa.count("spec.minReplicas", 1), hpa.count("spec.maxReplicas", 1)
    active, limited = hpa.condition("ScalingActive"), hpa.condition("ScalingLimited")
    rivals = [
        other.name
        for other in scene.snapshot.all("HorizontalPodAutoscaler")
        if other.ref != hpa.ref
        and other.namespace == hpa.namespace
        and other.at("spec.scaleTargetRef").raw == hpa.at("spec.scaleTargetRef").raw
    ]
    if rivals:
        field, observed, expected, certainty = (
            "spec.scaleTargetRef",
            f"also scaled by {', '.join(rivals)}",
            "one autoscaler for a target",
            0.9,
        )
    elif least > most:
        field, observed, expected, certainty = (
            "spec.minReplicas",
            f"{least}, above maxReplicas {most}",
            f"at most {most}",
            0.95,
        )
    elif limited.text("status") == "True" and limited.text("reason") == "TooManyReplicas" and _hot(hpa):
        field, observed, expected, certainty = "spec.maxReplicas", f"{most}, which is reached", "room to grow", 0.75
    elif certainty := _unread(scene, hpa, active):
        field, observed, expected = "spec.metrics", active.text("message")[:200], "metrics that can be read"
    else:
        return None
    return Finding(
        fault=Fault.HPA_MISCONFIGURED,
        entity=hpa.ref,
        field=field,
        observed=observed,
        expected=expected,
        summary=f"HorizontalPodAutoscaler {hpa.name} cannot scale {workload.ref.kind} {workload.ref.name} as it should: {field} {observed}",
        advice=f"Correct {field} of the autoscaler",
        certainty=certainty,
        breaks=(hpa.ref, workload.ref),
        needs_symptom=certainty < 0.9,
        observations=(cite.fields(scene, hpa, "spec", "status.conditions"),),
    )


def _unread(scene: Scene, hpa: Resource, active: Fields) -> float:
    """How sure it is that the autoscaler cannot read its metrics, and not only has none yet; 0.0 where it can."""
    message = active.text("message")
    if (
        active.text("status") != "False"
        or not active.text("reason").startswith("FailedGet")
        or "missing request" in message
    ):
        return 0.0
    if "no custom metrics API" in message or "no external metrics API" in message:
        return 0.92
    return 0.0 if hpa.created and scene.within(hpa.created, STARTING_SECONDS) else 0.7


def _hot(hpa: Resource) -> bool:
    """Whether what is measured is still above its target."""
    for measured in hpa.each("status.currentMetrics"):
        now = measured.integer("resource.current.averageUtilization")
        wanted = next(
            (
                m.integer("resource.target.averageUtilization")
                for m in metrics(hpa)
                if m.text("resource.name") == measured.text("resource.name")
            ),
            None,
        )
        if now is not None and wanted is not None and now > wanted * 1.1:
            return True
    now, wanted = (
        hpa.integer("status.currentCPUUtilizationPercentage"),
        hpa.integer("spec.targetCPUUtilizationPercentage"),
    )
    return now is not None and wanted is not None and now > wanted * 1.1
