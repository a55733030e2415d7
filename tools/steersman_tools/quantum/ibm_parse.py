"""IBM's JSON as our types. Fields that its documents call optional stay absent where it leaves them out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ..fields import Fields, read_time
from . import codes
from .labels import deadline_of, transpiled_of
from .types import (
    Backend,
    BackendStatus,
    Calibration,
    Count,
    Failure,
    GateCalibration,
    Job,
    JobState,
    Limits,
    QubitCalibration,
    Session,
    Usage,
)

_STATES: Mapping[str, JobState] = {
    "queued": "QUEUED",
    "running": "RUNNING",
    "completed": "DONE",
    "cancelled": "CANCELLED",
    "cancelled - ran too long": "FAILED",
    "failed": "FAILED",
}
_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
RAN_TOO_LONG = 1305


def backend(item: Fields, now: datetime, call: str) -> Backend:
    """One entry of GET /backends."""
    name, reason = item.text("status.name"), item.text("status.reason")
    return Backend(
        provider="ibm",
        name=item.text("name"),
        status=_status(name, reason),
        raw_status=name,
        reason="" if reason == "available" else reason,
        simulator=item.flag("is_simulator"),
        qubits=item.integer("qubits"),
        pending=Count(value=found) if (found := item.integer("queue_length")) is not None else None,
        clops=_number(item, "clops.value"),
        observed_at=now,
        call=call,
    )


def _status(name: str, reason: str) -> BackendStatus:
    if "maintenance" in reason.lower() and name != "online":
        return "maintenance"
    match name:
        case "online":
            return "online"
        case "paused":
            return "paused"
        case "offline":
            return "offline"
    return "unknown"


def detailed(found: Backend, configuration: Fields, properties: Calibration | None) -> Backend:
    """The backend with its basis, coupling and limits."""
    coupling = tuple((int(str(a)), int(str(b))) for a, b in _pairs(configuration.get("coupling_map")))
    return found.model_copy(
        update={
            "basis": tuple(configuration.texts("basis_gates")),
            "coupling": coupling,
            "limits": Limits(
                shots=configuration.integer("max_shots"), circuits=configuration.integer("max_experiments")
            ),
            "calibration": properties,
        }
    )


def calibration(body: Fields) -> Calibration:
    """The body of GET /backends/{name}/properties."""
    qubits = tuple(_qubit(i, q) for i, q in enumerate(_lists(body.get("qubits"))))
    gates = tuple(_gate(g) for g in body.each("gates"))
    return Calibration(at=read_time(body.text("last_update_date")), qubits=qubits, gates=gates)


def _qubit(index: int, values: list[Fields]) -> QubitCalibration:
    by = {v.text("name"): v for v in values}
    dates = [d for v in values if (d := read_time(v.text("date")))]
    return QubitCalibration(
        qubit=index,
        at=max(dates, default=None),
        t1_seconds=_seconds(by.get("T1")),
        t2_seconds=_seconds(by.get("T2")),
        readout_error=_number(by["readout_error"], "value") if "readout_error" in by else None,
    )


def _gate(item: Fields) -> GateCalibration:
    error = next((p for p in item.each("parameters") if p.text("name") == "gate_error"), None)
    qubits = item.get("qubits")
    return GateCalibration(
        gate=item.text("gate"),
        qubits=tuple(int(str(q)) for q in qubits) if isinstance(qubits, list) else (),
        error=_number(error, "value") if error else None,
        at=read_time(error.text("date")) if error else None,
    )


def job(item: Fields, now: datetime, call: str) -> Job:
    """One entry of GET /jobs, or the body of GET /jobs/{id}."""
    raw = item.text("state.status") or item.text("status")
    state: JobState = _STATES.get(raw.lower(), "UNKNOWN")
    code = item.integer("state.reason_code")
    if state == "CANCELLED" and code == RAN_TOO_LONG:
        state = "FAILED"
    tags = tuple(item.texts("tags"))
    failure = None
    if state in ("FAILED", "CANCELLED"):
        found = RAN_TOO_LONG if code is None and "too long" in raw.lower() else code
        failure = Failure(
            code=found,
            kind=codes.classify(found),
            reason=item.text("state.reason"),
            solution=item.text("state.reason_solution"),
        )
    return Job(
        provider="ibm",
        id=item.text("id"),
        state=state,
        raw_state=raw,
        observed_at=now,
        name=item.text("program.id"),
        backend=item.text("backend"),
        owner=item.text("user_id"),
        submitted=read_time(item.text("created")),
        started=read_time(item.text("timestamps.running")),
        ended=read_time(item.text("ended")) or read_time(item.text("timestamps.finished")),
        session=item.text("session_id"),
        limit_seconds=float(cost) if (cost := item.integer("cost")) else None,
        quantum_seconds=_number(item, "usage.quantum_seconds"),
        shots=item.integer("params.options.default_shots"),
        deadline=deadline_of(tags),
        transpiled=transpiled_of(tags),
        tags=tags,
        failure=failure,
        call=call,
    )


def measured(found: Job, metrics: Fields) -> Job:
    """The job with what GET /jobs/{id}/metrics adds; position and estimate are optional there."""
    return found.model_copy(
        update={
            "started": read_time(metrics.text("timestamps.running")) or found.started,
            "ended": read_time(metrics.text("timestamps.finished")) or found.ended,
            "position": metrics.integer("position_in_queue"),
            "estimated_start": read_time(metrics.text("estimated_start_time")) if found.pending else None,
            "quantum_seconds": _number(metrics, "usage.quantum_seconds") or found.quantum_seconds,
        }
    )


def session(item: Fields, call: str) -> Session:
    accepts = item.get("accepting_jobs")
    return Session(
        id=item.text("id"),
        provider="ibm",
        backend=item.text("backend_name"),
        mode=item.text("mode"),
        state=item.text("state") or "unknown",
        accepts_jobs=accepts if isinstance(accepts, bool) else None,
        closed_at=read_time(item.text("closed_at")),
        call=call,
    )


def usage(item: Fields, call: str) -> Usage | None:
    """The body of GET /instances/usage; None where it tells no consumption."""
    consumed = _number(item, "usage_consumed_seconds")
    if consumed is None:
        return None
    limit = _number(item, "usage_limit_seconds")
    if limit is None:
        limit = _number(item, "usage_allocation_seconds")
    return Usage(
        provider="ibm",
        consumed_seconds=consumed,
        limit_seconds=limit,
        exhausted=item.flag("usage_limit_reached"),
        call=call,
    )


def _number(item: Fields, path: str) -> float | None:
    value = item.get(path)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _seconds(item: Fields | None) -> float | None:
    value = _number(item, "value") if item else None
    unit = _UNITS.get(item.text("unit")) if item else None
    return value * unit if value is not None and unit is not None else None


def _pairs(value: object) -> list[tuple[object, object]]:
    return [(p[0], p[1]) for p in value if isinstance(p, list) and len(p) == 2] if isinstance(value, list) else []


def _lists(value: object) -> list[list[Fields]]:
    return [[Fields(v) for v in q] for q in value if isinstance(q, list)] if isinstance(value, list) else []
