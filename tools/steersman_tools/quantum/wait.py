"""How long a quantum job will wait. The provider's own estimate, else the pace at which this queue was seen to move, else what the
account's own jobs took. Each estimate says how it was made; where nothing is known there is none."""

from __future__ import annotations

from datetime import datetime
from statistics import mean, median

from ..types import Frozen
from .types import Backend, Job


class Wait(Frozen):
    """Seconds until a job would start, and how that was worked out."""

    seconds: float
    method: str


def estimate(
    backend: Backend, jobs: tuple[Job, ...], now: datetime, seconds_per_job: float | None = None
) -> Wait | None:
    """The wait of a job that is submitted there now. `seconds_per_job`: the pace that was seen (see `pace`)."""
    if backend.status != "online":
        return None
    if backend.average_wait_seconds is not None:
        return Wait(seconds=backend.average_wait_seconds, method="the provider's average")
    if backend.pending is None:
        return None
    if backend.pending.value == 0:
        return Wait(seconds=0.0, method="nothing waits there")
    if backend.learnt_wait_seconds is not None:
        return Wait(seconds=backend.learnt_wait_seconds, method="the pace that this queue was seen to have")
    if (told := _pace_told(backend, jobs, now)) is not None:
        return Wait(seconds=backend.pending.value * told, method="pending × the provider's estimate a place")
    took = [t for j in jobs if j.backend == backend.name and (t := _took(j)) is not None]
    if not took:
        return None
    return Wait(seconds=backend.pending.value * mean(took), method="pending × mean duration of own jobs")


def start_of(job: Job, backend: Backend | None, jobs: tuple[Job, ...], now: datetime) -> tuple[datetime, str] | None:
    """When a job that waits will start, and how that is known."""
    if job.estimated_start is not None:
        return job.estimated_start, "the provider's estimate"
    if backend is None:
        return None
    found = estimate(backend, jobs, now)
    if found is None:
        return None
    share = 1.0
    if job.position is not None and backend.pending is not None and backend.pending.value:
        share = min(job.position / backend.pending.value, 1.0)
    return datetime.fromtimestamp(now.timestamp() + found.seconds * share, now.tzinfo), found.method


def _pace_told(backend: Backend, jobs: tuple[Job, ...], now: datetime) -> float | None:
    """Seconds a place, by what the provider expects of own jobs that wait there."""
    told = [
        (j.estimated_start - now).total_seconds() / j.position
        for j in jobs
        if j.backend == backend.name
        and j.state == "QUEUED"
        and j.estimated_start
        and j.position
        and j.estimated_start > now
    ]
    return median(told) if told else None


def _took(job: Job) -> float | None:
    if job.state != "DONE" or job.started is None or job.ended is None:
        return None
    return (job.ended - job.started).total_seconds()
