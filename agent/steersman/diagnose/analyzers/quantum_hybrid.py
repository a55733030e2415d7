"""Hybrid work that stands still: GPUs are held by pods that can only wait for a quantum job."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from steersman_tools.quantum.types import Job
from steersman_tools.snapshot import Resource
from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding, Output, Symptom
from .. import cite
from ..chains import pods_of, waiters
from ..scene import Scene

STALLED_AFTER = timedelta(minutes=10)
IDLE_USE = 10.0
"""Percent: below this a GPU does nothing worth waiting for."""


def stalls(scene: Scene) -> Iterator[Output]:
    """Workloads whose GPUs are idle because a quantum job has not begun."""
    readings = scene.snapshot.quantum
    for job in readings.jobs if readings else ():
        if not job.pending or job.waited(scene.now) < STALLED_AFTER:
            continue
        for waiter in waiters(scene, job):
            pods = [p for p in pods_of(scene, waiter) if p.text("status.phase") == "Running"]
            held = _devices(scene, pods)
            if held and (use := _use(scene, pods)) is not None and use <= IDLE_USE:
                yield from _stall(scene, job, waiter, held, f"at most {use:g} % used")
            elif held and use is None:
                yield from _stall(scene, job, waiter, held, "use not measured")


def _stall(scene: Scene, job: Job, waiter: Ref, held: float, use: str) -> Iterator[Output]:
    minutes = job.waited(scene.now).total_seconds() / 60
    shown = cite.quantum(scene, job.call, f"{job.id} on {job.backend}: {job.raw_state} since {minutes:.0f} min")
    yield Symptom(
        kind="waiting",
        entity=waiter,
        text=f"{waiter.kind} {waiter.name} holds {held:g} GPUs and waits for quantum job {job.id}",
        observations=(shown,),
    )
    yield Finding(
        fault=Fault.HYBRID_STALL,
        entity=waiter,
        field="spec.suspend",
        observed=f"{held:g} GPUs, {use}, for {minutes:.0f} min while {job.ref} is {job.state}",
        expected="GPUs given to others until the quantum job begins",
        summary=f"{waiter.kind} {waiter.name} holds {held:g} GPUs idle ({use}) while quantum job {job.id} waits on {job.backend or 'its scheduler'}",
        advice="Suspend it until the quantum job is near the head of its queue, or start both together",
        certainty=0.9 if "measured" not in use else 0.7,
        breaks=(waiter,),
        observations=(shown,),
    )


def _devices(scene: Scene, pods: list[Resource]) -> float:
    refs = {p.ref for p in pods}
    return sum(a.count for a in scene.accelerators.allocations if a.pod in refs)


def _use(scene: Scene, pods: list[Resource]) -> float | None:
    """The largest use of any of their devices; None where that of one is not known."""
    refs = {p.ref for p in pods}
    devices = [d for d in scene.accelerators.devices if d.owner and d.owner.pod in refs]
    values = [v if (v := d.value("use-peak")) is not None else d.value("use") for d in devices]
    known = [v for v in values if v is not None]
    return max(known) if known and len(known) == len(values) else None
