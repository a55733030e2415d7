"""What past sessions teach ranks remedies that fit equally well, and does nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from steersman.experience import Experience, Signature, Tally, likeness
from steersman.journal import FileJournal
from steersman.memory import IncidentMemory, record
from steersman.plan.compose import best
from steersman.remedy import Plan, Step
from steersman.types import (
    Asked,
    Cause,
    Closed,
    Diagnosed,
    Diagnosis,
    Entry,
    Event,
    Planned,
    Request,
    Seconds,
    Undone,
    Verified,
)  # fmt: skip
from steersman_tools.actions import Cordon
from steersman_tools.edits import Change
from steersman_tools.types import Ref

NODE = Ref("", "Node", "w1")
CAUSE = Cause(
    rank=1, fault="gpu-lost", entity=NODE, observed="7", expected="8", confidence=0.9, summary="a card is lost"
)  # fmt: skip


def _plan(name: str, reversible: bool = True) -> Plan:  # noqa: FBT001  a table's column
    step = Step(action=Cordon(target=NODE), why="it is ill", undo="uncordon", reversible=reversible)
    return Plan(fault="gpu-lost", entity=NODE, name=name, steps=(step,))


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_chance_is_never_certain_and_grows_with_success(worked: int, failed: int) -> None:
    """Between 0 and 1, more after a success, less after a failure, one half where nothing is known."""

    def chance(good: int, bad: int) -> float:
        return Experience(tallies=(Tally(plan="p", worked=good, failed=bad),)).chance("p")

    assert 0 < chance(worked, failed) < 1
    assert chance(worked + 1, failed) > chance(worked, failed) > chance(worked, failed + 1)
    assert Experience().chance("unknown") == chance(0, 0) == 0.5


def test_what_worked_goes_first_among_equals_only() -> None:
    """A record of success moves a plan before its equals, and never before one that can be undone."""

    def changed(plan: Plan, path: str) -> Plan:
        step = plan.steps[0].model_copy(update={"changes": (Change(path=path, op="add", after=1),)})
        return Plan(fault=plan.fault, entity=plan.entity, name=plan.name, steps=(step,))

    first, second, risky = (
        changed(_plan("a"), "x"),
        changed(_plan("b"), "y"),
        changed(_plan("c", reversible=False), "z"),
    )
    known = Experience(tallies=(Tally(plan="b", worked=2, failed=0), Tally(plan="c", worked=90, failed=0)))
    assert [p.name for p in best((first, second, risky), Experience())] == ["a", "b", "c"]
    assert [p.name for p in best((first, second, risky), known)] == ["b", "a", "c"]


def test_likeness_is_symmetric_and_knows_itself() -> None:
    """An incident is most like itself, and less like another fault elsewhere."""
    one = Signature(faults=("gpu-lost",), entities=(NODE,), words=("card", "lost"))
    other = Signature(faults=("oom-killed",), entities=(Ref("a", "Deployment", "b"),), words=("killed",))
    assert likeness(one, one) == 1
    assert likeness(one, other) == likeness(other, one) == 0


def _session(journal: FileJournal, name: str, *events: Event) -> list[Entry]:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    entries = [Entry(session=name, number=n, at=at, event=event) for n, event in enumerate(events, 1)]
    return [journal.append(entry) for entry in entries]


def _told(plan: Plan, healed: bool) -> list[Event]:  # noqa: FBT001  a table's column
    answer = Diagnosed(diagnosis=Diagnosis(causes=(CAUSE,)), seconds=Seconds(gather=0, diagnose=0))
    after: list[Event] = [Verified(digest=plan.digest, healed=healed, text="")]
    if not healed:
        after.append(Undone(digest=plan.digest, step=0, proven=True, text="taken back"))
    return [Asked(request=Request(question="where is my card?")), answer, Planned(plan=plan), *after,
            Closed(outcome="healed" if healed else "undone")]  # fmt: skip


def test_closed_sessions_become_records(tmp_path: Path) -> None:
    """Each closed session is remembered once, with what was tried; a later undo by a person counts against the remedy."""
    journal, plan = FileJournal(tmp_path / "sessions.db"), _plan("cordon")
    _session(journal, "s1", *_told(plan, healed=True))
    memory = IncidentMemory(journal)
    found = Signature(faults=("gpu-lost",), entities=(NODE,))
    assert [r.incident.session for r in memory.like(found)] == ["s1"]
    assert memory.like(found, session="s1") == ()
    assert [t.result for t in memory.like(found)[0].incident.tried] == ["worked"]
    _session(journal, "s2", *_told(plan, healed=False))
    assert memory.experience("gpu-lost").tallies == (Tally(plan="cordon", worked=1, failed=1),)
    at = datetime(2026, 11, 22, tzinfo=UTC)
    journal.append(
        Entry(session="s1", number=90, at=at, event=Undone(digest=plan.digest, step=0, proven=True, text=""))
    )
    journal.append(Entry(session="s1", number=91, at=at, event=Closed(outcome="undone")))
    assert memory.experience("gpu-lost").tallies == (Tally(plan="cordon", worked=0, failed=2),)
    (tmp_path / "memory.db").write_bytes(b"this is no database, and long enough to be taken for one" * 40)
    assert memory.experience("gpu-lost").tallies == (Tally(plan="cordon", worked=0, failed=2),)
    journal.close()


def test_a_healthy_session_teaches_nothing() -> None:
    """Where nothing was wrong there is nothing to remember."""
    at = datetime(2026, 11, 21, tzinfo=UTC)
    well = Diagnosed(diagnosis=Diagnosis(), seconds=Seconds(gather=0, diagnose=0))
    events: list[Event] = [Asked(request=Request()), well, Closed(outcome="answered")]
    assert record([Entry(session="s", number=n, at=at, event=event) for n, event in enumerate(events, 1)]) is None
