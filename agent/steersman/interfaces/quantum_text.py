"""What is known of quantum queues, for people: plain tables. What is not known is a dash and never a zero."""

from __future__ import annotations

from datetime import datetime, timedelta

from steersman_tools.quantum.types import Job, QuantumReadings
from steersman_tools.quantum.wait import estimate, start_of
from steersman_tools.types import NotChecked

from ..quantum.advice import Advice
from .gpu_text import table


def backends(readings: QuantumReadings, now: datetime) -> str:
    rows = []
    for b in readings.backends:
        wait = estimate(b, readings.jobs, now)
        cal = b.calibration
        slots = f"{'-' if b.slots_used is None else b.slots_used}/{b.slots}" if b.slots is not None else None
        rows.append((
            b.name, b.provider, f"{b.status}{f' ({b.reason})' if b.reason else ''}", b.qubits, b.pending, slots,
            f"{_span(wait.seconds)} ({wait.method})" if wait else None, _ago(cal.at, now) if cal else None,
            _share(cal.two_qubit_median) if cal else None, _share(cal.readout_median) if cal else None, b.limits.shots,
        ))  # fmt: skip
    heads = (
        "BACKEND",
        "PROVIDER",
        "STATUS",
        "QUBITS",
        "PENDING",
        "SLOTS",
        "WAIT",
        "CALIBRATED",
        "2Q ERROR",
        "READOUT",
        "MAX SHOTS",
    )
    used = "".join(
        f"{u.provider}: {u.consumed_seconds:g} s used"
        + (f" of {u.limit_seconds:g} s" if u.limit_seconds is not None else "; no limit is told")
        + (" (used up)\n" if u.exhausted else "\n")
        for u in readings.usage
    )
    return (table(heads, rows) if rows else "No backends.\n") + used + gaps(readings.not_checked)


def jobs(readings: QuantumReadings, now: datetime) -> str:
    rows = []
    for j in sorted(readings.jobs, key=lambda j: (not j.pending, -(j.submitted.timestamp() if j.submitted else 0))):
        start = start_of(j, readings.backend(j.backend), readings.jobs, now) if j.state == "QUEUED" else None
        why = j.waits_for or (f"{j.failure.code or ''} {j.failure.kind}".strip() if j.failure else "")
        rows.append((
            j.id, j.provider, j.backend, j.state, j.raw_state, j.position, f"{start[0]:%m-%d %H:%M}Z" if start else None,
            _span(j.waited(now).total_seconds()) if j.submitted else None, j.priority, why,
        ))  # fmt: skip
    heads = ("JOB", "PROVIDER", "BACKEND", "STATE", "RAW", "POSITION", "STARTS", "WAITED", "PRIORITY", "WHY")
    return (table(heads, rows) if rows else "No jobs.\n") + gaps(readings.not_checked)


def job(found: Job, readings: QuantumReadings, now: datetime) -> str:
    start = start_of(found, readings.backend(found.backend), readings.jobs, now) if found.state == "QUEUED" else None
    lines = [
        f"{found.ref}: {found.state} ({found.raw_state}) on {found.backend or 'no backend'}",
        f"submitted {_at(found.submitted)}, waited {_span(found.waited(now).total_seconds()) if found.submitted else '-'}",
    ]
    if start:
        lines.append(
            f"expected to start at {_at(start[0])} ({start[1]})"
            + (f", position {found.position}" if found.position else "")
        )
    if found.waits_for:
        lines.append(f"the scheduler says: {found.waits_for}")
    if found.failure:
        code = f" {found.failure.code}" if found.failure.code else ""
        lines.append(f"failed:{code} ({found.failure.kind}) {found.failure.reason}")
    if found.deadline:
        lines.append(f"should be done by {_at(found.deadline)}")
    return "\n".join(lines) + "\n"


def advice(answer: Advice) -> str:
    size = answer.circuit
    head = (
        f"{size.qubits} qubits, depth {size.depth}, {size.two_qubit} two-qubit gates as written; {answer.shots} shots\n"
    )
    rows = [
        (
            p.backend, p.provider, p.pending, _span(p.wait_seconds) if p.wait_seconds is not None else None,
            _span(p.run_seconds) if p.run_seconds is not None else None, p.two_qubit, p.depth,
            _share(p.success), p.why_not or "; ".join(p.notes) or p.method,
        )
        for p in answer.places
    ]  # fmt: skip
    heads = ("BACKEND", "PROVIDER", "PENDING", "WAIT", "RUN", "2Q GATES", "DEPTH", "RIGHT", "NOTE")
    best = f"Best: {answer.best}\n" if answer.best else "No backend does.\n"
    return head + table(heads, rows) + best + gaps(answer.not_checked)


def gaps(found: tuple[NotChecked, ...]) -> str:
    return "".join(f"not checked: {n.what}: {n.why}\n" for n in found)


def _span(seconds: float) -> str:
    whole = timedelta(seconds=round(seconds))
    if whole < timedelta(minutes=2):
        return f"{whole.total_seconds():.0f} s"
    if whole < timedelta(hours=2):
        return f"{whole.total_seconds() / 60:.0f} min"
    return f"{whole.total_seconds() / 3600:.1f} h"


def _ago(moment: datetime | None, now: datetime) -> str | None:
    return f"{_span((now - moment).total_seconds())} ago" if moment else None


def _share(value: float | None) -> str | None:
    return None if value is None else f"{value:.2%}"


def _at(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}Z" if moment else "-"
