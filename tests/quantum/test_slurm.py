"""Slurm itself: Debian's daemons in a folder, its own commands, and sessions that diagnose and heal through them."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from steersman.gate import load
from steersman.gather import Sources
from steersman.session import Actor, Equipment, Session
from steersman.types import Diagnosed, Diagnosis, Event, Request
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
from steersman_tools.actuator import Actuator
from steersman_tools.actuator_types import Receipt
from steersman_tools.clock import WallClock
from steersman_tools.quantum.alone import NoCluster
from steersman_tools.quantum.documents import named, tag_for
from steersman_tools.quantum.slurm import Slurm
from steersman_tools.quantum.slurm_world import HOW, NoSlurm, running
from steersman_tools.quantum.types import Job
from steersman_tools.quantum.writer import QueueWriter, WithQueues
from steersman_tools.types import Ref
from steersman_tools.world.clock import ShiftedClock
from steersman_tools.writer import Conflicted, Refused

pytestmark = pytest.mark.slurm
AHEAD = ShiftedClock(behind=-600)
"""Ten minutes later than it is: what waits has waited long."""
Sh = Callable[[str], str]


@pytest.fixture(scope="module")
def conf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    try:
        with running(tmp_path_factory.mktemp("slurm")) as found:
            yield found
    except NoSlurm as error:
        if os.environ.get("CI"):
            pytest.fail(f"CI needs Slurm: {error} ({HOW})")
        pytest.skip(f"{error} ({HOW})")


@pytest.fixture
def sh(conf: Path) -> Iterator[Sh]:
    """A shell that talks to this Slurm; afterwards the queue is empty and the node in service."""

    def run(line: str) -> str:
        done = subprocess.run(
            line, shell=True, env={**os.environ, "SLURM_CONF": str(conf)}, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    yield run
    run("scancel --user=root")
    subprocess.run(
        "scontrol update nodename=qnode1 state=resume",
        shell=True,
        env={**os.environ, "SLURM_CONF": str(conf)},
        capture_output=True,
        check=False,
    )
    _until(lambda: not run("squeue -h") and run("sinfo -h -o %t") == "idle")


@pytest.fixture
def slurm(conf: Path) -> Slurm:
    return Slurm(conf=conf, clock=AHEAD)


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until, "it did not come about within 20 s"
        time.sleep(0.2)


def _submit(sh: Sh, licence: str = "ibm_fez:1", *, more: str = "", runs: str = "sleep 600", until: str = "") -> str:
    id = sh(f"sbatch --parsable -L {licence} -o /dev/null {more} --wrap '{runs}'")
    if until:
        _until(lambda: sh(f"squeue -h -j {id} -o %T --states=all") == until)
    return id


def _session(slurm: Slurm) -> Session:
    gear = Equipment(WithQueues(None, QueueWriter((slurm,))), load(), Actor(id="ada"))
    return Session(Sources(NoCluster(AHEAD), providers=(slurm,)), AHEAD, equipment=gear)


async def _diagnosis(slurm: Slurm) -> Diagnosis:
    found = [e.event async for e in _session(slurm).start(Request())]
    return next(e.diagnosis for e in found if isinstance(e, Diagnosed))


async def _heal(slurm: Slurm) -> list[Event]:
    return [e.event async for e in _session(slurm).start(Request(wants="healing", approval="given", by="ada"))]


def _outcome(events: list[Event]) -> str:
    last = events[-1]
    assert last.kind == "closed"
    return last.outcome


async def _job(slurm: Slurm, id: str) -> Job:
    found = await slurm.job(id)
    assert found is not None
    return found


async def _do(slurm: Slurm, action: Action) -> tuple[Actuator, Receipt]:
    actuator = Actuator(QueueWriter((slurm,)), WallClock())
    return actuator, await actuator.commit(await actuator.prepare(action))


def _ref(id: str) -> Ref:
    return Ref("quantum", "QuantumJob", f"slurm.{id}")


async def test_an_idle_scheduler_is_healthy(sh: Sh, slurm: Slurm) -> None:
    """A job that runs is nothing wrong, and the read model has the scheduler's own numbers."""
    id = _submit(sh, more="--comment=k8s:lab/Job/vqe", until="RUNNING")
    assert (await _diagnosis(slurm)).healthy
    job = await _job(slurm, id)
    assert (job.backend, job.state, job.owner, job.tags) == ("ibm_fez", "RUNNING", "root", ("k8s:lab/Job/vqe",))
    slots = {b.name: (b.slots_used, b.slots) for b in await slurm.backends()}
    assert slots == {"ibm_fez": (1, 1), "ibm_torino": (0, 2)}


