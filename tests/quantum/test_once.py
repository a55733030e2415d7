"""A submission is made once, whatever happens between the POST and its answer."""

from __future__ import annotations

import asyncio

import pytest

from steersman_tools.actions import CancelJob, HoldJob, ResubmitJob
from steersman_tools.actuator import Actuator, Voided
from steersman_tools.quantum.documents import named, tag_for
from steersman_tools.quantum.ibm import IbmQuantum
from steersman_tools.quantum.twin.incidents import PROGRAM
from steersman_tools.quantum.twin.state import Trouble, Twin
from steersman_tools.quantum.writer import QueueWriter
from steersman_tools.world.clock import SimulatedClock
from steersman_tools.writer import Conflicted, Refused

TAG = tag_for("original", "ibm_torino", "as-it-was")


@pytest.fixture
def actuator(ibm: IbmQuantum, clock: SimulatedClock) -> Actuator:
    return Actuator(QueueWriter((ibm,)), clock)


@pytest.fixture
def again(twin: Twin) -> ResubmitJob:
    first = twin.submit("ibm_fez", "sampler", dict(PROGRAM), ["k8s:lab/Job/vqe"])
    return ResubmitJob(target=named("ibm", TAG), like=first.id, backend="ibm_torino")


def posts(twin: Twin) -> int:
    return twin.requests.count(("POST", "/api/v1/jobs"))


async def test_a_lost_answer_is_settled_by_reading(actuator: Actuator, again: ResubmitJob, twin: Twin) -> None:
    """The job was made and nobody was told: the tag finds it, and there is one job and one POST."""
    prepared = await actuator.prepare(again)
    twin.troubles = [Trouble("POST", "/jobs", "answer lost")]
    receipt = await actuator.commit(prepared)
    assert len(twin.jobs) == 2
    assert posts(twin) == 1
    assert receipt.uid.removeprefix("ibm.") in twin.jobs


async def test_a_lost_request_is_made_again(actuator: Actuator, again: ResubmitJob, twin: Twin) -> None:
    """Nothing was made: it is posted a second time, and there is one new job."""
    prepared = await actuator.prepare(again)
    twin.troubles = [Trouble("POST", "/jobs", "never arrives")]
    await actuator.commit(prepared)
    assert len(twin.jobs) == 2
    assert posts(twin) == 2


@pytest.mark.parametrize("delay", [0.0, 0.005, 0.02, 0.05, 0.1, 0.2])
async def test_killed_at_any_moment_and_begun_again(
    actuator: Actuator, again: ResubmitJob, twin: Twin, ibm: IbmQuantum, clock: SimulatedClock, delay: float
) -> None:
    """Whoever takes the step up after a death, with nothing but what was written down, ends with exactly one new job."""
    prepared = await actuator.prepare(again)
    task = asyncio.create_task(actuator.commit(prepared))
    await asyncio.sleep(delay)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0.2)  # what was sent arrives
    receipt = await Actuator(QueueWriter((ibm,)), clock).commit(prepared)
    assert len(twin.jobs) == 2
    assert posts(twin) <= 2
    assert receipt.uid.removeprefix("ibm.") in twin.jobs


async def test_asked_twice_it_is_said_and_not_done(
    actuator: Actuator, again: ResubmitJob, ibm: IbmQuantum, twin: Twin
) -> None:
    """A second session with the same wish is told that the job is there; so is one that skips the look."""
    await actuator.commit(await actuator.prepare(again))
    with pytest.raises(ValueError, match="exists already"):
        await actuator.prepare(again)
    with pytest.raises(Conflicted, match="submitted before"):
        await QueueWriter((ibm,)).create(again.target, again.edit({}, {}), "for real")
    assert len(twin.jobs) == 2


async def test_the_new_job_keeps_what_it_belongs_to_and_its_undo_cancels_it(
    actuator: Actuator, again: ResubmitJob, twin: Twin
) -> None:
    """Tags of the original are kept; taking the step back cancels the new job and nothing else."""
    receipt = await actuator.commit(await actuator.prepare(again))
    made = twin.jobs[receipt.uid.removeprefix("ibm.")]
    assert {"k8s:lab/Job/vqe", TAG, f"like:{again.like}"} <= set(made.tags)
    assert made.params == PROGRAM
    assert (await actuator.undo(receipt)).proven
    assert made.status == "Cancelled"
    assert twin.jobs[again.like].status == "Queued"


async def test_a_job_that_began_to_run_is_not_cancelled_as_one_that_waits(
    actuator: Actuator, again: ResubmitJob, ibm: IbmQuantum, clock: SimulatedClock, twin: Twin
) -> None:
    """What was approved was a cancellation that costs nothing: it is not done to a job that is billed."""
    job = await ibm.job(again.like)
    assert job is not None
    prepared = await actuator.prepare(CancelJob(target=job.ref))
    await clock.sleep(12 * 30 + 5)
    with pytest.raises((Refused, Voided)):
        await actuator.commit(prepared)
    assert twin.jobs[again.like].status == "Running"


async def test_what_a_queue_cannot_do_is_refused_before_it_is_approved(
    actuator: Actuator, again: ResubmitJob, ibm: IbmQuantum
) -> None:
    """The dry run knows the provider's limits."""
    job = await ibm.job(again.like)
    assert job is not None
    with pytest.raises(Refused, match="cannot change 'held'"):
        await actuator.prepare(HoldJob(target=job.ref))
