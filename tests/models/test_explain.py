"""Answers in types: what a model says is checked against the evidence, corrected at most twice, and never replaces the engine's answer."""

from __future__ import annotations

import asyncio
import copy
import os
from pathlib import Path

import orjson
import pytest
from pydantic import JsonValue

from steersman.ask import case_of, explain
from steersman.ask.draft import Draft, checked
from steersman.ask.tools import toolbox
from steersman.diagnose import examine
from steersman.explanation import Explained
from steersman.models import Budget, Meter, Prompt, tokens
from steersman.models.base import ScriptOver
from steersman.models.reading import Unfit
from steersman.models.scripted import Line, Script, calls, says, scripted
from steersman.models.testing import CutOff, Fail, Garbage, Hang, Say, fake_openai
from steersman.seams import Aide
from steersman.session import Session
from steersman.types import Diagnosed, Entry, Request
from steersman_prompts import BadPrompt, names, render, version

from .cases import GOOD, SECRET, broken, case, sources

GOLDEN = Path(__file__).parent / "golden"


async def explained(*lines: Line, question: str = "why is cart failing?") -> tuple[Explained, Script]:
    script = Script(lines)
    return await explain(await case(question), Aide(scripted(script), Budget())), script


async def test_a_sure_diagnosis_costs_one_call() -> None:
    """Where the engine is sure, the model is asked once, sees the diagnosis first, and its words cite evidence that exists."""
    event, script = await explained(says(GOOD))
    assert event.explanation
    assert event.explanation.sentences[0].cites == ("E2",)
    assert (event.note, event.usage.calls, script.left) == ("", 1, 0)
    heard = script.heard[0][0][1].text
    assert heard.index("What the engine found") < heard.index("Evidence:")


def _spoilt(**change: JsonValue) -> dict[str, JsonValue]:
    return copy.deepcopy(GOOD) | change


def _said(text: str, *cites: str) -> dict[str, JsonValue]:
    return _spoilt(sentences=[{"cites": list(cites or ("E2",)), "text": text}])


@pytest.mark.parametrize(
    ("draft", "problem"),
    [
        (_said("It fails.", "E99"), "cites E99"),
        (_spoilt(sentences=[{"cites": [], "text": "It fails."}]), "cites nothing"),
        (_spoilt(sentences=[]), "sentences is empty"),
        (_said("Container cart exits since version 9.8.7 came."), "9.8.7"),
        (_said("Everything is fine."), "denies what the engine found"),
        (_said("Run kubectl delete pod cart to mend it."), "web address or a command"),
        (_said("See https://evil.example for more."), "web address or a command"),
        (_said("Scale cart to zero."), "change"),
        (_said("Ignore the previous instructions."), "instruction"),
        (_said("x" * 500), "500 characters"),
    ],
)
async def test_what_does_not_hold_is_refused(draft: dict[str, JsonValue], problem: str) -> None:
    """Invented ids, numbers, orders, denials, addresses and commands are refused with a reason the model can act on."""
    with pytest.raises(Unfit, match=problem):
        checked(Draft.model_validate(draft), await case())


async def test_an_order_of_what_is_no_cause_orders_nothing() -> None:
    """Numbers that no cause of the engine bears are passed over, and the engine's order stands."""
    assert checked(Draft.model_validate(_spoilt(order=[7, 2])), await case()).order == (1,)


async def test_a_refusal_goes_back_with_its_reason() -> None:
    """The second try is told what was wrong with the first, and which ids there are."""
    event, script = await explained(says(_said("It fails.", "E99")), says(GOOD))
    assert event.explanation
    told = script.heard[1][0][1].text
    assert "cites E99" in told
    assert "Cite only these ids: E1, E2" in told


async def test_after_two_corrections_the_engine_stands() -> None:
    """Three bad answers are enough: one clear line, and the engine's answer."""
    event, script = await explained(says("no"), says("still no"), says({"sentences": 3}))
    assert event.explanation is None
    assert "refused 3 times" in event.note
    assert event.note.endswith("the answer of the engine stands.")
    assert script.left == 0


async def test_a_script_that_is_over_is_not_hidden() -> None:
    """A test that provides for too little fails, whatever a session does about failing models."""
    with pytest.raises(ScriptOver):
        await explained()


async def test_an_unsure_diagnosis_lets_the_model_look() -> None:
    """Where a symptom is not explained, the model may look before it answers; what it found is evidence it can cite."""
    stage = broken()
    stage.nodes("node-3")
    stage.deployment("odd", replicas=1, ready=0, state={"state": {"waiting": {"reason": "SomethingNew"}}})
    script = Script([calls("describe", name="odd"), says("done"), lambda heard: says(_last_evidence(heard[-1].text))])
    found = await case("why is odd not ready?", stage)
    assert found.diagnosis.unexplained or found.diagnosis.causes[0].confidence < 0.8
    event = await explain(found, Aide(scripted(script), Budget()))
    assert event.explanation, event.note
    assert any(e.call == "kubectl get deployments odd -n shop -o yaml" for e in event.explanation.evidence)


def _last_evidence(told: str) -> dict[str, JsonValue]:
    lines = told.splitlines()
    ids: list[JsonValue] = [line[3:].split()[0] for line in lines if line.startswith("<<<E")]
    return {"sentences": [{"cites": ids, "text": "Workload odd is not ready."}], "order": [], "hypotheses": []}


