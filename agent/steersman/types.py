"""The vocabulary of the assistant: what is wrong, what it explains, and the events that tell a session's story."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from steersman_tools.actions import Action
from steersman_tools.actuator_types import Prepared, Receipt
from steersman_tools.flows import RunsOut
from steersman_tools.knowledge.types import Quote
from steersman_tools.snapshot import LogQuery
from steersman_tools.types import Evidence, Frozen, NotChecked, Observation, Ref

from .experience import Recall
from .explanation import Explained
from .faults import FAULTS as FAULTS
from .faults import FaultName as FaultName
from .remedy import Decision, Plan, Verdict

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


class LookBack(Frozen):
    """A request of an analyzer for what a lost object, or an object that has lost a field, was before."""

    past: Ref
    having: str = ""
    """The field that it had; empty: the object itself is lost."""
    why: str


Output: TypeAlias = Symptom | Finding | RuledOut | Look | LookBack | NotChecked
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
    runbooks: tuple[Quote, ...] = ()
    """What runbooks say about it, the user's own first, each with its file and heading."""


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
    warnings: tuple[RunsOut, ...] = ()
    """What will run out soon: no cause of anything yet."""

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
    wants: Literal["diagnosis", "healing", "scaling", "change"] = "diagnosis"
    """Scaling: replicas for the load that is coming, through the same gate as a healing. Change: the action below."""
    action: Action | None = None
    """Of a change: what is wanted. It is planned, judged, approved, verified and undone like any remedy."""
    ahead_seconds: float = Field(default=900, ge=60, le=86400)
    """How far ahead a scaling looks."""
    approval: Literal["ask", "given"] = "ask"
    """Given: whatever policy would ask about is approved beforehand by who asks; what it denies stays denied."""
    act: Literal["for real", "show only"] = "for real"
    rehearse: Literal["no", "first", "must-hold"] = "no"
    """Must hold: what breaks something in the rehearsal, or cannot be rehearsed, is not done."""
    max_attempts: int = Field(default=3, ge=1, le=10)
    """How many plans may fail and be undone before the session gives up."""
    by: str = ""
    roles: tuple[Literal["viewer", "operator", "approver", "admin"], ...] = ("operator", "approver")
    """What the one who asks may do, as policy sees it: whoever sits at the keyboard may what the keyboard's credentials may."""


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


class Remembered(Frozen):
    """Earlier incidents that were like this one."""

    kind: Literal["memory"] = "memory"
    recalls: tuple[Recall, ...] = ()


class Planned(Frozen):
    """What would put the first cause right, or all that can be said where nothing may be done."""

    kind: Literal["plan"] = "plan"
    plan: Plan


class Judged(Frozen):
    """What policy says of the plan, step by step."""

    kind: Literal["verdict"] = "verdict"
    digest: str
    verdicts: tuple[Verdict, ...]

    @property
    def effect(self) -> Literal["allow", "ask", "deny"]:
        """The strictest."""
        found = {v.effect for v in self.verdicts}
        return "deny" if "deny" in found else "ask" if "ask" in found or not found else "allow"


class Rehearsed(Frozen):
    """What the plan did on a copy of the cluster."""

    kind: Literal["rehearsal"] = "rehearsal"
    digest: str
    verdict: Literal["mends", "changes-nothing", "breaks"]
    text: str


class Decided(Frozen):
    """A person has spoken."""

    kind: Literal["approval"] = "approval"
    decision: Decision


class Started(Frozen):
    """A step is about to be taken: its pre-image and its inverse are on record from here on."""

    kind: Literal["started"] = "started"
    digest: str
    step: int
    prepared: Prepared


class Done(Frozen):
    """A step has been taken."""

    kind: Literal["done"] = "done"
    digest: str
    step: int
    receipt: Receipt


class Verified(Frozen):
    """What became of the cause after the last step."""

    kind: Literal["verified"] = "verified"
    digest: str
    healed: bool
    text: str


class Undone(Frozen):
    """A step has been taken back."""

    kind: Literal["undone"] = "undone"
    digest: str
    step: int
    proven: bool
    text: str


class Failed(Frozen):
    """A step, or the whole session, could not go on; the text says what a person can do."""

    kind: Literal["failed"] = "failed"
    text: str
    step: int | None = None


Outcome: TypeAlias = Literal["answered", "done", "failed", "healed", "undone", "refused", "nothing-to-do"]
"""Done: a change that was asked for is made, and its checks hold."""


class Closed(Frozen):
    """The session is over."""

    kind: Literal["closed"] = "closed"
    outcome: Outcome
    text: str = ""


Event: TypeAlias = Annotated[
    Asked
    | Progress
    | Diagnosed
    | Explained
    | Remembered
    | Planned
    | Rehearsed
    | Judged
    | Decided
    | Started
    | Done
    | Verified
    | Undone
    | Failed
    | Closed,
    Field(discriminator="kind"),
]
"""What happens in a session. The audit log, every face, every eval and every replay read this one stream."""


class Entry(Frozen):
    """One event of a session, with its place and its time."""

    session: str
    number: int
    at: datetime
    event: Event
