"""What a person may ask to be done with a quantum job, as actions. What its provider cannot do is said before anything is planned."""

from __future__ import annotations

from steersman_tools.actions import (
    Action,
    CancelJob,
    HoldJob,
    MoveJob,
    PrioritiseJob,
    ReleaseJob,
    RequeueJob,
    ResubmitJob,
)
from steersman_tools.quantum.documents import named, tag_for
from steersman_tools.quantum.types import Capability, Job, QuantumReadings
from steersman_tools.quantum.wait import estimate
from steersman_tools.types import ToolFailed

_NEEDS: dict[str, Capability] = {
    "cancel": "cancel", "hold": "hold", "release": "release", "priority": "priority", "requeue": "requeue",
}  # fmt: skip


def find(readings: QuantumReadings, name: str) -> Job:
    """The job of that id, of any provider; `ibm.d1a2…` and `d1a2…` both name it. Raises ToolFailed."""
    found = [j for j in readings.jobs if name in (j.id, f"{j.provider}.{j.id}", str(j.ref))]
    if len(found) == 1:
        return found[0]
    if found:
        raise ToolFailed(f"Several providers have a job {name}: write {' or '.join(j.ref.name for j in found)}.")
    gaps = "; ".join(f"{n.what}: {n.why}" for n in readings.not_checked)
    raise ToolFailed(
        f"No provider knows a job {name} (steersman quantum jobs){f'; not checked: {gaps}' if gaps else ''}."
    )


def actions(wish: str, job: Job, readings: QuantumReadings, value: int = 0) -> tuple[Action, ...]:
    """The action of a wish. Raises ToolFailed where the provider has no such thing."""
    if _NEEDS[wish] not in readings.able.get(job.provider, frozenset()):
        able = ", ".join(sorted(readings.able.get(job.provider, frozenset())))
        raise ToolFailed(f"{job.provider} has no {wish}; it can: {able}.")
    match wish:
        case "cancel":
            return (CancelJob(target=job.ref),)
        case "hold":
            return (HoldJob(target=job.ref),)
        case "release":
            return (ReleaseJob(target=job.ref),)
        case "priority":
            return (PrioritiseJob(target=job.ref, priority=value),)
    return (RequeueJob(target=job.ref),)


def move(job: Job, readings: QuantumReadings, to: str, program: str) -> tuple[str, tuple[Action, ...]]:
    """Where a job goes, and how: by the scheduler's own move, else by a new job and the cancellation of the old one."""
    able = readings.able.get(job.provider, frozenset())
    if not job.pending:
        raise ToolFailed(f"Job {job.id} is {job.state}: only one that waits can be moved.")
    places = [
        b for b in readings.backends if b.provider == job.provider and b.name != job.backend and b.status == "online"
    ]
    waits = {b.name: estimate(b, readings.jobs, job.observed_at) for b in places}
    ranked = sorted(
        places,
        key=lambda b: (w.seconds if (w := waits[b.name]) else (b.pending.value if b.pending else 0) * 60.0, b.name),
    )
    target = next((b for b in ranked if not to or b.name == to), None)
    if target is None:
        raise ToolFailed(
            f"{to or 'No other backend'} of {job.provider} takes no jobs now (steersman quantum backends)."
        )
    if "move" in able:
        return target.name, (MoveJob(target=job.ref, backend=target.name),)
    if not {"submit", "tags", "cancel"} <= able:
        raise ToolFailed(
            f"{job.provider} can neither move a job nor find one by its tag: submit it there and cancel it here."
        )
    made = ResubmitJob(
        target=named(job.provider, tag_for(job.id, target.name, program)),
        like=job.id,
        backend=target.name,
        program="transpiled-again" if program == "transpiled-again" else "as-it-was",
    )
    return target.name, (made, CancelJob(target=job.ref))
