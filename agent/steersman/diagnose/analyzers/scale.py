"""Workloads that others need and that are scaled to nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..impact import DNS
from ..scene import Scene


def scaled_to_zero(scene: Scene) -> Iterator[Output]:
    """Workloads with no replicas whose Service is called or routed to."""
    for workload in scene.workloads.values():
        if workload.ref.kind not in ("Deployment", "StatefulSet") or workload.desired != 0:
            continue
        views = scene.services_of.get(workload.ref, ())
        calls = (
            scene.calls
            if any(v.ref == DNS for v in views)
            else [c for v in views for c in scene.callers.get(v.ref, ())]
        )
        callers = sorted({c.caller.name for c in calls if c.caller != workload.ref})
        others = [w for v in views for w in v.workloads if w.ref != workload.ref and w.desired]
        if not callers or others:
            continue
        yield Finding(
            fault=Fault.SCALED_TO_ZERO,
            entity=workload.ref,
            field="spec.replicas",
            observed="0",
            expected="at least 1",
            summary=f"{workload.ref.kind} {workload.ref.name} is scaled to zero, but {', '.join(callers[:4])} call it",
            advice=f"Scale it back up: kubectl -n {workload.ref.namespace} scale {workload.ref.kind.lower()}/{workload.ref.name} --replicas=1",
            certainty=0.96,
            breaks=(workload.ref,),
            needs_symptom=False,
            observations=(cite.fields(scene, workload.resource, "spec.replicas"),),
        )