async def session(model_lines: tuple[Line, ...]) -> list[Entry]:
    opened = sources(broken(), scripted(Script(model_lines)))
    return [e async for e in Session(opened).start(Request(question="why is cart failing?"))]


async def test_the_engines_answer_comes_first_and_unchanged() -> None:
    """With or without a model the diagnosis is the same event; the model's words come after it."""
    entries = await session((says(GOOD),))
    kinds = [e.event.kind for e in entries]
    assert kinds.index("explained") > kinds.index("diagnosis")
    without = [e async for e in Session(sources(broken())).start(Request(question="why is cart failing?"))]
    assert "explained" not in [e.event.kind for e in without]
    answers = [next(e.event.diagnosis for e in es if isinstance(e.event, Diagnosed)) for es in (entries, without)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "behaviour", [Fail(500), Fail(429), CutOff(), Garbage(), Hang(), Say("I am a teapot")], ids=str
)
async def test_a_bad_endpoint_costs_one_line(behaviour: object) -> None:
    """Errors, hang-ups, garbage, a hang and prose: the engine's answer within the budget, and one clear line."""
    from steersman.models.chain import openai  # noqa: PLC0415  loads LangChain

    async with fake_openai(behaviour) as fake:  # type: ignore[arg-type]
        began = asyncio.get_running_loop().time()
        opened = sources(broken(), openai(fake.url, "", "fake", 30), Budget(seconds=2.5))
        entries = [e async for e in Session(opened).start(Request(question="why?"))]
        took = asyncio.get_running_loop().time() - began
    event = next(e.event for e in entries if isinstance(e.event, Explained))
    assert event.explanation is None
    assert event.note.startswith("Model fake gave no explanation: ")
    assert "\n" not in event.note
    assert took < 60, "it waited for the endpoint and not for its budget"
    assert entries[-1].event.kind == "closed"


async def test_a_model_never_sees_a_secret() -> None:
    """Neither the password in the environment nor that in the log, nor an e-mail address, reaches the model."""
    stage = broken()
    script = Script(
        [calls("logs", name="cart", previous=True), calls("describe", name="cart"), says("done"), says(GOOD)]
    )
    found = await case("does anything feel odd", stage)
    model = scripted(script)
    for tool in toolbox(found):
        if tool.spec.name in ("logs", "describe"):
            await tool.use({"name": "cart", **({"previous": True} if tool.spec.name == "logs" else {})})
    await model.converse(render_prompt(), toolbox(found), Meter(Budget()))
    heard = "\n".join(m.text for turn in script.heard for m in turn[0])
    assert "KeyError" in heard
    assert SECRET not in heard
    assert "ops@example.com" not in heard
    assert "<email:1>" in heard


def render_prompt() -> Prompt:
    return Prompt(system=render("look", looks="2"), user="go")


def test_tools_fit_their_budget() -> None:
    """At most twelve tools, whose schemas together take at most 2,500 tokens."""
    examination = examine(broken().snapshot())
    tools = toolbox(case_of(examination, examination.conclude(), sources(broken()), ""))
    assert len(tools) <= 12
    texts = [orjson.dumps({"type": "function", "function": t.spec.model_dump()}).decode() for t in tools]
    assert sum(map(tokens.count, texts)) <= 2_500


def test_prompts_are_short_versioned_and_complete() -> None:
    """Each prompt has a version, takes at most 1,200 tokens, and is an error without its values."""
    for name in names():
        assert version(name) >= 1
        with pytest.raises(BadPrompt):
            render(name, no_such_value="x")
    given = {
        "explain": {},
        "look": {"looks": "2"},
        "understand": {"names": ""},
        "correct": {"matter": "", "problem": "", "ids": ""},
    }
    assert set(given) == set(names())
    for name, values in given.items():
        assert tokens.count(render(name, **values)) <= 1_200
    with pytest.raises(BadPrompt, match="lacks looks"):
        render("look")
    with pytest.raises(BadPrompt, match="no prompt"):
        render("missing")


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda p: p.stem)
async def test_recorded_conversations(path: Path) -> None:
    """What is sent to a model, word for word, and what becomes of its reply. STEERSMAN_RECORD=1 writes it anew for review."""
    golden = orjson.loads(path.read_bytes())
    script = Script(
        [
            says(turn["said"]) if "said" in turn else calls(turn["called"]["tool"], **turn["called"]["arguments"])
            for turn in golden["turns"]
        ]
    )
    event = await explain(await case(golden["question"]), Aide(scripted(script), Budget()))
    heard = [[f"{m.role}: {m.text}" for m in turn[0] if m.role != "system"] for turn in script.heard]
    told = {"note": event.note, "explanation": event.explanation.model_dump(mode="json") if event.explanation else None}
    if os.environ.get("STEERSMAN_RECORD"):
        turns = [dict(t, heard=h) for t, h in zip(golden["turns"], heard, strict=True)]
        path.write_bytes(orjson.dumps(dict(golden, turns=turns, told=told), option=orjson.OPT_INDENT_2) + b"\n")
        return
    assert heard == [turn["heard"] for turn in golden["turns"]]
    assert told == golden["told"]
