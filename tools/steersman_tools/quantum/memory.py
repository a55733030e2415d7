"""What this installation has seen of queues: which jobs waited behind how many, and when they started. A small file of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from ..types import Frozen
from .pace import Away, Seen, foretell, habit, learn
from .types import FINAL, Job, QuantumReadings

KEPT = timedelta(days=60)
MOST = 4000


class Wait(Frozen):
    """A job that was seen to wait; `started` once it has."""

    provider: str
    backend: str
    job: str
    at: datetime
    ahead: int
    started: datetime | None = None


class Gone(Frozen):
    """A time in which a backend was seen not to be online; `until` is None while that lasts."""

    provider: str
    backend: str
    since: datetime
    until: datetime | None = None


class Kept(Frozen):
    """The content of the file."""

    waits: tuple[Wait, ...] = ()
    gone: tuple[Gone, ...] = ()


class QueueMemory:
    """The file. What cannot be read is begun anew: it only makes estimates better."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            kept = Kept.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            kept = Kept()
        self.waits, self.gone = kept.waits, kept.gone

    def note(self, readings: QuantumReadings, now: datetime) -> QuantumReadings:
        """Keeps what is to be learnt from these readings, and gives them back with what was learnt before."""
        jobs = {(j.provider, j.id): j for j in readings.jobs}
        known = {(w.provider, w.job) for w in self.waits}
        ended = (_ended(w, jobs.get((w.provider, w.job))) for w in self.waits if now - w.at < KEPT)
        new = tuple(
            Wait(provider=j.provider, backend=j.backend, job=j.id, at=now, ahead=ahead)
            for key, j in jobs.items()
            if j.state == "QUEUED" and key not in known and (ahead := _ahead(readings, j)) is not None
        )
        self.waits = (*(w for w in ended if w is not None), *new)[-MOST:]
        self.gone = self._absences(readings, now)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_bytes(Kept(waits=self.waits, gone=self.gone).model_dump_json().encode())
        except OSError:
            pass  # read-only: nothing is learnt
        return self.applied(readings, now)

    def applied(self, readings: QuantumReadings, now: datetime) -> QuantumReadings:
        """The readings with the waits that this queue's own past makes likely."""
        made = []
        for backend in readings.backends:
            seen = [
                Seen(at=w.at, ahead=w.ahead, waited_seconds=(w.started - w.at).total_seconds(), started=w.started)
                for w in self.waits
                if w.backend == backend.name and w.provider == backend.provider and w.started is not None
            ]
            away = [
                Away(since=g.since, until=g.until)
                for g in self.gone
                if g.backend == backend.name and g.provider == backend.provider
            ]
            pace, gone = learn(seen, now, away), next((a.since for a in away if a.until is None), None)
            learnt = None
            if pace is not None and backend.pending is not None:
                learnt = foretell(pace, backend.pending.value, now, habit(away, now), gone)
            made.append(backend.model_copy(update={"learnt_wait_seconds": learnt}))
        return QuantumReadings(**{**readings.__dict__, "backends": tuple(made)})

    def _absences(self, readings: QuantumReadings, now: datetime) -> tuple[Gone, ...]:
        """Those known, ended where the backend is back, and those that have begun."""
        status = {(b.provider, b.name): b.status for b in readings.backends}
        kept = [
            g.model_copy(update={"until": now})
            if g.until is None and status.get((g.provider, g.backend)) == "online"
            else g
            for g in self.gone
            if now - g.since < KEPT
        ]
        open_ = {(g.provider, g.backend) for g in kept if g.until is None}
        begun = [
            Gone(provider=provider, backend=name, since=now)
            for (provider, name), said in status.items()
            if said in ("offline", "paused", "maintenance") and (provider, name) not in open_
        ]
        return (*kept, *begun)


def _ended(wait: Wait, job: Job | None) -> Wait | None:
    """The wait with its end; None where the job ended without ever running."""
    if wait.started is not None or job is None:
        return wait
    if job.started is not None and job.started >= wait.at:
        return wait.model_copy(update={"started": job.started})
    return None if job.state in FINAL else wait


def _ahead(readings: QuantumReadings, job: Job) -> int | None:
    if job.position is not None:
        return max(job.position - 1, 0)
    backend = readings.backend(job.backend)
    return backend.pending.value if backend and backend.pending and backend.pending.bound == "exact" else None
