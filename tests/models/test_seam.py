"""The seam: budgets hold, circles are noticed, calls are read however they arrive, and endpoints may fail as they like."""

from __future__ import annotations

import asyncio
import time

import pytest
from pydantic import BaseModel, ConfigDict

from steersman.models import Budget, Call, Meter, Model, ModelFailed, OverBudget, Price, Prompt, ToolSpec
from steersman.models import tokens as counting
from steersman.models.base import ScriptOver
from steersman.models.chain import openai
from steersman.models.loops import LoopDetector, Looping
from steersman.models.reading import Unfit, called, cut_call, shaped
from steersman.models.scripted import Script, ScriptedModel, calls, says, scripted
from steersman.models.testing import Behaviour, CutOff, Fail, Garbage, Hang, NoSchema, Say, UseTool, fake_openai

ASK = Prompt(system="be brief", user="why?")


class Word(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str


class Probe:
    """A tool that notes how it was used."""

    offered = True
    spec = ToolSpec(
        name="logs",
        description="reads a log",
        parameters={"type": "object", "properties": {"entity": {"type": "string"}}, "required": ["entity"]},
    )

    def __init__(self) -> None:
        self.used: list[object] = []

    async def use(self, arguments: object) -> str:
        self.used.append(arguments)
        return "E9: boom"


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ('{"name": "logs", "arguments": {"entity": "a"}}', "a"),
        ('Sure!\n```json\n{"name": "logs", "arguments": {"entity": "a"}}\n```', "a"),
        ('{{"name": "logs", "arguments": {"entity": "a"}}}', "a"),
        ('<tool_call>{"name": "logs", "arguments": "{\\"entity\\": \\"a\\"}"}</tool_call>', "a"),
        ('{"function": {"name": "logs", "arguments": {"entity": "a",}}}', "a"),
        ('{"tool": "logs", "parameters": {"entity": "a"}} {"tool": "logs", "parameters": {"entity": "b"}}', "a"),
        ('{"name": "logs", "arguments": {"entity": "a', None),
        ('{"name": "rm", "arguments": {"entity": "a"}}', None),
        ("I would look at the logs of cart.", None),
        ("", None),
    ],
)
def test_calls_are_read_however_they_arrive(text: str, entity: str | None) -> None:
    """JSON as text, fenced, doubled, quoted or wrapped is a call; half of one, and prose, is none."""
    found = called(text, {"logs"})
    assert (found.arguments["entity"] if found else None) == entity
    assert cut_call(text, {"logs"}) == ('"logs"' in text and text.endswith('{"entity": "a'))


def test_an_answer_of_another_shape_says_what_is_wrong() -> None:
    """What does not validate comes with a reason that a model can act on."""
    assert shaped('Here: {"text": "x"} ok?', Word).text == "x"
    with pytest.raises(Unfit, match="text: Field required"):
        shaped('{"words": 1}', Word)
    with pytest.raises(Unfit, match="no JSON object"):
        shaped("I think so", Word)


@pytest.mark.parametrize(
    ("budget", "why"),
    [
        (Budget(turns=2), "2 turns"),
        (Budget(tokens=250), "250 tokens"),
        (Budget(seconds=5), "5 seconds"),
        (Budget(money=0.0004), "cost more"),
    ],
)
def test_each_budget_stops(budget: Budget, why: str) -> None:
    """Turns, tokens, seconds and money each stop the next call, and say which of them it was."""
    now = iter(range(0, 1000, 2))
    meter = Meter(budget, Price(million_in=1.0, million_out=2.0), lambda: next(now))

    def use() -> None:
        for _ in range(10):
            meter.allow(80, 20)
            meter.charge(80, 20)

    with pytest.raises(OverBudget, match=why):
        use()
    assert meter.usage.calls >= 1


def _circle(*made: tuple[str, str]) -> str:
    detector = LoopDetector()
    try:
        for name, entity in made:
            detector.watch(Call(id="", name=name, arguments={"entity": entity}))
    except Looping as error:
        return str(error)
    return ""


def test_circles_are_noticed_and_progress_is_not_taken_for_one() -> None:
    """The same call thrice, the same in other letters, and A-B-A-B are circles; other things and numbers are not."""
    assert "3 times" in _circle(*[("logs", "shop/Pod/a")] * 3)
    assert "3 times" in _circle(("logs", "the cart pod"), ("logs", "the cart  pod"), ("logs", "The cart pod."))
    assert "to and fro" in _circle(("logs", "a"), ("describe", "b"), ("logs", "a"), ("describe", "b"))
    assert _circle(("logs", "shop/Pod/a-1"), ("logs", "shop/Pod/a-2"), ("logs", "shop/Pod/a-3")) == ""


