"""Tags by which a quantum job says what it belongs to. Every provider keeps tags or a comment, none has fields for these.

`k8s:shop/Job/vqe` the Kubernetes object that waits for it · `deadline:2026-11-21T15:00:00Z` · `isa:ibm_fez@2026-11-21T06:00:00Z`
what its circuits were compiled for, and the date of that calibration.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ..fields import read_time
from ..types import Ref
from .types import Job, Transpiled

K8S, DEADLINE, ISA = "k8s:", "deadline:", "isa:"
ANNOTATION = "quantum.steersman.dev/job"
"""On a pod, Job or Workflow: the id of the quantum job that it waits for."""


def belongs_to(job: Job) -> Ref | None:
    """The Kubernetes object that waits for the job, by the job's own tags."""
    for tag in (*job.tags, *job.comment.split()):
        if tag.startswith(K8S):
            try:
                return Ref.parse(tag.removeprefix(K8S))
            except ValueError:
                return None
    return None


def deadline_of(tags: Iterable[str]) -> datetime | None:
    return next((read_time(t.removeprefix(DEADLINE)) for t in tags if t.startswith(DEADLINE)), None)


def transpiled_of(tags: Iterable[str]) -> Transpiled | None:
    found = next((t.removeprefix(ISA) for t in tags if t.startswith(ISA)), None)
    if found is None:
        return None
    backend, _, at = found.partition("@")
    return Transpiled(backend=backend, at=read_time(at) if at else None)
