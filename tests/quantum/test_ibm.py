"""IBM's REST API by our thin client, against the twin over a socket."""

from __future__ import annotations

from datetime import timedelta

import pytest

from steersman_tools.quantum.ibm import IbmQuantum
from steersman_tools.quantum.provider import Order
from steersman_tools.quantum.twin.state import Trouble, Twin, Verdict
from steersman_tools.quantum.types import Count
from steersman_tools.types import Unreachable
from steersman_tools.world.clock import SimulatedClock
from steersman_tools.writer import Busy, Conflicted, Refused

ORDER = Order(tag="steersman:1", backend="ibm_torino", program="sampler", params={"pubs": []})


async def test_backends_are_read_with_queue_limits_and_calibration(ibm: IbmQuantum, clock: SimulatedClock) -> None:
    """Everything that the read model names and IBM gives is there, in our units."""
    found = {b.name: b for b in await ibm.backends()}
    fez = found["ibm_fez"]
    assert (fez.status, fez.pending, fez.qubits, fez.limits.shots) == ("online", Count(value=12), 16, 100_000)
    assert fez.calibration is not None
    assert fez.calibration.at == clock.now() - timedelta(hours=5)
    assert 0.003 < (fez.calibration.two_qubit_median or 0) < 0.006
    assert 5e-5 < (fez.calibration.qubits[0].t1_seconds or 0) < 5e-4
    assert (0, 1) in fez.coupling


async def test_a_job_waits_runs_and_ends(ibm: IbmQuantum, clock: SimulatedClock) -> None:
    """Position and estimate are there while it waits and only then."""
    job = await ibm.submit(ORDER)
    assert (job.state, job.position) == ("QUEUED", 4)
    assert job.estimated_start == clock.now() + timedelta(seconds=90)
    await clock.sleep(95)
    assert (await _state(ibm, job.id)) == "RUNNING"
    await clock.sleep(60)
    ended = await ibm.job(job.id)
    assert ended is not None
    assert (ended.state, ended.position, ended.estimated_start) == ("DONE", None, None)


async def test_a_paused_backend_moves_nothing(ibm: IbmQuantum, twin: Twin, clock: SimulatedClock) -> None:
    """The queue of a backend that is not online stands still, and its status says why."""
    job = await ibm.submit(ORDER)
    twin.backends["ibm_torino"].state, twin.backends["ibm_torino"].reason = "paused", "calibrating"
    await clock.sleep(3600)
    assert (await _state(ibm, job.id)) == "QUEUED"
    found = next(b for b in await ibm.backends() if b.name == "ibm_torino")
    assert (found.status, found.reason) == ("paused", "calibrating")


@pytest.mark.parametrize(
    ("code", "kind"),
    [(1305, "ran-too-long"), (1107, "isa-mismatch"), (6000, "over-limit"), (1217, "session-closed"), (9999, "unknown")],
)
async def test_failures_carry_class_code_and_the_provider_s_advice(
    ibm: IbmQuantum, twin: Twin, clock: SimulatedClock, code: int, kind: str
) -> None:
    """A code of the table has its class, one that is not there is unknown, and the provider's own advice is kept."""
    twin.verdicts["ibm_torino"] = Verdict(code, "because", "do this")
    job = await ibm.submit(ORDER)
    await clock.sleep(95)
    await ibm.job(job.id)
    await clock.sleep(60)
    ended = await ibm.job(job.id)
    assert ended is not None
    assert ended.failure is not None
    assert (ended.state, ended.failure.kind, ended.failure.solution) == ("FAILED", kind, "do this")


async def test_cancel_and_cancel_again(ibm: IbmQuantum) -> None:
    """What is over cannot be cancelled: Conflicted says to look again."""
    job = await ibm.submit(ORDER)
    await ibm.cancel(job.id)
    assert (await _state(ibm, job.id)) == "CANCELLED"
    with pytest.raises(Conflicted):
        await ibm.cancel(job.id)


async def test_a_job_is_found_by_its_tag_and_by_no_part_of_it(ibm: IbmQuantum) -> None:
    """The tag is what makes a submission safe to repeat."""
    job = await ibm.submit(ORDER)
    found = await ibm.tagged("steersman:1")
    assert found is not None
    assert found.id == job.id
    assert await ibm.tagged("steersman:") is None


async def test_busy_reads_are_tried_again_and_a_lost_answer_to_a_write_is_said(ibm: IbmQuantum, twin: Twin) -> None:
    """A read may be repeated; whether a write was done is for the caller to find out."""
    twin.troubles = [Trouble("GET", "/jobs", "status", 503, 2)]
    assert await ibm.jobs() == []
    twin.troubles = [Trouble("POST", "/jobs", "answer lost")]
    with pytest.raises(Busy):
        await ibm.submit(ORDER)
    assert len(twin.jobs) == 1


async def test_a_refused_write_and_a_dead_service(ibm: IbmQuantum, twin: Twin) -> None:
    """A closed door is Refused, silence is Unreachable: never an empty queue."""
    with pytest.raises(Refused, match="1602"):
        await ibm.submit(ORDER.model_copy(update={"backend": "ibm_nowhere"}))
    twin.troubles = [Trouble("GET", "/jobs", "never arrives", times=99)]
    with pytest.raises(Unreachable):
        await ibm.jobs()


async def test_what_ibm_cannot_do_is_said_beforehand(ibm: IbmQuantum) -> None:
    """No hold, no release, no priority, no requeue."""
    assert not ibm.capabilities() & {"hold", "release", "priority", "requeue"}
    with pytest.raises(Refused, match="cannot hold"):
        await ibm.hold("x")


async def test_calibrations_of_the_past(ibm: IbmQuantum, clock: SimulatedClock) -> None:
    """Each moment gets the calibration that was in force then."""
    moments = [clock.now() - timedelta(days=d) for d in (1, 2, 3)]
    found = await ibm.calibrations("ibm_fez", moments)
    assert len({c.at for c in found}) == 3
    assert all(c.at and any(c.at <= m for m in moments) for c in found)


async def _state(ibm: IbmQuantum, id: str) -> str:
    found = await ibm.job(id)
    assert found is not None
    return found.state


@pytest.mark.parametrize(
    ("text", "said"), [(">4000", "≥4001"), ("12", "12"), (7, "7"), ("many", "None"), ("1000+", "≥1000"), (None, "None")]
)
def test_bounds_stay_bounds(text: str | int | None, said: str) -> None:
    """`>4000` is no number of jobs."""
    assert str(Count.read(text)) == said
