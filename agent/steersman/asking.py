"""One request in words, answered: what is read at once, and what is to be changed as the request that a session is started with.

Every face asks here. Nothing is changed here: a face that can show a plan and take an approval starts a session with the request.
"""

from __future__ import annotations

from dataclasses import dataclass

from steersman_tools.gpu.types import Estate
from steersman_tools.types import Frozen, NotChecked, Unreachable

from . import workflow
from .ask import Case, Reply, answer, case_of, explain
from .ask.understand import understand
from .explanation import Explained
from .gather import Sources
from .gpu.desk import Desk
from .gpu.health import HealthReport
from .gpu.idle import IdleReport
from .intent import AskGpus, Diagnose, Forecast
from .models import Meter
from .outlook import Foreseen, NoSuchThing, Outlook, outlook
from .types import Diagnosed, Request

LONGEST_HORIZON = 7 * 24 * 3600.0
_LIMITED = {
    "memory": ("memory", "node memory", "allocatable memory"),
    "cpu": ("cpu", "allocatable cpu"),
    "disk": ("volume", "volume inodes", "disk"),
    "gpu": ("allocatable GPUs", "GPU memory", "KV cache"),
}
"""By resource: what the things with a limit are called (signals/limits.yaml)."""


class Answered(Frozen):
    """The answer to one request, all that needs no model to explain it."""

    question: str
    reply: Reply
    outlook: Outlook | None = None
    """Of a question about the future."""
    gpus: tuple[Estate | HealthReport | IdleReport, ...] = ()
    """Of a question about accelerators: what was asked for, and what there is."""


@dataclass(frozen=True)
class Asking:
    """One request being answered."""

    answered: Answered
    case: Case
    meter: Meter | None = None
    """What the model has used so far, of a budget for the whole request."""

    @property
    def explains(self) -> bool:
        """Whether a model has something to explain: something was diagnosed, and one is configured."""
        return self.case.sources.aide is not None and isinstance(self.answered.reply.intent, Diagnose)

    async def explained(self) -> Explained | None:
        """A model's words on the diagnosis."""
        aide = self.case.sources.aide
        return await explain(self.case, aide, self.meter) if aide and self.explains else None


async def ask(text: str, sources: Sources, namespace: str | None = None) -> Asking:
    """Understands and answers. Raises Unreachable."""
    case = await _case(text, sources, namespace)
    meter = sources.aide.meter() if sources.aide else None
    intent = await understand(text, case, sources.aide, meter)
    reply = await answer(intent, case)
    answered = Answered(question=text, reply=reply)
    match intent:
        case Forecast() if sources.metrics is not None:
            answered = await _foreseen(answered, intent, case, namespace)
        case AskGpus():
            answered = answered.model_copy(update={"gpus": _gpus(intent, Desk(case.snapshot, sources.metrics))})
    return Asking(answered, case, meter)


async def _case(text: str, sources: Sources, namespace: str | None) -> Case:
    async for event, examination in workflow.investigate(Request(question=text, namespace=namespace), sources):
        if isinstance(event, Diagnosed) and examination is not None:
            return case_of(examination, event.diagnosis, sources, text)
    raise Unreachable("The cluster gave no answer that could be judged.")


def _gpus(intent: AskGpus, desk: Desk) -> tuple[Estate | HealthReport | IdleReport, ...]:
    match intent.about:
        case "idle":
            return (desk.idle(), desk.estate) if desk.estate.nodes else (desk.estate,)
        case "health":
            return (desk.health(),)
    return (desk.estate,)


async def _foreseen(answered: Answered, intent: Forecast, case: Case, namespace: str | None) -> Answered:
    horizon = min(intent.hours * 3600.0, LONGEST_HORIZON)
    try:
        found = await outlook(case.sources, horizon, str(intent.entity or ""), namespace)
    except NoSuchThing as error:
        gap = NotChecked(what=f"the future of {intent.entity}", why=str(error))
        found = Outlook(now=case.scene.now, horizon_seconds=horizon, not_checked=(gap,))
    nodes = frozenset(n.node for n in Desk(case.snapshot).estate.nodes) if intent.gpu_nodes else None
    kept = {
        part: tuple(each for each in getattr(found, part) if _about(each, intent, nodes))
        for part in ("runs_out", "closest")
    }
    return answered.model_copy(update={"outlook": found.model_copy(update=kept)})


def _about(each: Foreseen, intent: Forecast, nodes: frozenset[str] | None) -> bool:
    """Whether it is what was asked about. Of GPU nodes, the memory of their GPUs counts as well."""
    if nodes is not None and each.entity.kind == "Device":
        return intent.what in ("memory", "gpu", "any")
    right = intent.what == "any" or each.what in _LIMITED[intent.what]
    return right and (nodes is None or (each.entity.kind == "Node" and each.entity.name in nodes))
