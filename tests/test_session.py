"""Whole sessions: what a person asks, and every event until it is over."""

from __future__ import annotations

from steersman.session import Session, Sources
from steersman.types import Diagnosed, Diagnosis, Entry, Failed, Request
from steersman_tools.snapshot import Alert
from steersman_tools.testing import DeadReader, FakeMetrics, FakeReader, Stage

from .diagnose.helpers import crashing, shop


async def ask(sources: Sources, namespace: str | None = None) -> list[Entry]:
    return [entry async for entry in Session(sources).start(Request(question="why?", namespace=namespace))]


def answer(entries: list[Entry]) -> Diagnosis:
    return next(e.event.diagnosis for e in entries if isinstance(e.event, Diagnosed))


def broken() -> Stage:
    stage = shop()
    pod = stage.deployment("cart", replicas=1, ready=0, state=crashing())[0]
    stage.log(pod, "KeyError: 'DATABASE_URL'", previous=True)
    return stage


async def test_a_session_asks_for_the_logs_that_it_needs() -> None:
    """The log that names the cause is fetched because an analyzer asked for it, and the story is told in order."""
    entries = await ask(Sources(FakeReader(broken().snapshot())))
    assert [c.fault for c in answer(entries).causes] == ["env-missing"]
    assert [e.number for e in entries] == list(range(1, len(entries) + 1))
    kinds = [e.event.kind for e in entries]
    assert (kinds[0], kinds[-3:]) == ("question", ["diagnosis", "plan", "closed"])
    assert len({e.session for e in entries}) == 1


async def test_entries_survive_a_round_trip() -> None:
    """Every entry reads back from its JSON line as it was."""
    for entry in await ask(Sources(FakeReader(broken().snapshot()))):
        assert Entry.model_validate_json(entry.model_dump_json()) == entry


async def test_a_dead_cluster_is_one_sentence() -> None:
    """Nothing answers: the session says so and closes."""
    entries = await ask(Sources(DeadReader()))
    failed = next(e.event for e in entries if isinstance(e.event, Failed))
    assert failed.text == "https://127.0.0.1:1 does not answer (connection refused)."
    assert entries[-1].event.kind == "closed"


async def test_a_dead_prometheus_is_a_gap() -> None:
    """Without metrics the answer is given all the same, and the gap is named."""
    metrics = FakeMetrics(broken="http://p does not answer (timed out).")
    diagnosis = answer(await ask(Sources(FakeReader(broken().snapshot()), metrics)))
    assert [c.fault for c in diagnosis.causes] == ["env-missing"]
    assert ("metrics and alerts", "http://p does not answer (timed out).") in [
        (g.what, g.why) for g in diagnosis.not_checked
    ]


async def test_alerts_of_other_namespaces_are_left_out() -> None:
    """A session about one namespace is not told of another's alerts."""
    stage = shop()
    stage.deployment("cart")
    stage.service("cart")
    metrics = FakeMetrics([Alert("Slow", {"namespace": "ml", "service": "x"})])
    assert answer(await ask(Sources(FakeReader(stage.snapshot()), metrics), "shop")).healthy
    assert not answer(await ask(Sources(FakeReader(stage.snapshot()), metrics))).healthy
