"""Remedies in quantum queues. What a provider cannot do is not planned; nothing that costs money is done without being asked about.

A job is repeated by a new one with a tag of its own; the old one is cancelled only after that, and only while it waits."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from steersman_tools.actions import Action, CancelJob, MoveJob, PrioritiseJob, ReleaseJob, ResubmitJob, Suspend
from steersman_tools.quantum.documents import LIKE, named, tag_for
from steersman_tools.quantum.types import Backend, Capability, Job, QuantumReadings
from steersman_tools.quantum.wait import estimate

from ...faults import Fault
from ..book import playbook
from ..site import Draft, Site

MOST_REPEATS = 2
"""How often a job is repeated for an error of the service."""
ERROR_MARGIN = 2.0
"""A backend whose two-qubit error is so many times larger is no place to move to."""
LIMIT_FACTOR = 2
_PLACE = "The new job goes to the end of its queue; the old one is cancelled once the new one is accepted, so that for a moment both are there."


@playbook(Fault.JOB_HELD)
def release(site: Site) -> Iterator[Draft]:
    """A held job is released, where that can be done here."""
    job = _job(site)
    if job and _able(site, job, "release"):
        notes = (f"It was held by {job.held_by or 'somebody'}: ask whether the reason is gone.",)
        yield Draft("release", (ReleaseJob(target=job.ref),), site.cause.summary, notes)
    yield _say(site)


@playbook(Fault.BACKEND_OFFLINE, Fault.BACKEND_PAUSED)
def elsewhere(site: Site) -> Iterator[Draft]:
    """The jobs that wait there go to the best backend that takes jobs."""
    moves = [_moved(site, job) for job in _waiting_there(site)]
    if moves and all(moves):
        actions = tuple(chain.from_iterable(m for m in moves if m))
        yield Draft(
            "move-jobs",
            actions,
            f"{site.entity.name} takes no jobs, and another backend does",
            (_PLACE,),
            aim="contain",
        )
    yield _say(site)


@playbook(Fault.LICENCE_EXHAUSTED)
def other_licence(site: Site) -> Iterator[Draft]:
    """Jobs that wait for a licence use another QPU of the same scheduler, of which one is free."""
    moves = [_moved(site, job) for job in _waiting_there(site)]
    if moves and all(moves):
        yield Draft("other-qpu", tuple(chain.from_iterable(m for m in moves if m)), site.cause.summary)
    yield _say(site)


@playbook(Fault.QUEUE_SLOW)
def sooner(site: Site) -> Iterator[Draft]:
    """A job that would be late gets priority where there is such a thing, else a shorter queue."""
    job = _job(site)
    if job and job.state == "QUEUED" and _able(site, job, "priority"):
        top = max((j.priority or 0 for j in _jobs(site) if j.pending and j.provider == job.provider), default=0)
        if job.priority is None or job.priority <= top:
            others = "Other jobs wait longer for it."
            yield Draft("priority", (PrioritiseJob(target=job.ref, priority=top + 100),), site.cause.summary, (others,))
    if job and (move := _moved(site, job)):
        yield Draft("shorter-queue", move, site.cause.summary, (_PLACE,))
    yield _say(site)


@playbook(Fault.ISA_MISMATCH)
def compiled_again(site: Site) -> Iterator[Draft]:
    """The circuits are compiled for the backend as it is now, and submitted."""
    job = _job(site)
    if job and _able(site, job, "submit", "tags"):
        yield Draft(
            "transpile-again",
            _again(job, job.backend, "transpiled-again"),
            site.cause.summary,
            (_PLACE,) if job.pending else (),
        )
    yield _say(site)


@playbook(Fault.SESSION_CLOSED)
def without_session(site: Site) -> Iterator[Draft]:
    """The same program, outside of the closed session."""
    job = _job(site)
    if job and _able(site, job, "submit", "tags"):
        notes = ("It runs by itself: parameters that later jobs of the session would have set are not worked out.",)
        yield Draft("resubmit", _again(job, job.backend), site.cause.summary, notes)
    yield _say(site)


@playbook(Fault.RAN_TOO_LONG)
def longer(site: Site) -> Iterator[Draft]:
    """The same program with a longer limit, as long as the budget has room for all of it."""
    job = _job(site)
    if job and job.limit_seconds and _able(site, job, "submit", "tags"):
        limit = int(job.limit_seconds * LIMIT_FACTOR)
        left = next((u.remaining_seconds for u in _readings(site).usage if u.provider == job.provider), None)
        if left is None or limit <= left:
            room = (
                "What is left of the budget is not known." if left is None else f"{left:.0f} s of the budget are left."
            )
            notes = (f"It may use up to {limit} s of quantum time. {room}",)
            yield Draft("longer-limit", _again(job, job.backend, limit=limit), site.cause.summary, notes)
    yield _say(site)


@playbook(Fault.QUANTUM_SERVICE_ERROR)
def once_more(site: Site) -> Iterator[Draft]:
    """Submitted again, twice at the most."""
    job = _job(site)
    if job and _able(site, job, "submit", "tags") and _repeats(site, job) < MOST_REPEATS:
        yield Draft("resubmit", _again(job, job.backend), f"{site.cause.summary}: the service's errors pass")
    yield _say(site)


@playbook(Fault.QUANTUM_OVER_LIMIT)
def fewer_shots(site: Site) -> Iterator[Draft]:
    """As many shots as the backend takes."""
    job = _job(site)
    backend = _readings(site).backend(job.backend) if job else None
    if (
        job
        and backend
        and backend.limits.shots
        and "shots" in site.cause.observed
        and _able(site, job, "submit", "tags")
    ):
        notes = (
            f"{backend.limits.shots} shots in one job: the statistical error grows accordingly; run it several times for the rest.",
        )
        yield Draft("fewer-shots", _again(job, job.backend, shots=backend.limits.shots), site.cause.summary, notes)
    yield _say(site)


@playbook(Fault.HYBRID_STALL)
def give_back(site: Site) -> Iterator[Draft]:
    """The Job is suspended, so that its GPUs go to others; it is resumed when its quantum job's turn comes."""
    if site.entity.kind == "Job":
        notes = (
            "Its pods end: what they have not written down is lost.",
            f'Resume it when the quantum job is done: kubectl patch job {site.entity.name} -n {site.entity.namespace} -p \'{{"spec":{{"suspend":false}}}}\'',
        )
        yield Draft(
            "suspend", (Suspend(target=site.entity),), "its GPUs do nothing until the quantum job begins", notes
        )
    yield _say(site)


