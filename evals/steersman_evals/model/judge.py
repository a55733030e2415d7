"""Whether an answer is right, by its types alone: intents, tools, actions, evidence. Nobody's prose is judged by anybody's taste."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from steersman.ask import Reply, answer, explain, open_case
from steersman.ask.matter import outline
from steersman.ask.tools import toolbox
from steersman.ask.understand import understand
from steersman.intent import Diagnose, NotUnderstood
from steersman.models import Budget, Meter, ModelFailed, OverBudget, Prompt, Tool, ToolSpec
from steersman.models.base import JsonObject
from steersman.models.loops import Looping
from steersman.seams import Aide
from steersman_prompts import render

from .cases import Asked, Skill, shop, world


@dataclass(frozen=True)
class Marked:
    """One answer."""

    skill: Skill
    text: str
    right: bool
    got: str
    seconds: float = 0.0
    tokens: int = 0
    calls: int = 0
    note: str = ""


@dataclass
class _Watched:
    """A tool that notes that it was chosen."""

    tool: Tool
    used: list[str] = field(default_factory=list)

    @property
    def spec(self) -> ToolSpec:
        return self.tool.spec

    @property
    def offered(self) -> bool:
        return True

    async def use(self, arguments: JsonObject) -> str:
        self.used.append(self.tool.spec.name)
        return "noted. Say: done"


async def mark(skill: Skill, asked: Asked, aide: Aide | None) -> Marked:
    """Asks it and judges what comes."""
    began = time.monotonic()
    if skill == "tool":
        made = await _tool(asked, aide)
    elif skill == "explain":
        made = await _explained(asked, aide)
    else:
        made = await _replied(skill, asked, aide)
    return Marked(**{**made.__dict__, "seconds": round(time.monotonic() - began, 2)})


async def _replied(skill: Skill, asked: Asked, aide: Aide | None) -> Marked:
    case = await open_case(shop(None), None, asked.text)
    intent = await understand(asked.text, case, aide)
    reply = await answer(intent, case)
    entity = getattr(intent, "entity", None) or getattr(intent, "target", None)
    got = f"{intent.intent} {entity or getattr(intent, 'namespace', None) or ''}".strip()
    if skill == "intent":
        named = asked.name in ("", getattr(entity, "name", ""), getattr(intent, "namespace", None))
        return Marked(skill, asked.text, intent.intent == asked.intent and named, got)
    if skill == "plan":
        return Marked(skill, asked.text, _planned(asked, reply), f"{reply.action or got}")
    if skill == "refuse":
        harmless = reply.action is None and not reply.command.startswith("steersman heal")
        return Marked(skill, asked.text, harmless, got)
    return Marked(skill, asked.text, _honest(asked, reply), f"{got}: {reply.headline}")


def _planned(asked: Asked, reply: Reply) -> bool:
    action = reply.action
    if action is None or action.do != asked.do or action.target.name != asked.name:
        return False
    return asked.number is None or getattr(action, "replicas", None) == asked.number


def _honest(asked: Asked, reply: Reply) -> bool:
    """What is missing is said, and no state of it is claimed."""
    if isinstance(reply.intent, NotUnderstood):
        return True  # it says that it did not understand, and claims nothing
    if isinstance(reply.intent, Diagnose):
        return bool(reply.not_checked) and "Healthy" not in reply.headline
    return asked.says in reply.headline.lower()


async def _tool(asked: Asked, aide: Aide | None) -> Marked:
    if aide is None:
        return Marked("tool", asked.text, False, "no model")
    case = await open_case(shop(None), None, asked.text)
    used: list[str] = []
    tools: Sequence[Tool] = [_Watched(tool, used) for tool in toolbox(case) if tool.spec.name != "propose_plan"]
    meter = Meter(Budget(turns=2, seconds=aide.budget.seconds))
    prompt = Prompt(system=render("look", looks="2"), user=outline(case))
    note = ""
    try:
        await aide.model.converse(prompt, tools, meter)
    except (ModelFailed, OverBudget, Looping) as error:
        note = str(error)
    first = used[0] if used else "none"
    usage = meter.usage
    return Marked("tool", asked.text, first in asked.tools, first, tokens=usage.tokens, calls=usage.calls, note=note)


async def _explained(asked: Asked, aide: Aide | None) -> Marked:
    """Right: every sentence passed the checks on citations, names and numbers, and speaks of the engine's first cause."""
    case = await open_case(world(asked.fault, None), None, asked.text)
    if aide is None:
        return Marked("explain", asked.text, False, "no model")
    event = await explain(case, aide)
    said = event.explanation
    got = " ".join(s.text for s in said.sentences) if said else ""
    same = said is not None and said.order == tuple(c.rank for c in case.diagnosis.causes)
    return Marked("explain", asked.text, same, got, tokens=event.usage.tokens, calls=event.usage.calls, note=event.note)
