"""What this installation has seen of queues: which jobs waited behind how many, and when they started. A small file of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ..types import Frozen
from .pace import Seen, learn
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


_WAITS = TypeAdapter(tuple[Wait, ...])


class QueueMemory:
    """The file. What cannot be read is begun anew: it only makes estimates better."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self.waits = _WAITS.validate_json(path.read_bytes())
        except (OSError, ValidationError):
            self.waits = ()

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
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_bytes(_WAITS.dump_json(self.waits))
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
            pace = learn(seen, now)
            learnt = pace.seconds(backend.pending.value) if pace and backend.pending is not None else None
            made.append(backend.model_copy(update={"learnt_wait_seconds": learnt}))
        return QuantumReadings(**{**readings.__dict__, "backends": tuple(made)})


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
