"""Hybrid work: a Job of the cluster that holds GPUs and waits for a quantum job is one chain, diagnosed across both."""

from __future__ import annotations

from datetime import timedelta

import pytest

from steersman.diagnose import examine
from steersman.plan import plans
from steersman.types import Diagnosis
from steersman_tools.quantum.types import Backend, Count, Job, QuantumReadings
from steersman_tools.snapshot import Snapshot
from steersman_tools.testing import NOW, Stage
from steersman_tools.types import Ref

JOB = Ref("lab", "Job", "vqe")


def scene(backend: str = "online", *, by: str = "annotation", waited: timedelta = timedelta(minutes=40)) -> Snapshot:
    """A Job with a pod on a GPU node, and the quantum job that it waits for."""
    stage = Stage()
    notes = {"quantum.steersman.dev/job": "d1"} if by == "annotation" else {}
    spec = {
        "containers": [
            {
                "name": "main",
                "image": "vqe:1",
                "resources": {"limits": {"nvidia.com/gpu": "4"}, "requests": {"nvidia.com/gpu": "4"}},
            }
        ]
    }
    stage.put({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": "gpu-1", "labels": {"kubernetes.io/hostname": "gpu-1"}},
        "status": {"capacity": {"nvidia.com/gpu": "8", "cpu": "64", "memory": "512Gi", "pods": "110"},
                   "allocatable": {"nvidia.com/gpu": "8", "cpu": "64", "memory": "512Gi", "pods": "110"},
                   "conditions": [{"type": "Ready", "status": "True"}]},
    })  # fmt: skip
    stage.put({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "vqe", "namespace": "lab", "uid": "j1", "annotations": notes},
        "spec": {"suspend": False, "parallelism": 1, "completions": 1, "template": {"spec": spec}}, "status": {"active": 1, "ready": 1},
    })  # fmt: skip
    owner = [{"apiVersion": "batch/v1", "kind": "Job", "name": "vqe", "uid": "j1", "controller": True}]
    stage.put({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "vqe-x", "namespace": "lab", "ownerReferences": owner},
        "spec": {**spec, "nodeName": "gpu-1"},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
                   "containerStatuses": [{"name": "main", "ready": True, "state": {"running": {}}}]},
    })  # fmt: skip
    waiting = Job(
        provider="ibm", id="d1", state="QUEUED", raw_state="Queued", observed_at=NOW, backend="ibm_fez", submitted=NOW - waited,
        tags=("k8s:lab/Job/vqe",) if by == "tag" else (), call="curl …/jobs/d1",
    )  # fmt: skip
    status = "online" if backend == "online" else "offline"
    fez = Backend(
        provider="ibm", name="ibm_fez", status=status, observed_at=NOW, pending=Count(value=300), call="curl …/backends"
    )
    return Snapshot(
        **{
            **stage.snapshot().__dict__,
            "quantum": QuantumReadings((fez,), (waiting,), able={"ibm": frozenset({"cancel"})}),
        }
    )


def conclude(snapshot: Snapshot) -> Diagnosis:
    return examine(snapshot).conclude()


@pytest.mark.parametrize("by", ["annotation", "tag"])
def test_idle_gpus_behind_a_long_queue(by: str) -> None:
    """Either side may name the other; the Job that holds the GPUs is the cause, and it can be suspended."""
    snapshot = scene(by=by)
    first = conclude(snapshot).causes[0]
    assert (first.fault, first.entity) == ("hybrid-stall", JOB)
    options = plans(first, examine(snapshot).scene)
    assert [s.action.do for s in options[0].steps] == ["Suspend"]
    assert options[0].steps[0].reversible


def test_the_backend_is_the_cause_of_both_sides() -> None:
    """When the backend is away it explains the quantum job and, over it, the cluster's Job."""
    first = conclude(scene("offline")).causes[0]
    assert (first.fault, str(first.entity)) == ("backend-offline", "quantum/Backend/ibm_fez")
    assert {str(r) for r in first.explains} >= {"quantum/QuantumJob/ibm.d1", "lab/Job/vqe"}


def test_a_short_wait_is_no_stall() -> None:
    """Some minutes in a queue are nothing wrong."""
    assert conclude(scene(waited=timedelta(minutes=3))).healthy
