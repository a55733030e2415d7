"""What an explanation costs at most in practice: a model that uses up whatever it may, on faults of the embedded world and of the lab.

No model is needed: the calls are counted by the product's own meter, on the very words that would be sent.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import count

import orjson
from pydantic import JsonValue

from steersman.app import sources
from steersman.asking import ask
from steersman.gather import Sources
from steersman.models import Budget, Call, Message, Reply, Shape, ToolSpec
from steersman.models.chain import spoken
from steersman.seams import Aide
from steersman_tools.types import Frozen
from steersman_tools.world.faults import catalogue

from ..lab.bench import Bench, Cluster
from ..lab.restore import inventory, restore
from ..lab.run import injected
from ..lab.scenario import Scenario
from .cases import world

QUESTION = "what is wrong and what does it break?"
_LOOKS: tuple[tuple[str, dict[str, JsonValue]], ...] = (
    ("problems", {}), ("changes", {}), ("list", {"kind": "Workload"}), ("estate", {"about": "nodes"}),
)  # fmt: skip
_SENTENCE = (
    "This is what is out of order here, and everything that waits for it is out of order as well until it is so again."
)


class Cost(Frozen):
    """What one explanation took."""

    case: str
    causes: int
    explained: bool
    calls: int
    tokens: int


class Spender:
    """Looks as often as it is let, answers wrongly once, and then at length: a Speaker."""

    def __init__(self) -> None:
        self._looked = count()
        self._answered = 0

    async def say(self, messages: Sequence[Message], tools: Sequence[ToolSpec], shape: Shape | None) -> Reply:
        if shape is None:
            name, arguments = _LOOKS[next(self._looked) % len(_LOOKS)]
            return Reply(calls=(Call(id=f"look-{name}", name=name, arguments=arguments),))
        self._answered += 1
        ids = re.findall(r"<<<(E\d+) ", "\n".join(m.text for m in messages)) if self._answered > 1 else ["E999"]
        said: list[JsonValue] = [{"cites": [key], "text": _SENTENCE} for key in (ids or ["E1"])[:4]]
        answer: dict[str, JsonValue] = {"sentences": said, "order": [], "hypotheses": []}
        return Reply(text=orjson.dumps(answer).decode())


async def on_worlds() -> AsyncIterator[Cost]:
    """On every fault of the embedded world's catalogue."""
    for fault in catalogue():
        yield await _cost(fault.name, world(fault.name, _spending()))


async def on_lab(bench: Bench, scenarios: Sequence[Scenario]) -> AsyncIterator[Cost]:
    """On scenarios of a lab, which is put back in between."""
    with closing(bench.connect()) as transport:
        cluster = Cluster(transport)
        before = await inventory(cluster)
        for scenario in scenarios:
            try:
                async with injected(bench, cluster, scenario):
                    with sources(bench.settings) as opened:
                        yield await _cost(scenario.name, _with(opened))
            finally:
                await restore(bench, cluster, before)


def _spending() -> Aide:
    return Aide(spoken(Spender(), "spender"), Budget())


def _with(opened: Sources) -> Sources:
    return replace(opened, aide=_spending())


async def _cost(name: str, opened: Sources) -> Cost:
    asked = await ask(QUESTION, opened)
    event = await asked.explained()
    assert event is not None, "the question was not taken for a question"
    found = asked.case.diagnosis.causes
    return Cost(
        case=name,
        causes=len(found),
        explained=event.explanation is not None,
        calls=event.usage.calls,
        tokens=event.usage.tokens,
    )