async def test_a_script_that_is_over_fails() -> None:
    """A scripted model never makes anything up: what the script does not provide for is an error."""
    model = ScriptedModel(says({"text": "x"}))
    assert (await model.complete(ASK, Word, Meter(Budget()))).text == "x"
    with pytest.raises(ScriptOver):
        await model.complete(ASK, Word, Meter(Budget()))


async def test_only_offered_tools_are_used_one_a_turn() -> None:
    """A call of a tool that is not offered is not carried out, and of two calls in one turn the first is."""
    probe = Probe()
    twice = calls("logs", entity="a")
    script = Script([calls("rm", path="/"), twice.model_copy(update={"calls": twice.calls * 2}), says("done")])
    assert await scripted(script).converse(ASK, [probe], Meter(Budget())) == "done"
    assert probe.used == [{"entity": "a"}]
    probe.offered = False
    await scripted(closed := Script([says("done")])).converse(ASK, [probe], Meter(Budget()))
    assert closed.heard[0][1] == ()


async def _talk(*behaviours: Behaviour, seconds: float = 3.0) -> tuple[str, list[object], float]:
    probe = Probe()
    async with fake_openai(*behaviours) as fake:
        model: Model = openai(fake.url, "key", "fake", 30)
        began = time.monotonic()
        try:
            said = await model.converse(ASK, [probe], Meter(Budget(seconds=seconds)))
        except (ModelFailed, OverBudget, Looping) as error:
            said = f"{type(error).__name__}: {error}"
        return said, probe.used, time.monotonic() - began


@pytest.mark.parametrize(
    ("behaviours", "said", "used"),
    [
        ((Say("done"),), "done", 0),
        ((UseTool("logs", {"entity": "a"}), Say("done")), "done", 1),
        ((UseTool("logs", {"entity": "a"}, twice=True), Say("done")), "done", 1),
        ((UseTool("logs", raw='{"entity": "a'), UseTool("logs", {"entity": "b"}), Say("done")), "done", 1),
        ((Say('```json\n{"name": "logs", "arguments": {"entity": "a"}}\n```'), Say("done")), "done", 1),
        ((Fail(429, "0.1"), Say("done")), "done", 0),
        ((UseTool("logs", {"entity": "a"}),), "Looping", 1),
        ((Fail(500),), "ModelFailed: it failed (HTTP 500)", 0),
        ((Fail(401),), "STEERSMAN_MODEL_KEY", 0),
        ((CutOff(),), "hung up in the middle", 0),
        ((Garbage(),), "could not be read", 0),
        ((Garbage(b"{}", "application/json"),), "could not be read", 0),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_endpoints_fail_as_they_like(behaviours: tuple[Behaviour, ...], said: str, used: int) -> None:
    """Every failure seen in the wild is either survived or one sentence; no tool runs twice for it."""
    got, calls_made, _ = await _talk(*behaviours)
    assert said in got
    assert len(calls_made) == used


async def test_a_hang_ends_with_the_budget() -> None:
    """An endpoint that never answers costs the seconds of the budget and no more."""
    said, _, took = await _talk(Hang(), seconds=0.5)
    assert "did not answer within 0.5 seconds" in said
    assert took < 60


async def test_an_endpoint_without_schemas_is_told_in_words() -> None:
    """HTTP 400 for a JSON schema is answered by asking again with the schema in the prompt."""
    async with fake_openai(NoSchema('{"text": "y"}')) as fake:
        model = openai(fake.url, "", "fake", 30)
        assert (await model.complete(ASK, Word, Meter(Budget()))).text == "y"
        assert "response_format" not in fake.asked[1]
        assert "JSON object of this schema" in fake.asked[1]["messages"][0]["content"]


async def test_cancelling_is_at_once() -> None:
    """A cancelled session does not wait for the endpoint."""
    async with fake_openai(Hang()) as fake:
        task = asyncio.create_task(openai(fake.url, "", "fake", 30).complete(ASK, Word, Meter(Budget())))
        await asyncio.sleep(0.2)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 30


def test_tokens_are_counted_without_a_vocabulary() -> None:
    """Never too low, and at most 60 % too high, for words, commands, JSON and Chinese."""
    for text, real in (  # counted by llama.cpp's /tokenize with Qwen2.5-Coder-1.5B
        ("The pods of Deployment catalogue still use what Secret catalogue-db held before it was changed", 16),
        ("kubectl get deployments cart -n shop -o yaml", 10),
        ("为什么结账服务从中午开始变慢", 9),
        ('{"name": "list_pods", "arguments": {"namespace": "shop"}}', 17),
    ):
        assert real <= counting.count(text) <= 1.6 * real, (text, counting.count(text))
