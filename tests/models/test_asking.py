"""Requests in words, to the end: what is asked for is read, foreseen, or planned, judged, done and verified."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steersman.app import playground
from steersman.asking import Answered, ask
from steersman.diagnose import examine
from steersman.intent import ScaleTo
from steersman.models import Budget
from steersman.models.chain import ChatModel
from steersman.models.scripted import ScriptedModel, says
from steersman.plan import asked as planned
from steersman.rehearsal import rehearsal
from steersman.session import Session
from steersman.types import Closed, Event, Judged, Planned, Rehearsed, Request
from steersman_tools.actions import Scale, Unfit
from steersman_tools.types import Ref

from .cases import GOOD, broken, sources

FAULT = "wrong-target-port"


async def said(text: str, session: Session) -> Answered:
    return (await ask(text, session.sources)).answered


async def done(where: Session, request: Request | None) -> list[Event]:
    """What a new session there makes of the request, approved beforehand."""
    assert request is not None
    session = Session(where.sources, where.clock, equipment=where.equipment)
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


async def test_a_change_in_words_goes_the_way_of_every_change() -> None:
    """It is planned, judged by policy, approved, done and verified; and the plan says in whose words it was asked for."""
    session, suggest = playground(FAULT), Ref("books", "Deployment", "suggest")
    text = "把 suggest 扩容到 3 个副本"
    answered = await said(text, session)
    assert answered.reply.action == Scale(target=suggest, replicas=3)
    assert await replicas(session, suggest) == 2, "asking changes nothing"
    events = await done(session, answered.reply.request)
    plan = next(e.plan for e in events if isinstance(e, Planned))
    assert (plan.aim, plan.fault, plan.steps[0].why) == ("wish", "", f"asked: {text}")
    assert next(e for e in events if isinstance(e, Judged)).effect == "ask"
    assert end(events).outcome == "done"
    assert await replicas(session, suggest) == 3


async def test_policy_and_conditions_have_the_last_word() -> None:
    """What policy denies is not done however it was approved, and what was wanted only if it breaks nothing is rehearsed."""
    session, suggest = playground(FAULT), Ref("books", "Deployment", "suggest")
    denied = await done(session, (await said("scale suggest to 0", session)).reply.request)
    verdict = next(e for e in denied if isinstance(e, Judged)).verdicts[0]
    assert (verdict.effect, verdict.rule, end(denied).outcome) == ("deny", "no-demolition", "refused")

    careful = (await said("scale suggest to 4 if that breaks nobody", session)).reply.request
    assert careful is not None
    assert careful.rehearse == "must-hold"
    assert end(await done(session, careful)).outcome == "refused", "where nothing can be rehearsed, it is not done"

    assert session.equipment is not None
    session.equipment = replace(session.equipment, rehearse=rehearsal(session.sources, session.clock))
    harmful = careful.model_copy(update={"action": Scale(target=suggest, replicas=0)})
    events = await done(session, harmful)
    assert next(e for e in events if isinstance(e, Rehearsed)).verdict == "breaks"
    assert not [e for e in events if isinstance(e, Judged)]
    assert end(events).outcome == "refused"
    assert await replicas(session, suggest) == 2


def test_what_is_so_already_is_not_done_again() -> None:
    """A change that changes nothing is no plan, and the sentence says so."""
    snapshot = broken().snapshot()
    action = Scale(target=Ref("shop", "Deployment", "cart"), replicas=2)
    with pytest.raises(Unfit, match="is so already"):
        planned(action, examine(snapshot).scene, "asked")


async def test_repair_in_words_heals() -> None:
    """To ask for repair is to ask for healing."""
    session = playground(FAULT)
    events = await done(session, (await said("fix payment", session)).reply.request)
    assert end(events).outcome == "healed"


async def test_accelerators_are_told_by_their_own_desk() -> None:
    """A question about GPUs is answered with what `steersman gpu` says."""
    answered = (await ask("which GPUs are idle", sources(broken()))).answered
    assert [type(a).__name__ for a in answered.gpus] == ["Estate"]


async def test_the_future_is_not_invented() -> None:
    """Without metrics a forecast is said to be not checked."""
    asked = await ask("which nodes will run out of memory tonight", sources(broken()))
    assert "not checked" in asked.answered.reply.headline.lower()
    assert asked.answered.outlook is None


def reads(intent: str, name: str, number: int | None = None) -> ChatModel:
    """A model that fills the form so, whatever it is told."""
    return ScriptedModel(says({"intent": intent, "name": name, "kind": "", "number": number}))


async def test_what_a_model_reads_is_marked_and_never_more_than_the_words_hold() -> None:
    """Where the words name a change, a model's reading is a wish marked as read; where they do not, it is a question back."""
    asked = await ask("cart needs one more copy", sources(broken(), reads("scale", "cart", 3)))
    intent = asked.answered.reply.intent
    assert isinstance(intent, ScaleTo)
    assert (intent.read_by, intent.to) == ("scripted", 3)
    asked = await ask("something about cart feels off", sources(broken(), reads("restart", "cart")))
    reply = asked.answered.reply
    assert (reply.action, reply.request, reply.nearest) == (None, None, ("restart cart",))
    assert reply.headline == "I did not understand that: scripted reads it as `restart cart`: say so if it is meant."


async def test_a_question_is_no_order_to_repair() -> None:
    """A model that hears an order to repair in a question starts nothing."""
    asked = await ask("what is the official way to mend a cart?", sources(broken(), reads("heal", "cart")))
    assert asked.answered.reply.request is None


async def test_one_budget_for_the_whole_request() -> None:
    """What the reading of a request used is missing from what its explanation may use."""
    model = ScriptedModel(says({"intent": "diagnose", "name": "cart", "kind": "", "number": None}), says(GOOD))
    asked = await ask("something about cart feels off", sources(broken(), model, Budget(turns=1)))
    explained = await asked.explained()
    assert explained is not None
    assert (explained.explanation, explained.usage.calls) == (None, 1)
    assert "its 1 turns are used up; the answer of the engine stands" in explained.note
