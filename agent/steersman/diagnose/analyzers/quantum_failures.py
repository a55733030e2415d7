"""Quantum jobs that failed, by the class of the provider's code; sessions that are closed, and budgets that are used up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from steersman_tools.quantum import codes
from steersman_tools.quantum.documents import LIKE
from steersman_tools.quantum.types import Backend, Job, QuantumReadings

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..chains import waiters
from ..scene import Scene
from .quantum_backends import account, failed, waits

LATELY = timedelta(days=1)
_FAULTS: Mapping[str, Fault] = {
    "isa-mismatch": Fault.ISA_MISMATCH,
    "session-closed": Fault.SESSION_CLOSED,
    "ran-too-long": Fault.RAN_TOO_LONG,
    "over-limit": Fault.QUANTUM_OVER_LIMIT,
    "too-large": Fault.QUANTUM_OVER_LIMIT,
    "service": Fault.QUANTUM_SERVICE_ERROR,
    "rate-limit": Fault.QUANTUM_SERVICE_ERROR,
    "backend-unavailable": Fault.QUANTUM_SERVICE_ERROR,
}
_EXPECTED: Mapping[Fault, str] = {
    Fault.ISA_MISMATCH: "circuits transpiled for the backend as it is calibrated now",
    Fault.SESSION_CLOSED: "an open session, or none",
    Fault.RAN_TOO_LONG: "an end within its limit",
    Fault.QUANTUM_OVER_LIMIT: "no more than the backend takes",
}


def failures(scene: Scene) -> Iterator[Output]:
    """Jobs that failed lately and that nobody has repeated."""
    readings = scene.snapshot.quantum
    for job in readings.jobs if readings else ():
        old = job.ended is not None and scene.now - job.ended > LATELY
        if readings is None or job.state != "FAILED" or job.failure is None or old or repeated(readings, job):
            continue
        yield failed(scene, job)
        fault = _FAULTS.get(job.failure.kind, Fault.QUANTUM_JOB_FAILED)
        code = f"code {job.failure.code}: " if job.failure.code else ""
        yield Finding(
            fault=fault,
            entity=job.ref,
            field="state",
            observed=f"{code}{job.failure.reason or job.raw_state}",
            expected=_EXPECTED.get(fault, "done"),
            summary=f"Quantum job {job.name or job.id} on {job.backend} failed: {fault.sentence[0].lower()}{fault.sentence[1:].rstrip('.')}",
            advice=codes.remedy(job.failure) or "Read the job's log at its provider",
            certainty=0.95 if fault != Fault.QUANTUM_JOB_FAILED else 0.7,
            breaks=(job.ref, *waiters(scene, job)),
            observations=(cite.quantum(scene, job.call, f"{job.id}: {job.raw_state}, {code}{job.failure.reason}"),),
        )


def foreseen(scene: Scene) -> Iterator[Output]:
    """Jobs that wait and cannot succeed: compiled for another device, or over couplings that are now out of service."""
    readings = scene.snapshot.quantum
    for job in readings.jobs if readings else ():
        backend = readings.backend(job.backend) if readings else None
        why = _unfit(job, backend) if job.pending and backend else ""
        if not why:
            continue
        yield waits(scene, job, f"to fail: {why}")
        yield Finding(
            fault=Fault.ISA_MISMATCH,
            entity=job.ref,
            field="isa",
            observed=why,
            expected=f"circuits transpiled for {job.backend} as it is calibrated now",
            summary=f"Quantum job {job.name or job.id} waits and will fail: {why}",
            advice="Transpile it again for the backend as it is now; it loses its place in the queue",
            certainty=0.9,
            breaks=(job.ref, *waiters(scene, job)),
            observations=(cite.quantum(scene, job.call, f"{job.id}: {why}"),),
        )


def closed_sessions(scene: Scene) -> Iterator[Output]:
    """Jobs that wait in a session which takes no more."""
    readings = scene.snapshot.quantum
    for session in readings.sessions if readings else ():
        if session.state != "closed" or readings is None:
            continue
        for job in (j for j in readings.jobs if j.session == session.id and j.pending):
            yield waits(scene, job, f"its session {session.id} is closed")
            yield Finding(
                fault=Fault.SESSION_CLOSED,
                entity=job.ref,
                field="session_id",
                observed=f"session {session.id} is closed",
                expected="an open session, or none",
                summary=f"Quantum job {job.name or job.id} waits in session {session.id}, which is closed",
                advice="Submit it again in a new session or without one",
                certainty=0.9,
                breaks=(job.ref, *waiters(scene, job)),
                observations=(
                    cite.quantum(scene, session.call, f"{session.id}: {session.state}, closed at {session.closed_at}"),
                ),
            )


def budgets(scene: Scene) -> Iterator[Output]:
    """Accounts whose quantum time is used up: nothing more is accepted."""
    readings = scene.snapshot.quantum
    for usage in readings.usage if readings else ():
        if not (usage.exhausted or usage.remaining_seconds == 0.0):
            continue
        waiting = [j for j in readings.jobs if j.provider == usage.provider and j.pending] if readings else []
        yield from (waits(scene, j, "the account's quantum time is used up") for j in waiting)
        limit = f"{usage.limit_seconds:g}" if usage.limit_seconds is not None else "its limit"
        yield Finding(
            fault=Fault.BUDGET_EXHAUSTED,
            entity=account(usage.provider),
            field="usage_limit_reached",
            observed=f"{usage.consumed_seconds:g} of {limit} s used",
            expected="time left",
            summary=f"The quantum time of this {usage.provider} account is used up: {usage.consumed_seconds:g} of {limit} s",
            advice="Ask the instance's owner for more, or wait for the next period; steersman never changes a plan that costs money",
            certainty=0.97,
            breaks=tuple(j.ref for j in waiting),
            needs_symptom=False,
            observations=(cite.quantum(scene, usage.call, f"consumed {usage.consumed_seconds:g} s, limit {limit} s"),),
        )


def repeated(readings: QuantumReadings, job: Job) -> bool:
    """Whether a job that has not failed stands in this one's place."""
    again = (j for j in readings.jobs if f"{LIKE}{job.id}" in j.tags)
    return any(j.state not in ("FAILED", "CANCELLED") for j in again)


def _unfit(job: Job, backend: Backend) -> str:
    isa = job.transpiled
    if isa is None:
        return ""
    if isa.backend and isa.backend != backend.name:
        return f"it was transpiled for {isa.backend}"
    calibration = backend.calibration
    if isa.at is None or calibration is None or calibration.at is None or isa.at >= calibration.at:
        return ""
    was = backend.history[-1] if backend.history else None
    dead = {g.qubits for g in calibration.gates if g.error is not None and g.error >= 1 and len(g.qubits) == 2}
    dead -= {g.qubits for g in was.gates if g.error is not None and g.error >= 1} if was else set()
    if not dead:
        return ""
    pairs = ", ".join("-".join(map(str, q)) for q in sorted(dead) if q[0] < q[1])
    return f"it was transpiled before the calibration of {calibration.at:%Y-%m-%d %H:%M}Z, since which {pairs} are out of service"
