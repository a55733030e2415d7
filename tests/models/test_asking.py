"""Requests in words, to the end: what is asked for is read, foreseen, or planned, judged, done and verified."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steersman.app import playground
from steersman.asking import Answered, ask
from steersman.rehearsal import rehearsal
from steersman.session import Session
from steersman.types import Closed, Diagnosed, Event, Judged, Planned, Rehearsed, Request
from steersman_tools.actions import Scale
from steersman_tools.types import Ref

from .cases import broken, sources

FAULT = "wrong-target-port"


async def said(text: str, session: Session) -> Answered:
    return (await ask(text, session.sources)).answered


async def done(session: Session, request: Request | None) -> list[Event]:
    """What a session makes of the request, approved beforehand."""
    assert request is not None
    approved = request.model_copy(update={"approval": "given", "by": "tester"})
    return [entry.event async for entry in session.start(approved)]


def end(events: list[Event]) -> Closed:
    last = events[-1]
    assert isinstance(last, Closed)
    return last


async def replicas(session: Session, ref: Ref) -> int:
    found = (await session.sources.reader.snapshot(None)).get(ref)
    assert found is not None
    return found.count("spec.replicas")


@pytest.mark.parametrize("text", ["scale suggest to 3", "give suggest one more replica", "把 suggest 扩容到 3 个副本"])
async def test_a_change_in_words_goes_the_way_of_every_change(text: str) -> None:
    """It is planned, judged by policy, approved, done and verified; and the plan says in whose words it was asked for."""
    session, suggest = playground(FAULT), Ref("books", "Deployment", "suggest")
    answered = await said(text, session)
    assert answered.reply.action == Scale(target=suggest, replicas=3)
    assert await replicas(session, suggest) == 2, "asking changes nothing"
    events = await done(session, answered.reply.request)
    plan = next(e.plan for e in events if isinstance(e, Planned))
    assert (plan.aim, plan.fault, plan.steps[0].why) == ("wish", "", f"asked: {text}")
    assert next(e for e in events if isinstance(e, Judged)).effect == "ask"
    assert end(events).outcome == "done"
    assert await replicas(session, suggest) == 3


async def test_policy_has_the_last_word() -> None:
    """What policy denies is not done, whoever asks and however it was approved."""
    session, suggest = playground(FAULT), Ref("books", "Deployment", "suggest")
    events = await done(session, (await said("scale suggest to 0", session)).reply.request)
    verdict = next(e for e in events if isinstance(e, Judged)).verdicts[0]
    assert (verdict.effect, verdict.rule) == ("deny", "no-demolition")
    assert end(events).outcome == "refused"
    assert await replicas(session, suggest) == 2


async def test_only_if_it_breaks_nothing() -> None:
    """A condition in the request is kept: it is rehearsed first, and what breaks something there is not done here."""
    session, shelf = playground(FAULT), Ref("books", "Deployment", "storefront")
    request = (await said("scale storefront to 4 if that breaks nobody", session)).reply.request
    assert request is not None
    assert request.rehearse == "must-hold"
    assert end(await done(session, request)).outcome == "refused", "where nothing can be rehearsed, it is not done"
    assert session.equipment is not None
    play = rehearsal(session.sources, session.clock)
    session.equipment = replace(session.equipment, rehearse=play)
    none = request.model_copy(update={"action": Scale(target=shelf, replicas=0)})
    events = await done(session, none)
    assert next(e for e in events if isinstance(e, Rehearsed)).verdict == "breaks"
    assert end(events).outcome == "refused"
    assert await replicas(session, shelf) == 3
    assert end(await done(session, request)).outcome == "done"
    assert await replicas(session, shelf) == 4


async def test_what_is_so_already_is_not_done_again() -> None:
    """A change that changes nothing ends in a sentence, and with no plan."""
    session = playground(FAULT)
    action = Scale(target=Ref("books", "Deployment", "suggest"), replicas=2)
    events = await done(session, Request(wants="change", action=action))
    assert not [e for e in events if isinstance(e, Planned)]
    assert (end(events).outcome, "so already" in end(events).text) == ("nothing-to-do", True)


async def test_repair_in_words_heals() -> None:
    """To ask for repair is to ask for healing."""
    session = playground(FAULT)
    events = await done(session, (await said("fix payment", session)).reply.request)
    assert end(events).outcome == "healed"


async def test_a_question_is_answered_by_the_whole_engine() -> None:
    """To ask in words finds what `investigate` finds, metrics included."""
    session = playground(FAULT)
    asked = await ask("why do orders fail?", session.sources)
    told = [e.event async for e in session.start(Request(question=""))]
    whole = next(e.diagnosis for e in told if isinstance(e, Diagnosed))
    mine = asked.answered.reply.diagnosis
    assert mine is not None
    assert [(c.fault, c.entity) for c in mine.causes] == [(c.fault, c.entity) for c in whole.causes]


async def test_accelerators_are_told_by_their_own_desk() -> None:
    """A question about GPUs is answered with what `steersman gpu` says."""
    answered = await said("which GPUs are idle", playground(FAULT))
    assert [type(a).__name__ for a in answered.gpus] == ["IdleReport", "Estate"]


async def test_the_future_is_not_invented() -> None:
    """Without metrics a forecast is said to be not checked."""
    asked = await ask("which nodes will run out of memory tonight", sources(broken()))
    assert "not checked" in asked.answered.reply.headline.lower()
    assert asked.answered.outlook is None