async def test_licences_exhausted(sh: Sh, slurm: Slurm) -> None:
    """Named with its holder; the waiting job is moved to a QPU that is free, keeps its id, and runs."""
    holder = _submit(sh, until="RUNNING")
    waits = _submit(sh)
    _until(lambda: sh(f"squeue -h -j {waits} -o %r") == "Licenses")
    first = (await _diagnosis(slurm)).causes[0]
    assert (first.fault, str(first.entity)) == ("licence-exhausted", "quantum/Backend/ibm_fez")
    assert f"{holder} (root)" in first.observed
    assert _outcome(await _heal(slurm)) == "healed"
    assert (await _job(slurm, waits)).licences == ("ibm_torino",)
    _until(lambda: sh(f"squeue -h -j {waits} -o %T") == "RUNNING")


async def test_held(sh: Sh, slurm: Slurm) -> None:
    """A job that somebody holds is named, released, and runs."""
    id = _submit(sh, more="--hold")
    first = (await _diagnosis(slurm)).causes[0]
    assert (first.fault, first.entity) == ("job-held", _ref(id))
    assert _outcome(await _heal(slurm)) == "healed"
    _until(lambda: sh(f"squeue -h -j {id} -o %T") == "RUNNING")


async def test_drained(sh: Sh, slurm: Slurm) -> None:
    """The node is named with the reason that its administrator gave; putting it back is the administrator's."""
    sh("scontrol update nodename=qnode1 state=drain reason='cooling work'")
    id = _submit(sh)
    _until(lambda: "DRAINED" in sh(f"squeue -h -j {id} -o %r") or sh(f"squeue -h -j {id} -o %r") == "Resources")
    first = (await _diagnosis(slurm)).causes[0]
    assert (first.fault, str(first.entity)) == ("backend-paused", "quantum/Machine/qnode1")
    assert "cooling work" in first.observed
    assert _outcome(await _heal(slurm)) == "nothing-to-do"


async def test_a_qpu_name_that_is_silently_ignored(sh: Sh, slurm: Slurm, tmp_path: Path) -> None:
    """The plug-in says nothing of a name that it does not know; the script tells."""
    script = tmp_path / "job.sh"
    script.write_text("#!/bin/sh\nsleep 600\nsrun --qpu=ibm_fes ./vqe\n")
    id = sh(f"sbatch --parsable -o /dev/null {script}")
    first = (await _diagnosis(slurm)).causes[0]
    assert (first.fault, first.entity, first.observed) == ("qpu-name-ignored", _ref(id), "ibm_fes")


async def test_too_late_for_its_deadline(sh: Sh, slurm: Slurm) -> None:
    """Of two that wait, the one with a deadline gets the higher priority, by the scheduler's own number."""
    _submit(sh, "ibm_torino:1", more="--exclusive --time=120", until="RUNNING")
    ahead = _submit(sh, "ibm_torino:1", more="--exclusive --time=120")
    due = AHEAD.now() + timedelta(minutes=150)
    late = _submit(sh, "ibm_torino:1", more=f"--exclusive --time=10 --comment=deadline:{due:%Y-%m-%dT%H:%M:%SZ}")
    _until(lambda: sh(f"squeue -h -j {late} -o %S") != "N/A")
    found = {c.fault: c for c in (await _diagnosis(slurm)).causes}
    assert found["queue-slow"].entity == _ref(late)
    assert _order(sh) == [ahead, late]
    assert [e.plan.name for e in await _heal(slurm) if e.kind == "plan"][:1] == ["priority"]
    assert _order(sh) == [late, ahead]


