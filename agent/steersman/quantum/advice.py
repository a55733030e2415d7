"""Where a circuit should go: what fits, how long it will take there, and how much of it will be right."""

from __future__ import annotations

from datetime import datetime

from steersman_tools.quantum import circuits
from steersman_tools.quantum.types import Backend, QuantumReadings
from steersman_tools.quantum.wait import estimate
from steersman_tools.types import Frozen, NotChecked

GOOD_ENOUGH = 0.5
"""A backend counts as good where it gets right at least this share of what the best one does."""


class Place(Frozen):
    """One backend for the circuit; `why_not` where it does not do."""

    provider: str
    backend: str
    why_not: str = ""
    pending: str = ""
    wait_seconds: float | None = None
    wait_method: str = ""
    run_seconds: float | None = None
    depth: int | None = None
    two_qubit: int | None = None
    success: float | None = None
    method: str = ""
    notes: tuple[str, ...] = ()

    @property
    def total_seconds(self) -> float | None:
        return None if self.wait_seconds is None else self.wait_seconds + (self.run_seconds or 0.0)


class Advice(Frozen):
    """All backends, the best first."""

    circuit: circuits.Size
    shots: int
    places: tuple[Place, ...]
    best: str = ""
    not_checked: tuple[NotChecked, ...] = ()


def advise(text: str, shots: int, least: float, readings: QuantumReadings, now: datetime) -> Advice:
    """Ranks every backend. `least`: the error budget as the least share that must be right, 0..1. Raises ToolFailed."""
    size = circuits.read(text)
    places = [_place(text, size, shots, b, readings, now) for b in readings.backends]
    best = max((p.success for p in places if not p.why_not and p.success is not None), default=None)
    judged = [_judged(p, least, best) for p in places]
    ranked = tuple(sorted(judged, key=_order))
    return Advice(
        circuit=size,
        shots=shots,
        places=ranked,
        best=ranked[0].backend if ranked and not ranked[0].why_not else "",
        not_checked=readings.not_checked,
    )


def _place(
    text: str, size: circuits.Size, shots: int, backend: Backend, readings: QuantumReadings, now: datetime
) -> Place:
    place = Place(provider=backend.provider, backend=backend.name, pending=str(backend.pending or ""))
    if backend.status != "online":
        return place.model_copy(update={"why_not": f"{backend.status} {backend.reason}".strip()})
    if backend.qubits is not None and size.qubits > backend.qubits:
        return place.model_copy(update={"why_not": f"the circuit has {size.qubits} qubits, it has {backend.qubits}"})
    if backend.qubits is None and backend.slots is not None:
        return place.model_copy(update={"why_not": "its scheduler does not say what device it is"})
    there, wait = circuits.on(text, size, backend), estimate(backend, readings.jobs, now)
    notes = []
    if backend.limits.shots and shots > backend.limits.shots:
        parts = -(-shots // backend.limits.shots)
        notes.append(f"split into {parts} jobs of at most {backend.limits.shots} shots, or take fewer")
    return place.model_copy(
        update={
            "wait_seconds": wait.seconds if wait else None,
            "wait_method": wait.method if wait else "",
            "run_seconds": shots * there.depth / backend.clops if backend.clops else None,
            "depth": there.depth,
            "two_qubit": there.two_qubit,
            "success": there.success,
            "method": there.method,
            "notes": tuple(notes),
        }
    )


def _judged(place: Place, least: float, best: float | None) -> Place:
    if place.why_not or place.success is None:
        return place
    if place.success < least:
        return place.model_copy(
            update={"why_not": f"only {place.success:.0%} would be right; {least:.0%} is asked for"}
        )
    if best and place.success < GOOD_ENOUGH * best:
        return place.model_copy(
            update={"notes": (*place.notes, f"gets right {place.success:.1%}, the best one {best:.1%}")}
        )
    return place


def _order(place: Place) -> tuple[bool, bool, float, float, str]:
    """What does first; of that what is good enough; then the earliest; where no wait is known, the least errors."""
    worse = any("the best one" in n for n in place.notes)
    total = place.total_seconds
    return bool(place.why_not), worse, float("inf") if total is None else total, -(place.success or 0.0), place.backend
