"""Hybrid chains: a pod or Job of the cluster that waits for a quantum job, which waits for a backend.

Either side may say so: the cluster's object by an annotation, the quantum job by a tag or comment.
"""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.quantum.labels import ANNOTATION, belongs_to
from steersman_tools.quantum.types import Job
from steersman_tools.snapshot import Resource
from steersman_tools.types import Ref

from .scene import Scene


def dependants(scene: Scene, ref: Ref) -> Iterator[Ref]:
    """Those who wait directly for the backend or the quantum job."""
    readings = scene.snapshot.quantum
    if readings is None:
        return
    if ref.kind == "Backend":
        yield from (j.ref for j in readings.jobs if j.backend == ref.name and j.state not in ("DONE", "CANCELLED"))
    elif job := readings.job(ref):
        yield from waiters(scene, job)


def waiters(scene: Scene, job: Job) -> list[Ref]:
    """The workloads of the cluster that wait for the job."""
    found: dict[Ref, None] = {}
    if (said := belongs_to(job)) is not None:
        found[_workload(scene, said)] = None
    for resource in scene.snapshot.all("Pod", "Job", "Workflow", "JobSet", "PyTorchJob", "RayJob"):
        if names(resource) == job.id:
            found[_workload(scene, resource.ref)] = None
    return list(found)


def names(resource: Resource) -> str:
    """The id of the quantum job that the object says it waits for; its pods' template may say so as well."""
    template = resource.map("spec.template.metadata.annotations")
    return resource.annotations.get(ANNOTATION, "") or template.get(ANNOTATION, "")


def pods_of(scene: Scene, waiter: Ref) -> list[Resource]:
    """The pods that the waiting workload has."""
    workload = scene.workload_of.get(waiter)
    if workload is not None:
        return list(workload.live_pods)
    pod = scene.snapshot.get(waiter)
    return [pod] if pod is not None and pod.kind == "Pod" else []


def _workload(scene: Scene, ref: Ref) -> Ref:
    workload = scene.workload_of.get(ref)
    return workload.ref if workload else ref
