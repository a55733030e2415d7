"""Quantum backends that take no jobs, or whose errors are old or worse than they were."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from steersman_tools.quantum.types import Backend, Calibration, Job
from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding, Output, Symptom
from .. import cite
from ..chains import waiters
from ..scene import Scene

STALE_AFTER = timedelta(hours=36)
"""An age at which a calibration is old whatever is known of its rhythm: devices in service are calibrated daily."""
RHYTHM = 2.0
"""Older than so many of its own usual intervals."""
WORSE = 3.0
"""A qubit or gate has drifted when its error is so many times its own median, and beyond what it has ever shown."""
LEAST_HISTORY = 3
LATELY = timedelta(days=1)


def stopped(scene: Scene) -> Iterator[Output]:
    """Backends that are not online while jobs of this account wait for them."""
    readings = scene.snapshot.quantum
    for backend in readings.backends if readings else ():
        if backend.status in ("online", "unknown"):
            continue
        waiting = [j for j in readings.jobs if j.backend == backend.name and j.state == "QUEUED"] if readings else []
        if not waiting:
            continue
        yield from (waits(scene, j, f"{backend.name} is {backend.status}") for j in waiting)
        paused = backend.status == "paused"
        why = f" ({backend.reason})" if backend.reason else ""
        yield Finding(
            fault=Fault.BACKEND_PAUSED if paused else Fault.BACKEND_OFFLINE,
            entity=backend.ref,
            field="status",
            observed=f"{backend.raw_status or backend.status}{why}",
            expected="online",
            summary=f"Quantum backend {backend.name} is {backend.status}{why}; {len(waiting)} of your jobs wait there",
            advice="Wait for its return where that is announced, or move the jobs: steersman quantum move JOB",
            certainty=0.97,
            breaks=tuple(r for j in waiting for r in (j.ref, *waiters(scene, j))),
            observations=(cite.quantum(scene, backend.call, _status(backend)),),
        )


def stale(scene: Scene) -> Iterator[Output]:
    """Backends with old calibrations that jobs of this account use."""
    for backend, users in _used(scene):
        at = backend.calibration.at if backend.calibration else None
        if at is None or backend.status != "online":
            continue
        usual = _rhythm(backend)
        if (age := scene.now - at) <= max(STALE_AFTER, usual * RHYTHM):
            continue
        hours = age.total_seconds() / 3600
        yield Finding(
            fault=Fault.CALIBRATION_STALE,
            entity=backend.ref,
            field="last_update_date",
            observed=f"calibrated {hours:.0f} h ago",
            expected=f"every {usual.total_seconds() / 3600:.0f} h, as before" if usual else "daily",
            summary=f"Quantum backend {backend.name} was last calibrated {hours:.0f} h ago; its errors are not known as they are now",
            advice="Compare with a simulator, mitigate errors, or use a backend that is freshly calibrated (steersman quantum backends)",
            certainty=0.86,
            breaks=tuple(j.ref for j in users),
            needs_symptom=False,
            observations=(cite.quantum(scene, backend.call, f"{backend.name} last_update_date: {at:%Y-%m-%d %H:%M}Z"),),
        )


def drifted(scene: Scene) -> Iterator[Output]:
    """Backends of which some qubits or gates are far worse than they used to be, each against its own history."""
    for backend, users in _used(scene):
        if backend.calibration is None or len(backend.history) < LEAST_HISTORY:
            continue
        worse = list(_worse(backend.calibration, backend.history))
        if not worse:
            continue
        names = ", ".join(what for what, _, _ in worse[:6]) + ("…" if len(worse) > 6 else "")
        lines = [
            f"{what}: {now:.3g}, median of {len(backend.history)} calibrations {was:.3g}"
            for what, now, was in worse[:12]
        ]
        yield Finding(
            fault=Fault.CALIBRATION_DRIFTED,
            entity=backend.ref,
            field="properties",
            observed=f"errors of {names} at least {WORSE:g} times their median",
            expected="errors as in the last days",
            summary=f"Quantum backend {backend.name} has {len(worse)} qubits or gates with far larger errors than in the last days: {names}",
            advice="Transpile again so that other qubits are used, or choose another backend (steersman quantum advise CIRCUIT.qasm)",
            certainty=0.9,
            breaks=tuple(j.ref for j in users),
            needs_symptom=False,
            observations=(cite.quantum(scene, backend.call, "\n".join(lines)),),
        )


def _worse(now: Calibration, history: tuple[Calibration, ...]) -> Iterator[tuple[str, float, float]]:
    """What has drifted: its name, its error, and the median before."""
    before: dict[str, list[float]] = {}
    for calibration in history:
        for what, error in _errors(calibration):
            before.setdefault(what, []).append(error)
    for what, error in _errors(now):
        known = before.get(what, [])
        if (
            len(known) >= LEAST_HISTORY
            and error > WORSE * (usual := median(known))
            and error > max(known)
            and usual > 0
        ):
            yield what, error, usual


def _errors(calibration: Calibration) -> Iterator[tuple[str, float]]:
    for qubit in calibration.qubits:
        if qubit.readout_error is not None:
            yield f"readout of {qubit.qubit}", qubit.readout_error
    for gate in calibration.gates:
        if gate.error and gate.error < 1 and (len(gate.qubits) < 2 or gate.qubits[0] < gate.qubits[1]):
            yield f"{gate.gate} {'-'.join(map(str, gate.qubits))}", gate.error


def _rhythm(backend: Backend) -> timedelta:
    """How long it usually is between two calibrations; zero where that is not known."""
    dates = [c.at for c in backend.history if c.at]
    gaps = [(b - a).total_seconds() for a, b in pairwise(dates)]
    return timedelta(seconds=median(gaps)) if len(gaps) >= LEAST_HISTORY - 1 else timedelta()


def _used(scene: Scene) -> Iterator[tuple[Backend, list[Job]]]:
    """The backends that have or lately had jobs of this account, with the jobs that are not over."""
    readings = scene.snapshot.quantum
    for backend in readings.backends if readings else ():
        here = [j for j in readings.jobs if j.backend == backend.name] if readings else []
        if any(j.pending or j.state == "RUNNING" or _recent(scene, j.ended) for j in here):
            yield backend, [j for j in here if j.pending]


def _recent(scene: Scene, moment: datetime | None) -> bool:
    return moment is not None and scene.now - moment < LATELY


def _status(backend: Backend) -> str:
    return f"{backend.name}: {backend.raw_status or backend.status} {backend.reason}; pending {backend.pending or 'unknown'}".replace(
        " ;", ";"
    )


def waits(scene: Scene, job: Job, why: str) -> Symptom:
    """The complaint of a job that does not get on."""
    return Symptom(
        kind="waiting",
        entity=job.ref,
        text=f"quantum job {job.name or job.id} waits: {why}",
        observations=(cite.quantum(scene, job.call, _line(scene, job)),),
    )


def failed(scene: Scene, job: Job) -> Symptom:
    """The complaint of a job that failed."""
    return Symptom(
        kind="errors",
        entity=job.ref,
        text=f"quantum job {job.name or job.id} failed: {job.failure.reason if job.failure else job.raw_state}",
        observations=(cite.quantum(scene, job.call, _line(scene, job)),),
    )


def _line(scene: Scene, job: Job) -> str:
    waited = f", waited {job.waited(scene.now).total_seconds() / 60:.0f} min" if job.submitted else ""
    why = f", {job.waits_for}" if job.waits_for else ""
    code = f", code {job.failure.code}" if job.failure and job.failure.code else ""
    return f"{job.id} on {job.backend or 'no backend'}: {job.raw_state}{why}{code}{waited}"


def account(provider: str) -> Ref:
    """The name of an account with a provider."""
    return Ref("quantum", "Account", provider)