@playbook(Fault.CALIBRATION_STALE, Fault.CALIBRATION_DRIFTED, Fault.BUDGET_EXHAUSTED, Fault.QPU_NAME_IGNORED, Fault.QUANTUM_JOB_FAILED)  # fmt: skip
def advice(site: Site) -> Iterator[Draft]:
    """What is to be done needs its owner: another program, more money, or a judgement of results."""
    yield _say(site)


def _moved(site: Site, job: Job) -> tuple[Action, ...]:
    """What brings a waiting job to the best other backend; empty where there is none, or nothing that can do it."""
    best = _best(site, job)
    if best is None:
        return ()
    if _able(site, job, "move"):
        return (MoveJob(target=job.ref, backend=best.name),)
    if _able(site, job, "submit", "tags", "cancel"):
        return _again(job, best.name, "transpiled-again")
    return ()


def _best(site: Site, job: Job) -> Backend | None:
    """The backend of the same provider with the shortest wait, of those as large and not much worse."""
    readings = _readings(site)
    here = readings.backend(job.backend)
    fit: list[tuple[float, str, Backend]] = []
    for other in readings.backends:
        if other.provider != job.provider or other.name == job.backend or other.status != "online":
            continue
        if here and here.qubits and (other.qubits or 0) < here.qubits / 2 and other.slots is None:
            continue
        if other.slots is not None and (other.slots_used or 0) >= other.slots:
            continue
        if here and _error(here) and (_error(other) or 0.0) > ERROR_MARGIN * (_error(here) or 0.0):
            continue
        wait = estimate(other, readings.jobs, site.scene.now)
        pending = float(other.pending.value) if other.pending else 0.0
        fit.append((wait.seconds if wait else pending * 60, other.name, other))
    return min(fit, key=lambda f: f[:2])[2] if fit else None


def _error(backend: Backend) -> float | None:
    return backend.calibration.two_qubit_median if backend.calibration else None


def _again(
    job: Job, backend: str, program: str = "as-it-was", limit: int | None = None, shots: int | None = None
) -> tuple[Action, ...]:
    """A new job in place of this one, which is cancelled if it still waits."""
    wish = f"{program} {limit or ''} {shots or ''}".strip()
    made = ResubmitJob(
        target=named(job.provider, tag_for(job.id, backend, wish)),
        like=job.id,
        backend=backend,
        program="transpiled-again" if program == "transpiled-again" else "as-it-was",
        limit_seconds=limit,
        shots=shots,
    )
    return (made, CancelJob(target=job.ref)) if job.pending else (made,)


def _repeats(site: Site, job: Job) -> int:
    """How many jobs stand before this one in its chain of repetitions."""
    by_id, count = {j.id: j for j in _jobs(site)}, 0
    at: Job | None = job
    while at is not None and (like := next((t.removeprefix(LIKE) for t in at.tags if t.startswith(LIKE)), "")):
        count, at = count + 1, by_id.get(like)
    return count


def _waiting_there(site: Site) -> list[Job]:
    if site.entity.kind != "Backend":
        return []
    refs = set(site.cause.explains)
    return [j for j in _jobs(site) if j.backend == site.entity.name and j.state == "QUEUED" and j.ref in refs]


def _job(site: Site) -> Job | None:
    return _readings(site).job(site.entity)


def _jobs(site: Site) -> tuple[Job, ...]:
    return _readings(site).jobs


def _readings(site: Site) -> QuantumReadings:
    return site.scene.snapshot.quantum or QuantumReadings()


def _able(site: Site, job: Job, *what: Capability) -> bool:
    return set(what) <= _readings(site).able.get(job.provider, frozenset())


def _say(site: Site) -> Draft:
    return Draft("say", (), site.cause.summary, choices=(site.cause.advice,))