def _order(sh: Sh) -> list[str]:
    """The waiting jobs as the scheduler would take them."""
    return sh("squeue -h -t PENDING -S -p -o %i").split()


async def test_a_failed_job(sh: Sh, slurm: Slurm) -> None:
    """A script that ends with an error is named, with Slurm's reason."""
    id = _submit(sh, runs="exit 3", until="FAILED")
    named_first = next(c for c in (await _diagnosis(slurm)).causes if c.entity == _ref(id))
    assert named_first.fault == "quantum-job-failed"
    assert "NonZeroExitCode" in named_first.observed


async def test_hold_and_priority_are_done_and_taken_back(sh: Sh, slurm: Slurm) -> None:
    """What `scontrol` shows after the undo is what it showed before, the priority to the number."""
    _submit(sh, until="RUNNING")
    id = _submit(sh)
    before = sh(f"squeue -h -j {id} -o %Q")
    actuator, receipt = await _do(slurm, HoldJob(target=_ref(id)))
    assert sh(f"squeue -h -j {id} -o '%Q %r'") == "0 JobHeldAdmin"
    assert (await actuator.undo(receipt)).proven
    assert sh(f"squeue -h -j {id} -o %Q") == before
    actuator, receipt = await _do(slurm, PrioritiseJob(target=_ref(id), priority=77))
    assert sh(f"squeue -h -j {id} -o %Q") == "77"
    assert (await actuator.undo(receipt)).proven
    assert sh(f"squeue -h -j {id} -o %Q") == before


async def test_a_move_is_taken_back_and_an_unknown_qpu_refused(sh: Sh, slurm: Slurm) -> None:
    """A waiting job changes its licence and changes back; a licence that does not exist is Slurm's to refuse."""
    _submit(sh, until="RUNNING")
    id = _submit(sh, more="--hold")
    actuator, receipt = await _do(slurm, MoveJob(target=_ref(id), backend="ibm_torino"))
    assert "Licenses=ibm_torino:1" in sh(f"scontrol show job {id}")
    assert (await actuator.undo(receipt)).proven
    assert "Licenses=ibm_fez:1" in sh(f"scontrol show job {id}")
    with pytest.raises(Refused):
        await _do(slurm, MoveJob(target=_ref(id), backend="ibm_nowhere"))


async def test_requeue_counts_and_cannot_be_taken_back(sh: Sh, slurm: Slurm) -> None:
    """The job is back in its queue with one restart more; the undo says that there is none."""
    id = _submit(sh, until="RUNNING")
    actuator, receipt = await _do(slurm, RequeueJob(target=_ref(id)))
    assert (await _job(slurm, id)).restarts == 1
    assert not (await actuator.undo(receipt)).proven


async def test_cancel_once(sh: Sh, slurm: Slurm) -> None:
    """Cancelled is cancelled; a second time it is over already, and release of what is over is refused."""
    id = _submit(sh, more="--hold")
    await _do(slurm, CancelJob(target=_ref(id)))
    assert (await _job(slurm, id)).state == "CANCELLED"
    with pytest.raises(Conflicted):
        await slurm.cancel(id)
    with pytest.raises(ValueError, match="only a job that waits"):
        await _do(slurm, ReleaseJob(target=_ref(id)))


async def test_submitted_once_by_two_hands(sh: Sh, slurm: Slurm) -> None:
    """A step that is taken up again after a death finds its job by the tag in the comment."""
    first = _submit(sh, runs="exit 3", until="FAILED")
    again = ResubmitJob(
        target=named("slurm", tag_for(first, "ibm_torino", "as-it-was")), like=first, backend="ibm_torino"
    )
    actuator = Actuator(QueueWriter((slurm,)), WallClock())
    prepared = await actuator.prepare(again)
    one = await actuator.commit(prepared)
    two = await Actuator(QueueWriter((Slurm(conf=slurm.conf, clock=AHEAD),)), WallClock()).commit(prepared)
    assert one.uid == two.uid
    assert sum(again.target.name[7:] in j.tags for j in await slurm.jobs()) == 1
