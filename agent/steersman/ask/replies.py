"""Answers to intents with no model at all. Reads are answered at once; a change becomes an action for the plan, and nothing is done."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from steersman_tools.actions import Action
from steersman_tools.types import Evidence, Frozen, NotChecked, Observation, ToolFailed

from ..intent import (
    AskGpus,
    AskQuantum,
    CordonNode,
    Describe,
    Diagnose,
    DrainNode,
    FindRunbook,
    Forecast,
    HealIt,
    Help,
    Intent,
    ListThings,
    MoveJob,
    NotUnderstood,
    ReadLogs,
    RestartIt,
    RollBackTo,
    ScaleTo,
    UncordonNode,
)
from ..intent.lexicon import lexicon
from ..types import Diagnosis, Request
from .actions import action_for
from .case import Case
from .scope import within
from .tools import describe, estate, listing, logs, runbooks
from .tools.base import NoSuch
from .wishes import Refused


class Reply(Frozen):
    """The answer to one request."""

    intent: Intent | NotUnderstood
    headline: str
    """One sentence that answers."""
    evidence: tuple[Evidence, ...] = ()
    """What it rests on, and what is shown."""
    diagnosis: Diagnosis | None = None
    """Of a question why: the causes that concern what was asked about."""
    action: Action | None = None
    """Of a change: what is wanted, for plan and gate. Nothing has been done."""
    request: Request | None = None
    """What a session would be asked to do it: a face that can show a plan and take an approval starts one."""
    command: str = ""
    """The command that does more, or that does what this answer only names."""
    nearest: tuple[str, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()


async def answer(intent: Intent | NotUnderstood, case: Case) -> Reply:
    """Answers from the case. What cannot be answered says why, and never guesses."""
    try:
        match intent:
            case NotUnderstood():
                return Reply(
                    intent=intent, headline=f"I did not understand that: {intent.why}.", nearest=intent.nearest
                )
            case Help():
                return Reply(intent=intent, headline="You can ask, for example:", nearest=_all_examples())
            case Diagnose():
                return _diagnosed(intent, case)
            case ScaleTo() | RollBackTo() | RestartIt() | CordonNode() | UncordonNode() | DrainNode():
                return _wanted(intent, case)
            case HealIt():
                space = intent.namespace or (intent.entity.namespace if intent.entity else "")
                where = f" -n {space}" if space else ""
                return Reply(
                    intent=intent,
                    headline=f"{_wish(intent.read_by)}: repair. Nothing is done before it is planned and approved.",
                    request=Request(question=case.question, namespace=space or None, wants="healing"),
                    command=f"steersman heal{where}",
                )
            case MoveJob():
                to = f" --to {intent.to}" if intent.to else ""
                return Reply(
                    intent=intent,
                    headline=f"Moving job {intent.job} cancels it and submits it again: that is planned and approved first.",
                    command=f"steersman quantum move {intent.job}{to}",
                )
            case Forecast():
                return _forecast(intent, case)
        headline, observations = await _read(intent, case)
    except (NoSuch, ToolFailed, Refused) as error:
        return Reply(intent=intent, headline=_sentence(str(error)), not_checked=case.diagnosis.not_checked)
    return Reply(intent=intent, headline=headline, evidence=tuple(case.cite(o) for o in observations))


async def _read(intent: Intent, case: Case) -> tuple[str, Sequence[Observation]]:
    match intent:
        case ListThings():
            try:
                args = listing.ListArgs.model_validate(
                    {"kind": intent.kind, "namespace": intent.namespace or "", "troubled": intent.only_troubled}
                )
            except ValidationError as error:
                raise NoSuch(f"{intent.kind} objects are not listed; ask for one by its name") from error
            found = await listing.TOOL.run(case, args)
            count = len(listing.lines_of(case, args))
            return f"{count} {intent.kind.lower()}{'' if count == 1 else 's'}:", found
        case Describe():
            return f"{intent.entity}:", await describe.TOOL.run(
                case, describe.TOOL.args.model_validate({"name": str(intent.entity)})
            )
        case ReadLogs():
            args_ = logs.TOOL.args.model_validate({"name": str(intent.entity), "previous": intent.previous})
            return f"What {intent.entity} says, failures first:", await logs.TOOL.run(case, args_)
        case AskGpus():
            return "GPUs by node:", await estate.TOOL.run(case, estate.TOOL.args.model_validate({"about": "gpus"}))
        case AskQuantum():
            if case.sources.quantum is None:
                raise NoSuch("not checked: no quantum provider is configured; `steersman quantum --help` says how")
            return "Quantum backends and jobs:", await case.sources.quantum.look(intent.about)
        case FindRunbook():
            args__ = runbooks.TOOL.args.model_validate({"words": intent.words})
            return f"Runbooks about {intent.words}:", await runbooks.TOOL.run(case, args__)
    raise AssertionError(intent)


def _diagnosed(intent: Diagnose, case: Case) -> Reply:
    found = within(case.diagnosis, intent.entity, intent.namespace)
    about = f" of {intent.entity}" if intent.entity else f" in {intent.namespace}" if intent.namespace else ""
    if found.causes:
        count = len(found.causes)
        headline = f"{count} root cause{'s' if count > 1 else ''}{about}: {found.causes[0].summary}"
    elif found.unexplained:
        headline = f"Something is wrong{about}, and its cause was not found."
    else:
        others = len(case.diagnosis.causes)
        headline = f"Nothing wrong was found{about} in what was checked."
        headline += f" Elsewhere {others} causes were found." if others else ""
    return Reply(
        intent=intent,
        headline=headline,
        diagnosis=found,
        evidence=tuple(e for e in found.evidence),
        not_checked=found.not_checked,
        command="steersman investigate" + (f" -n {intent.namespace}" if intent.namespace else ""),
    )


def _wanted(intent: ScaleTo | RollBackTo | RestartIt | CordonNode | UncordonNode | DrainNode, case: Case) -> Reply:
    action = action_for(intent, case)
    request = Request(
        question=case.question,
        namespace=case.snapshot.namespace,
        wants="change",
        action=action,
        rehearse="must-hold" if intent.if_safe else "first",
    )
    return Reply(
        intent=intent,
        headline=f"{_wish(intent.read_by)}: {action.words}. Nothing is done before it is planned and approved.",
        action=action,
        request=request,
    )


def _wish(read_by: str) -> str:
    return f"Wanted, as {read_by} reads it" if read_by else "Wanted"


def _forecast(intent: Forecast, case: Case) -> Reply:
    if case.sources.metrics is None:
        raise NoSuch(f"not checked: a forecast needs metrics, and {case.sources.no_metrics or 'there are none'}")
    return Reply(intent=intent, headline=f"What runs out within {intent.hours:g} hours:", command="steersman forecast")


def _all_examples() -> tuple[str, ...]:
    return tuple(lines[0] for lines in lexicon().examples.values())


def _sentence(text: str) -> str:
    begins_with_name = "/" in text.split(" ", 1)[0]
    return (text if begins_with_name else text[:1].upper() + text[1:]) + ("" if text.endswith((".", "?", "!")) else ".")
