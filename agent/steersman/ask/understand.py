"""Requests that the offline interpreter does not understand, read by a model: it fills a form, and code decides what that may mean."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from steersman_prompts import render

from ..intent import (
    AskGpus,
    AskQuantum,
    Describe,
    Diagnose,
    FindRunbook,
    Forecast,
    HealIt,
    Intent,
    ListThings,
    NotUnderstood,
    ReadLogs,
    interpret,
)
from ..intent.things import preferred
from ..models import Meter, ModelFailed, OverBudget, Prompt
from ..models.reading import Unfit
from ..seams import Aide
from .case import Case
from .wishes import Refused, Wish, wished

MOST_NAMES = 60
_CHANGES = ("scale", "rollback", "restart", "cordon", "uncordon", "drain")


class Form(BaseModel):
    """What a model fills in."""

    model_config = ConfigDict(extra="ignore")

    intent: Literal[
        "diagnose", "list", "describe", "logs", "forecast", "gpu", "quantum", "runbook", "scale", "rollback", "restart", "cordon",
        "uncordon", "drain", "heal", "none",
    ]  # fmt: skip
    name: str
    kind: str
    number: int | None


async def understand(text: str, case: Case, aide: Aide | None, meter: Meter | None = None) -> Intent | NotUnderstood:
    """What the person wants: offline where that is clear, else as a model reads it, within what the words allow.

    A model is not asked where the offline interpreter has found a doubt that only the person can settle, such as a name that
    means two things, or a change that is forbidden in the same breath. `meter` is that of the session, where there is one.
    """
    found = interpret(text, case.names)
    if aide is None or not isinstance(found, NotUnderstood) or found.choices:
        return found
    try:
        form = await aide.model.complete(_prompt(text, case), Form, meter or aide.meter())
        return _meant(form, text, case, aide.model.name) or found
    except (ModelFailed, OverBudget, Unfit, Refused):
        return found


def _prompt(text: str, case: Case) -> Prompt:
    workloads = sorted({w.ref.name for w in case.scene.workloads.values()} | set(case.scene.nodes))
    spaces = sorted({w.ref.namespace for w in case.scene.workloads.values()})
    names = case.shown(", ".join([*spaces, *workloads][:MOST_NAMES]))
    return Prompt(system=render("understand", names=names), user=f"Request: {case.shown(text)}")


def _meant(form: Form, text: str, case: Case, model: str) -> Intent | NotUnderstood | None:
    """The intent of the form; None for none. Raises Refused for a change that the person's words do not hold.

    Where they neither name a change nor say how many more or fewer, a model's reading is a question to the person, and no order.
    """
    refs = case.names.called(form.name.strip().lower()) if form.name else ()
    space = next((r.name for r in refs if r.kind == "Namespace"), None)
    entity = next(iter(preferred([r for r in refs if r.kind != "Namespace"])), None)
    if form.intent in _CHANGES:
        change = wished(case, form.intent, form.name, form.number).model_copy(update={"read_by": model})
        wish = Wish.of(text, case.names)
        if wish.verbs or wish.amounts:
            return change
        return NotUnderstood(
            text=text, why=f"{model} reads it as `{change.words}`: say so if it is meant", nearest=(change.words,)
        )
    match form.intent:
        case "diagnose":
            return Diagnose(entity=entity, namespace=space)
        case "list":
            kind = form.kind.rstrip("s").capitalize() or "Workload"
            return ListThings(kind=kind, namespace=space)
        case "describe":
            return Describe(entity=entity) if entity else Diagnose(namespace=space)
        case "logs":
            return ReadLogs(entity=entity) if entity else None
        case "forecast":
            return Forecast(entity=entity)
        case "gpu":
            return AskGpus()
        case "quantum":
            return AskQuantum()
        case "runbook":
            return FindRunbook(words=text)
        case "heal" if Wish.of(text, case.names).orders:
            return HealIt(entity=entity, namespace=space, read_by=model)
    return None
