"""Quantum jobs that a scheduler does not start: held, no licence, a drained node, an unknown QPU, or a queue too long for a deadline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from steersman_tools.quantum.types import Backend, Job, QuantumReadings
from steersman_tools.quantum.wait import start_of
from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..chains import waiters
from ..scene import Scene
from .quantum_backends import waits

PATIENCE = timedelta(minutes=5)
"""As long as a job may wait for a licence before that counts as trouble."""
_DRAINED = ("DRAIN", "DRAINED", "DRAINING", "DOWN", "FAIL", "FAILING", "NOT_RESPONDING")


def held(scene: Scene) -> Iterator[Output]:
    """Jobs that will not start until somebody releases them."""
    for job in _jobs(scene):
        if job.state != "HELD":
            continue
        who = {"user": "its owner", "admin": "an administrator"}.get(job.held_by, "somebody")
        yield waits(scene, job, f"held by {who}")
        yield Finding(
            fault=Fault.JOB_HELD,
            entity=job.ref,
            field="spec.held",
            observed=f"held by {who}",
            expected="released",
            summary=f"Quantum job {job.name or job.id} is held by {who} and will not start",
            advice="Ask who held it; then steersman quantum release " + job.id,
            certainty=0.96,
            breaks=(job.ref, *waiters(scene, job)),
            observations=(cite.quantum(scene, job.call, f"{job.id}: {job.raw_state} {job.waits_for}"),),
        )


def licences(scene: Scene) -> Iterator[Output]:
    """QPUs all of whose licences are taken while jobs wait for them longer than is usual."""
    readings = scene.snapshot.quantum
    for backend in readings.backends if readings else ():
        waiting = [j for j in _jobs(scene) if _lacks_licence(scene, j, backend)]
        if readings is None or not waiting:
            continue
        holders = [j for j in readings.jobs if j.state == "RUNNING" and backend.name in j.licences]
        yield from (waits(scene, j, f"no licence of {backend.name} is free") for j in waiting)
        who = ", ".join(f"{j.id} ({j.owner or 'unknown owner'})" for j in holders) or "jobs that are not shown to you"
        taken = backend.slots if backend.slots_used is None else backend.slots_used
        yield Finding(
            fault=Fault.LICENCE_EXHAUSTED,
            entity=backend.ref,
            field="licences",
            observed=f"{taken} of {backend.slots} taken by {who}",
            expected=f"one free for {len(waiting)} waiting",
            summary=f"All licences of QPU {backend.name} are taken by {who}; {len(waiting)} of your jobs wait",
            advice="Ask the holder; requeue or cancel what is stuck, or let the jobs use another QPU",
            certainty=0.96,
            breaks=tuple(r for j in waiting for r in (j.ref, *waiters(scene, j))),
            observations=(
                cite.quantum(scene, backend.call, f"{backend.name}: {taken} of {backend.slots} used; held by {who}"),
            ),
        )


def drained(scene: Scene) -> Iterator[Output]:
    """Nodes of a scheduler that are out of service while quantum jobs wait for nodes."""
    readings = scene.snapshot.quantum
    for machine in readings.machines if readings else ():
        waiting = [
            j
            for j in _jobs(scene)
            if j.provider == machine.provider and j.state == "QUEUED" and _lacks_node(j, machine.name)
        ]
        if not waiting or not set(machine.states) & set(_DRAINED):
            continue
        yield from (waits(scene, j, f"node {machine.name} is {'+'.join(machine.states)}") for j in waiting)
        why = f": {machine.reason}" if machine.reason else ""
        yield Finding(
            fault=Fault.BACKEND_PAUSED,
            entity=Ref("quantum", "Machine", machine.name),
            field="state",
            observed=f"{'+'.join(machine.states)}{why}",
            expected="in service",
            summary=f"Scheduler node {machine.name}, through which quantum jobs go, is {'+'.join(machine.states)}{why}; {len(waiting)} jobs wait",
            advice=f"When its work is done: scontrol update nodename={machine.name} state=resume",
            certainty=0.95,
            breaks=tuple(r for j in waiting for r in (j.ref, *waiters(scene, j))),
            observations=(
                cite.quantum(scene, machine.call, f"{machine.name}: {'+'.join(machine.states)} {machine.reason}"),
            ),
        )


def ignored(scene: Scene) -> Iterator[Output]:
    """Jobs that name a QPU which the plug-in does not know: it says nothing, and they run without any."""
    readings = scene.snapshot.quantum
    if readings is None:
        return
    for job in readings.jobs:
        if not job.asked_qpu or job.state in ("CANCELLED", "UNKNOWN"):
            continue
        known = {b.name for b in readings.backends if b.provider == job.provider}
        missing = [
            q for q in job.asked_qpu.split(",") if q not in (known if job.got_qpu is None else job.got_qpu.split(","))
        ]
        if not missing or (job.got_qpu is None and not known):
            continue
        names = ", ".join(missing)
        yield Finding(
            fault=Fault.QPU_NAME_IGNORED,
            entity=job.ref,
            field="--qpu",
            observed=names,
            expected=f"one of {', '.join(sorted(known)) or 'those of qrmi_config.json'}",
            summary=f"Job {job.name or job.id} asks for QPU {names}, which the scheduler does not know and silently ignores: it runs without",
            advice="Cancel it, put the name right, and submit it again",
            certainty=0.95,
            breaks=(job.ref, *waiters(scene, job)),
            needs_symptom=False,
            observations=(cite.quantum(scene, f"scontrol write batch_script {job.id} -", f"--qpu={job.asked_qpu}; known: {', '.join(sorted(known))}"),),
        )  # fmt: skip


def slow(scene: Scene) -> Iterator[Output]:
    """Jobs that will miss their deadline if the queue goes on as it does."""
    readings = scene.snapshot.quantum
    for job in _jobs(scene):
        if readings is None or job.deadline is None or job.state != "QUEUED":
            continue
        backend = readings.backend(job.backend)
        if backend is not None and backend.status != "online":
            continue
        known = start_of(job, backend, readings.jobs, scene.now)
        if known is None or known[0] <= job.deadline:
            continue
        start, method = known
        yield waits(
            scene, job, f"it should be done by {job.deadline:%H:%M}Z and is expected to start at {start:%H:%M}Z"
        )
        yield Finding(
            fault=Fault.QUEUE_SLOW,
            entity=job.ref,
            field="estimatedStart",
            observed=f"expected to start at {start:%Y-%m-%d %H:%M}Z ({method})",
            expected=f"done by {job.deadline:%Y-%m-%d %H:%M}Z",
            summary=f"Quantum job {job.name or job.id} will miss its deadline: {_queue(backend, readings)}",
            advice=f"Move it to a shorter queue (steersman quantum move {job.id}), or give it priority where the scheduler has one",
            certainty=0.88,
            breaks=(job.ref, *waiters(scene, job)),
            observations=(
                cite.quantum(
                    scene, job.call, f"{job.id}: position {job.position or 'unknown'}, start {start:%H:%M}Z ({method})"
                ),
            ),
        )


def _queue(backend: Backend | None, readings: QuantumReadings) -> str:
    if backend is None or backend.pending is None:
        return "its queue is too long"
    others = [
        f"{b.name} {b.pending}"
        for b in readings.backends
        if b.name != backend.name and b.status == "online" and b.pending
    ]
    return f"{backend.pending} jobs are pending on {backend.name}" + (
        f"; elsewhere: {', '.join(others)}" if others else ""
    )


def _jobs(scene: Scene) -> tuple[Job, ...]:
    readings = scene.snapshot.quantum
    return tuple(j for j in readings.jobs if j.pending) if readings else ()


def _lacks_licence(scene: Scene, job: Job, backend: Backend) -> bool:
    waits_long = job.waited(scene.now) >= PATIENCE
    return (
        job.waits_for == "Licenses" and backend.name in job.licences and backend.provider == job.provider and waits_long
    )


def _lacks_node(job: Job, node: str) -> bool:
    return job.waits_for in (
        "Resources",
        "ReqNodeNotAvail",
        "Nodes required for job are DOWN, DRAINED or reserved",
    ) or ("DRAIN" in job.waits_for.upper() or node in job.waits_for)
