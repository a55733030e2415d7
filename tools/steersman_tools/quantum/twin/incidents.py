"""Incidents on the twin: each breaks a healthy account in one way. Tests and evaluations play the same ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from pydantic import JsonValue

from .state import Twin, TwinJob, Verdict

HOUR = 3600.0
PROGRAM: dict[str, JsonValue] = {"pubs": [], "options": {"default_shots": 1000}, "version": 2}


@dataclass(frozen=True)
class Incident:
    """What is broken, what should be named for it, and whether steersman may and can put it right."""

    name: str
    fault: str
    kind: str
    """The kind of the entity that should be named."""
    healed: bool
    breaks: Callable[[Twin], str]
    """Breaks the account; returns the name of the entity."""
    circuits: bool = False
    """Whether its remedy compiles circuits again: needs the extra `quantum`."""


def _submit(
    twin: Twin,
    backend: str,
    *tags: str,
    cost: int = 0,
    session: str | None = None,
    params: Mapping[str, JsonValue] = PROGRAM,
) -> TwinJob:
    return twin.submit(backend, "sampler", dict(params), list(tags), cost, session)


def _pass(twin: Twin, seconds: float) -> None:
    """Time passes and the queues move, a step at a time."""
    move = getattr(twin.clock, "advance", None)
    assert move is not None, "incidents are played on a clock that can be moved"
    for _ in range(int(seconds // 30)):
        move(30)
        twin.tick()


def _fails(twin: Twin, verdict: Verdict | None, **how: object) -> str:
    if verdict:
        twin.verdicts["ibm_torino"] = verdict
    job = _submit(twin, "ibm_torino", **how)  # type: ignore[arg-type]
    _pass(twin, 600)
    assert job.status not in ("Queued", "Running", "Completed"), job.status
    return f"ibm.{job.id}"


def _offline(twin: Twin) -> str:
    _submit(twin, "ibm_fez")
    twin.backends["ibm_fez"].state, twin.backends["ibm_fez"].reason = "offline", "internal"
    _pass(twin, HOUR)
    return "ibm_fez"


def _maintenance(twin: Twin) -> str:
    _submit(twin, "ibm_fez")
    twin.backends["ibm_fez"].state, twin.backends["ibm_fez"].reason = "offline", "maintenance"
    _pass(twin, HOUR)
    return "ibm_fez"


def _paused(twin: Twin) -> str:
    _submit(twin, "ibm_torino")
    twin.backends["ibm_torino"].state, twin.backends["ibm_torino"].reason = "paused", "queue paused by the operator"
    _pass(twin, HOUR)
    return "ibm_torino"


def _stale(twin: Twin) -> str:
    _submit(twin, "ibm_fez")
    twin.backends["ibm_fez"].device.calibrated_at -= timedelta(days=4)
    return "ibm_fez"


def _drifted(twin: Twin) -> str:
    _submit(twin, "ibm_fez")
    twin.backends["ibm_fez"].device.worse = {3: 6.0, 4: 5.0}
    return "ibm_fez"


def _isa_of_another(twin: Twin) -> str:
    twin.backends["ibm_marrakesh"].mean_seconds = 120
    job = _submit(twin, "ibm_marrakesh", f"isa:ibm_fez@{twin.clock.now():%Y-%m-%dT%H:%M:%SZ}")
    return f"ibm.{job.id}"


def _recalibrated(twin: Twin) -> str:
    before = twin.clock.now()
    twin.backends["ibm_marrakesh"].mean_seconds = 600
    job = _submit(twin, "ibm_marrakesh", f"isa:ibm_marrakesh@{before:%Y-%m-%dT%H:%M:%SZ}")
    _pass(twin, HOUR)
    device = twin.backends["ibm_marrakesh"].device
    device.calibrated_at, device.dead_edges = twin.clock.now(), {(2, 3)}
    return f"ibm.{job.id}"


def _session(twin: Twin) -> str:
    return _fails(twin, Verdict(1217, "Error code 1217; Session has been closed."))


def _too_long(twin: Twin) -> str:
    twin.backends["ibm_torino"].mean_seconds = 50
    return _fails(twin, None, cost=40)


def _budget(twin: Twin) -> str:
    _submit(twin, "ibm_fez")
    twin.used_seconds = twin.limit_seconds
    return "ibm"


def _deadline(twin: Twin) -> str:
    twin.backends["ibm_fez"].mean_seconds = 900
    due = twin.clock.now() + timedelta(hours=1)
    job = _submit(twin, "ibm_fez", f"deadline:{due:%Y-%m-%dT%H:%M:%SZ}")
    return f"ibm.{job.id}"


def _shots(twin: Twin) -> str:
    twin.backends["ibm_torino"].device.max_shots = 5000
    return _fails(twin, None, params={**PROGRAM, "options": {"default_shots": 8000}})


def _service(twin: Twin) -> str:
    return _fails(twin, Verdict(5203, "Error code 5203; internal error"))


def _unknown(twin: Twin) -> str:
    return _fails(twin, Verdict(9876, "Error code 9876; something new", "Call us."))


INCIDENTS: tuple[Incident, ...] = (
    Incident("the backend is offline", "backend-offline", "Backend", True, _offline, circuits=True),
    Incident("the backend is in maintenance", "backend-offline", "Backend", True, _maintenance, circuits=True),
    Incident("the queue is paused", "backend-paused", "Backend", True, _paused, circuits=True),
    Incident("the calibration is four days old", "calibration-stale", "Backend", False, _stale),
    Incident("two qubits are far worse than they were", "calibration-drifted", "Backend", False, _drifted),
    Incident("the circuit was compiled for another device", "isa-mismatch", "QuantumJob", True, _isa_of_another, circuits=True),
    Incident("a coupling is dead since it was compiled", "isa-mismatch", "QuantumJob", True, _recalibrated, circuits=True),
    Incident("the session was closed", "session-closed", "QuantumJob", True, _session),
    Incident("the job ran too long", "ran-too-long", "QuantumJob", True, _too_long),
    Incident("the budget is used up", "budget-exhausted", "Account", False, _budget),
    Incident("the queue is too long for the deadline", "queue-slow", "QuantumJob", True, _deadline, circuits=True),
    Incident("too many shots", "quantum-over-limit", "QuantumJob", True, _shots),
    Incident("the service failed", "quantum-service-error", "QuantumJob", True, _service),
    Incident("a code that nobody knows", "quantum-job-failed", "QuantumJob", False, _unknown),
)  # fmt: skip
