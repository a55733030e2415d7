"""The vocabulary of the assistant: what is wrong, what it explains, and the events that tell a session's story."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field

from steersman_tools.snapshot import LogQuery
from steersman_tools.types import Evidence, Frozen, NotChecked, Observation, Ref

from .faults import Fault
from .intent.types import Change
from .models.base import Usage

FAULTS = frozenset(Fault)


def _known(name: str) -> str:
    if name in FAULTS or name.startswith("x-"):
        return name
    raise ValueError(f"{name!r} is no fault: use a name of steersman.faults, or one of your own that begins with x-")


FaultName: TypeAlias = Annotated[str, AfterValidator(_known)]
Confidence: TypeAlias = Annotated[float, Field(ge=0, le=1)]


class Symptom(Frozen):
    """Something that a person would complain about, and that a cause must explain."""

    kind: Literal[
        "unavailable", "unready", "calls-failing", "errors", "slow", "no-endpoints", "node", "waiting", "alert"
    ]
    entity: Ref
    toward: Ref | None = None
    """What is asked in vain, where the symptom is a failing call."""
    text: str
    weight: float = 1.0
    observations: tuple[Observation, ...] = ()


class Finding(Frozen):
    """One fact out of order that may be a cause: what is, what should be, and what it breaks directly."""

    fault: FaultName
    entity: Ref
    field: str = ""
    observed: str
    expected: str
    summary: str
    advice: str = ""
    certainty: Confidence
    """How sure it is that this is wrong and harms, before it is known which symptoms it explains."""
    breaks: tuple[Ref, ...] = ()
    """The workloads, Services and nodes that it harms by itself; what depends on those is worked out later."""
    needs_symptom: bool = True
    """False where it is wrong even if nothing suffers from it yet."""
    observations: tuple[Observation, ...] = ()


class RuledOut(Frozen):
    """A hypothesis that the evidence contradicts."""

    fault: FaultName
    entity: Ref
    why: str


class Look(Frozen):
    """A request of an analyzer for more: it is run again when the answer is there."""

    log: LogQuery
    why: str


Output: TypeAlias = Symptom | Finding | RuledOut | Look
"""What an analyzer may say."""


class WrittenBy(Frozen):
    """Who last wrote the field in question."""

    manager: str
    at: datetime | None = None


class Cause(Frozen):
    """A finding that explains symptoms."""

    rank: int
    fault: FaultName
    entity: Ref
    field: str = ""
    observed: str
    expected: str
    confidence: Confidence
    summary: str
    advice: str = ""
    explains: tuple[Ref, ...] = ()
    path: tuple[Ref, ...] = ()
    """From the entity to the farthest symptom."""
    written_by: WrittenBy | None = None
    cites: tuple[str, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()


class Unexplained(Frozen):
    """A symptom for which no cause was found."""

    entity: Ref
    text: str
    cites: tuple[str, ...] = ()


class Diagnosis(Frozen):
    """What is wrong and why. Healthy means that nothing wrong was found in what was checked."""

    causes: tuple[Cause, ...] = ()
    unexplained: tuple[Unexplained, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()

    @property
    def healthy(self) -> bool:
        return not self.causes and not self.unexplained


class Seconds(Frozen):
    """How long the phases took."""

    gather: float
    diagnose: float


class Request(Frozen):
    """What a person asks of a session."""

    question: str = ""
    namespace: str | None = None
    """None: all namespaces."""


class Asked(Frozen):
    """A session has begun."""

    kind: Literal["question"] = "question"
    request: Request


class Progress(Frozen):
    """A word for those who wait."""

    kind: Literal["note"] = "note"
    text: str


class Diagnosed(Frozen):
    """The answer."""

    kind: Literal["diagnosis"] = "diagnosis"
    diagnosis: Diagnosis
    seconds: Seconds


class Sentence(Frozen):
    """A sentence of a model, with the evidence that it rests on."""

    text: str
    cites: tuple[str, ...]


class Explanation(Frozen):
    """A model's words on the engine's diagnosis. It adds words and an order, and takes nothing away."""

    sentences: tuple[Sentence, ...]
    order: tuple[int, ...] = ()
    """The ranks of the engine's causes, the likeliest first as the model sees it; all of them, each once."""
    hypotheses: tuple[Sentence, ...] = ()
    """The model's own guesses: never the engine's findings, never acted on."""
    proposal: Change | None = None
    """What the person asked to be changed, as the model understood it; it goes through plan and gate like any other."""
    evidence: tuple[Evidence, ...] = ()
    """What was looked at beyond the diagnosis' own evidence."""


class Explained(Frozen):
    """What a model made of the diagnosis; without an explanation, `note` says why, and the engine's answer stands."""

    kind: Literal["explained"] = "explained"
    model: str
    explanation: Explanation | None = None
    note: str = ""
    usage: Usage = Usage()


class Failed(Frozen):
    """The session could not go on; the text says what a person can do."""

    kind: Literal["failed"] = "failed"
    text: str


class Closed(Frozen):
    """The session is over."""

    kind: Literal["closed"] = "closed"
    outcome: Literal["answered", "failed"]


Event: TypeAlias = Annotated[Asked | Progress | Diagnosed | Explained | Failed | Closed, Field(discriminator="kind")]
"""What happens in a session. The audit log, every face, every eval and every replay read this one stream."""


class Entry(Frozen):
    """One event of a session, with its place and its time."""

    session: str
    number: int
    at: datetime
    event: Event
