"""What is known of quantum backends, queues and jobs. Absent is not zero, and a bound (">4000") stays a bound."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Annotated, Literal, TypeAlias

from pydantic import StringConstraints

from ..types import Frozen, NotChecked, Ref

NAMESPACE = "quantum"
"""The namespace of Refs that live in queues and not in a cluster."""

ProviderName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
BackendStatus: TypeAlias = Literal["online", "paused", "offline", "maintenance", "retired", "unknown"]
JobState: TypeAlias = Literal["QUEUED", "HELD", "RUNNING", "DONE", "FAILED", "CANCELLING", "CANCELLED", "UNKNOWN"]
FINAL: frozenset[JobState] = frozenset({"DONE", "FAILED", "CANCELLED"})

Capability: TypeAlias = Literal[
    "submit", "cancel", "hold", "release", "priority", "requeue", "move", "tags", "position", "history"
]
"""What a provider's API can do. `move`: a waiting job changes its backend and keeps its place; `tags`: a job can be found by
its tag; `history`: older calibrations can be read."""


class Count(Frozen):
    """A number of jobs; `at least` where the provider only says that there are more than so many."""

    value: int
    bound: Literal["exact", "at least"] = "exact"

    def __str__(self) -> str:
        return f"{'≥' if self.bound == 'at least' else ''}{self.value}"

    @classmethod
    def read(cls, text: str | int | None) -> Count | None:
        """`12`, `"12"`, `">4000"`; None where it is no number. Above 4000 there are at least 4001."""
        if isinstance(text, int):
            return cls(value=text)
        found = re.fullmatch(r"\s*(>=?)?\s*(\d+)\s*\+?\s*", text or "")
        if not found:
            return None
        bound = found[1] is not None or (text or "").rstrip().endswith("+")
        return cls(value=int(found[2]) + (found[1] == ">"), bound="at least" if bound else "exact")


class Limits(Frozen):
    """What a backend takes in one job."""

    shots: int | None = None
    circuits: int | None = None


class QubitCalibration(Frozen):
    """One qubit as it was last measured."""

    qubit: int
    at: datetime | None = None
    t1_seconds: float | None = None
    t2_seconds: float | None = None
    readout_error: float | None = None


class GateCalibration(Frozen):
    """One gate on certain qubits as it was last measured; an error of 1 means: out of service."""

    gate: str
    qubits: tuple[int, ...]
    error: float | None = None
    at: datetime | None = None


class Calibration(Frozen):
    """A backend's errors at one moment."""

    at: datetime | None = None
    qubits: tuple[QubitCalibration, ...] = ()
    gates: tuple[GateCalibration, ...] = ()

    @property
    def readout_median(self) -> float | None:
        return _median(q.readout_error for q in self.qubits)

    @property
    def two_qubit_median(self) -> float | None:
        return _median(g.error for g in self.gates if len(g.qubits) == 2 and (g.error or 0) < 1)

    @property
    def one_qubit_median(self) -> float | None:
        return _median(g.error for g in self.gates if len(g.qubits) == 1)


class Backend(Frozen):
    """One device or simulator, with its queue."""

    provider: ProviderName
    name: str
    status: BackendStatus
    observed_at: datetime
    raw_status: str = ""
    reason: str = ""
    simulator: bool = False
    qubits: int | None = None
    pending: Count | None = None
    """Jobs that wait or run, of everybody."""
    clops: float | None = None
    """Circuit layers a second."""
    basis: tuple[str, ...] = ()
    coupling: tuple[tuple[int, int], ...] = ()
    limits: Limits = Limits()
    calibration: Calibration | None = None
    history: tuple[Calibration, ...] = ()
    """Earlier calibrations, the oldest first."""
    slots: int | None = None
    """How many jobs it takes at once: licences or GRES of a scheduler."""
    slots_used: int | None = None
    average_wait_seconds: float | None = None
    """What the provider itself says."""
    learnt_wait_seconds: float | None = None
    """What this installation has learnt from jobs that it saw waiting there."""
    call: str = ""

    @property
    def ref(self) -> Ref:
        return Ref(NAMESPACE, "Backend", self.name)


class Failure(Frozen):
    """Why a job failed, as the provider says it; the class is from its registry of codes."""

    code: int | None = None
    kind: str = "unknown"
    reason: str = ""
    solution: str = ""
    """The provider's own advice."""


class Transpiled(Frozen):
    """What a job's circuits were compiled for."""

    backend: str = ""
    at: datetime | None = None


class Job(Frozen):
    """One job in one provider's queue."""

    provider: ProviderName
    id: str
    state: JobState
    raw_state: str
    observed_at: datetime
    name: str = ""
    backend: str = ""
    owner: str = ""
    submitted: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    position: int | None = None
    estimated_start: datetime | None = None
    deadline: datetime | None = None
    session: str = ""
    shots: int | None = None
    limit_seconds: float | None = None
    """How long it may run."""
    quantum_seconds: float | None = None
    priority: int | None = None
    restarts: int = 0
    held_by: str = ""
    """`user` or `admin`, where it is held."""
    waits_for: str = ""
    """The scheduler's own reason, such as Licenses."""
    licences: tuple[str, ...] = ()
    asked_qpu: str = ""
    """What its command line asks for by --qpu, whether the plug-in took it or not."""
    got_qpu: str | None = None
    """What the plug-in handed to it; None where that is not known."""
    node: str = ""
    comment: str = ""
    tags: tuple[str, ...] = ()
    transpiled: Transpiled | None = None
    failure: Failure | None = None
    call: str = ""

    @property
    def ref(self) -> Ref:
        return Ref(NAMESPACE, "QuantumJob", f"{self.provider}.{self.id}")

    @property
    def pending(self) -> bool:
        return self.state in ("QUEUED", "HELD")

    def waited(self, now: datetime) -> timedelta:
        """How long it has waited, or waited before it ran."""
        return (self.started or now) - self.submitted if self.submitted else timedelta()


class Session(Frozen):
    """A provider's session, which jobs may belong to."""

    id: str
    provider: ProviderName
    backend: str = ""
    mode: str = ""
    state: str
    accepts_jobs: bool | None = None
    closed_at: datetime | None = None
    call: str = ""


class Usage(Frozen):
    """Quantum time used, of how much."""

    provider: ProviderName
    consumed_seconds: float
    limit_seconds: float | None = None
    exhausted: bool = False
    call: str = ""

    @property
    def remaining_seconds(self) -> float | None:
        return None if self.limit_seconds is None else max(self.limit_seconds - self.consumed_seconds, 0.0)


class Machine(Frozen):
    """A node of a scheduler through which quantum jobs go."""

    provider: ProviderName
    name: str
    states: tuple[str, ...]
    reason: str = ""
    call: str = ""


@dataclass(frozen=True)
class QuantumReadings:
    """All that was read of all providers."""

    backends: tuple[Backend, ...] = ()
    jobs: tuple[Job, ...] = ()
    sessions: tuple[Session, ...] = ()
    usage: tuple[Usage, ...] = ()
    machines: tuple[Machine, ...] = ()
    able: Mapping[str, frozenset[Capability]] = field(default_factory=dict)
    """By provider: what its API can do."""
    not_checked: tuple[NotChecked, ...] = ()

    def backend(self, name: str) -> Backend | None:
        return next((b for b in self.backends if b.name == name), None)

    def job(self, ref: Ref) -> Job | None:
        return next((j for j in self.jobs if j.ref == ref), None)


def _median(values: Iterable[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return median(known) if known else None
