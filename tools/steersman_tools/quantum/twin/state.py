"""What the twin remembers: backends with queues that move as its clock goes on, jobs, sessions and a budget; and what is broken."""

from __future__ import annotations

import math
import random
import re
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from ...clock import Clock, WallClock
from .devices import Device

FINAL = ("Completed", "Failed", "Cancelled", "Cancelled - Ran too long")


@dataclass
class TwinBackend:
    """A device with its queue."""

    device: Device
    state: Literal["online", "paused", "offline"] = "online"
    reason: str = "available"
    others: int = 0
    """Jobs of other accounts in the queue."""
    mean_seconds: float = 30.0
    """How long one job takes."""


@dataclass
class TwinJob:
    """A job of the account."""

    id: str
    backend: str
    program: str
    created: datetime
    params: dict[str, JsonValue]
    tags: list[str]
    cost: int = 0
    session: str | None = None
    status: str = "Queued"
    reason: str = ""
    code: int | None = None
    solution: str = ""
    wait_left: float = 0.0
    run_left: float = 0.0
    running: datetime | None = None
    finished: datetime | None = None
    result: str | None = None


@dataclass
class TwinSession:
    """A session of the account."""

    id: str
    backend: str
    mode: str
    state: str = "open"
    accepting: bool = True
    started: datetime | None = None
    closed: datetime | None = None


@dataclass
class Verdict:
    """How the next job on a backend ends."""

    code: int
    reason: str
    solution: str = ""


@dataclass
class Trouble:
    """A fault script: what becomes of the next requests of this kind."""

    method: str
    path: str
    """A regular expression."""
    does: Literal["answer lost", "never arrives", "status"]
    status: int = 503
    times: int = 1

    def meets(self, method: str, path: str) -> bool:
        return self.times > 0 and method == self.method and re.fullmatch(self.path, path) is not None


@dataclass
class Twin:
    """One account of IBM Quantum."""

    clock: Clock = field(default_factory=WallClock)
    backends: dict[str, TwinBackend] = field(default_factory=dict)
    jobs: dict[str, TwinJob] = field(default_factory=dict)
    sessions: dict[str, TwinSession] = field(default_factory=dict)
    used_seconds: float = 41.0
    limit_seconds: float = 600.0
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    """What was asked, in order: method and path."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    _rng: random.Random = field(default_factory=lambda: random.Random(7))
    _last: datetime | None = None

    def add(self, device: Device, others: int = 0, mean_seconds: float = 30.0) -> TwinBackend:
        """A backend more."""
        made = TwinBackend(device, others=others, mean_seconds=mean_seconds)
        self.backends[device.name] = made
        return made

    def new_id(self) -> str:
        return "d" + "".join(self._rng.choice("0123456789abcdefghijklmnopqrstuv") for _ in range(19))

    def submit(
        self,
        backend: str,
        program: str,
        params: dict[str, JsonValue],
        tags: list[str],
        cost: int = 0,
        session: str | None = None,
    ) -> TwinJob:
        """Puts a job at the end of the queue."""
        with self.lock:
            queue, made = self.backends[backend], self.new_id()
            job = TwinJob(made, backend, program, self.clock.now(), params, tags, cost, session)
            job.wait_left = 0.0 if session else queue.others * queue.mean_seconds
            job.run_left = queue.mean_seconds
            self.jobs[made] = job
            return job

    def cancel(self, job: TwinJob) -> None:
        job.status, job.reason, job.finished = "Cancelled", "Cancelled by user", self.clock.now()

    def close(self, session: TwinSession) -> None:
        session.accepting, session.state, session.closed = False, "closed", self.clock.now()

    def pending(self, backend: str) -> int:
        """All jobs there that wait or run."""
        mine = sum(j.backend == backend and j.status not in FINAL for j in self.jobs.values())
        return self.backends[backend].others + mine

    def position(self, job: TwinJob) -> int:
        return math.ceil(job.wait_left / self.backends[job.backend].mean_seconds) + 1

    def tick(self) -> None:
        """Lets the queues move up to now. Where a backend is not online, they do not."""
        with self.lock:
            now = self.clock.now()
            passed = (now - (self._last or now)).total_seconds()
            self._last = now
            for job in [j for j in self.jobs.values() if j.status not in FINAL]:
                left = passed
                if job.status == "Queued" and self.backends[job.backend].state == "online":
                    waited = min(left, job.wait_left)
                    job.wait_left, left = job.wait_left - waited, left - waited
                    if job.wait_left <= 0:
                        job.status, job.running = "Running", now
                if job.status == "Running":
                    job.run_left -= left
                    if job.run_left <= 0:
                        self._finish(job, now)

    def _finish(self, job: TwinJob, now: datetime) -> None:
        verdict = self.verdicts.pop(job.backend, None) or self._own(job)
        job.finished = now
        if verdict is None:
            job.status = "Completed"
            self.used_seconds += 2
            return
        long = verdict.code == 1305
        job.status = "Cancelled - Ran too long" if long else "Failed"
        job.code, job.reason, job.solution = verdict.code, verdict.reason, verdict.solution

    def _own(self, job: TwinJob) -> Verdict | None:
        """What a device refuses by itself."""
        device = self.backends[job.backend].device
        if job.cost and self.backends[job.backend].mean_seconds > job.cost:
            return Verdict(1305, "Error code 1305; the job exceeded its maximum execution time.")
        if (shots := _shots(job.params)) and shots > device.max_shots:
            return Verdict(
                6000, f"Error code 6000; {shots} shots; the limit is {device.max_shots}.", "Use fewer shots."
            )
        isa = next((t.removeprefix("isa:") for t in job.tags if t.startswith("isa:")), "")
        backend, _, at = isa.partition("@")
        old = bool(at) and datetime.fromisoformat(at.replace("Z", "+00:00")) < device.calibrated_at
        if isa and (backend != device.name or (old and device.dead_edges)):
            return Verdict(
                1107, "Error code 1107; the circuit uses qubits that are not connected.", "Transpile it again."
            )
        return None


def _shots(params: dict[str, JsonValue]) -> int | None:
    options = params.get("options")
    found = options.get("default_shots") if isinstance(options, dict) else None
    return found if isinstance(found, int) else None
