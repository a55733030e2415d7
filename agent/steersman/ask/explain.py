"""A model's explanation of a case: a few looks where the engine is not sure, one answer in a type, at most two corrections."""

from __future__ import annotations

from collections.abc import Sequence

from steersman_prompts import render

from .. import tracing
from ..explanation import Explained, Explanation
from ..models import Meter, Model, ModelFailed, OverBudget, Prompt, Tool
from ..models.loops import Looping
from ..models.reading import Unfit
from ..seams import Aide
from .case import Case
from .draft import Draft, checked
from .matter import matter, outline, pack
from .tools import toolbox
from .tools.propose import Propose
from .tools.remote import remote_tools

CORRECTIONS = 2
LOOKS = 2
"""Looks of a model before it must answer; the engine has looked already."""
SURE = 0.8
STANDS = "the answer of the engine stands"


async def explain(case: Case, aide: Aide, meter: Meter | None = None) -> Explained:
    """What the model makes of the case. Never raises for what a model or its endpoint does: `note` says it in one line.

    `meter` is that of the session, where the model was asked something before.
    """
    model, meter = aide.model, meter or aide.meter()
    more, gaps = await remote_tools(case, aide.servers)
    tools = [*toolbox(case), *more]
    with tracing.span("explain", gen_ai__request__model=model.name):
        stopped = ""
        explanation: Explanation | None = None
        try:
            if _looks(case, more):
                stopped = await _look(case, model, meter, tools)
            explanation = await _answer(case, model, meter)
        except ModelFailed as error:
            stopped = f"{error}"
        except OverBudget as error:
            stopped = stopped or f"{error}"
        except Unfit as error:
            stopped = f"its answer was refused {CORRECTIONS + 1} times ({error})"
    proposal = next((t.proposed for t in tools if isinstance(t, Propose)), None)
    if explanation is None:
        note = f"Model {model.name} gave no explanation: {stopped}; {STANDS}."
        return Explained(model=model.name, note=note, usage=meter.usage)
    note = f"Model {model.name} was stopped early: {stopped}; this is its best answer so far." if stopped else gaps
    if suspects := case.suspects:
        note = (
            f"{note} {', '.join(suspects)} speaks to a model like an instruction: the model was not shown that.".strip()
        )
    return Explained(
        model=model.name,
        explanation=explanation.model_copy(update={"proposal": proposal}),
        note=note,
        usage=meter.usage,
    )


def _looks(case: Case, more: Sequence[Tool]) -> bool:
    """Whether looking further can add anything: where the engine is sure of everything, it cannot."""
    causes = case.diagnosis.causes
    proposing = Propose(case).offered
    unsure = bool(case.diagnosis.unexplained) or any(c.confidence < SURE for c in causes[:1])
    return bool(case.question) and (unsure or not causes or proposing or bool(more))


async def _look(case: Case, model: Model, meter: Meter, tools: Sequence[Tool]) -> str:
    """Lets the model look around. Returns why it was stopped; empty where it was not."""
    prompt = Prompt(system=render("look", looks=str(LOOKS)), user=outline(case))
    try:
        with meter.reserving(turns=2, tokens=5_000, most=LOOKS):
            await model.converse(prompt, tools, meter)
    except Looping as error:
        return str(error)
    except OverBudget:
        return ""  # it has had its looks; what is left was kept for the answer
    return ""


async def _answer(case: Case, model: Model, meter: Meter) -> Explanation:
    if not pack(case):
        case.cite(case.observed("kubernetes", "steersman investigate", ["nothing wrong was found in what was checked"]))
    body = matter(case)
    asked = body
    for last in (*([False] * CORRECTIONS), True):
        try:
            draft = await model.complete(Prompt(system=render("explain"), user=asked), Draft, meter)
            return checked(draft, case)
        except Unfit as error:
            if last:
                raise
            asked = render("correct", matter=body, problem=str(error)[:300], ids=", ".join(e.id for e in pack(case)))
    raise AssertionError("unreachable")
