"""The vocabulary of healing: a plan of typed steps, what must hold after each, and what policy says of it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cached_property
from typing import Literal

import orjson
from pydantic import JsonValue, computed_field, model_validator

from steersman_tools.actions import Action
from steersman_tools.edits import Change
from steersman_tools.types import Frozen, Ref

from .faults import FaultName


class Check(Frozen):
    """A predicate on the world that must come true within a time and hold for a time."""

    what: Literal["rolled-out", "serving", "bound", "node-ready", "exists", "absent", "field", "pods-ready", "moved"]
    of: Ref
    path: str = ""
    value: JsonValue = None
    within_seconds: float = 120
    for_seconds: float = 4

    @property
    def words(self) -> str:
        said = {
            "rolled-out": f"the rollout of {self.of} is complete and its pods are ready",
            "serving": f"{self.of} has ready endpoints",
            "bound": f"{self.of} is bound",
            "node-ready": f"{self.of} is ready and takes pods",
            "exists": f"{self.of} exists",
            "absent": f"{self.of} is gone",
            "field": f"{self.path} of {self.of} is {self.value}",
            "pods-ready": f"the pods of {self.of} are ready",
            "moved": f"no pod of a workload is left waiting on {self.of}",
        }
        return said[self.what]


class Step(Frozen):
    """One action with its reason, its exact effect and its proof."""

    action: Action
    why: str
    cites: tuple[str, ...] = ()
    runbook: str = ""
    """File and heading of the runbook that speaks of it, where there is one."""
    changes: tuple[Change, ...] = ()
    """What will be different, field by field: what is approved is what is done."""
    check: tuple[Check, ...] = ()
    undo: str
    """How it is taken back, in words; the exact inverse is recorded when the step is prepared."""
    reversible: bool = True


class Plan(Frozen):
    """What is to be done about one cause, or what was asked for. Its digest binds an approval to exactly these bytes."""

    fault: FaultName | Literal[""]
    """Empty: no cause stands behind it, but a person's wish."""
    entity: Ref
    name: str
    """The playbook that wrote it: what experience is counted under."""
    aim: Literal["mend", "contain", "wish"] = "mend"
    """Contain: those who suffer are served again, while the cause itself needs hands that steersman does not have."""
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    """What a person should know: who else will write the field, what is not known, what must be done elsewhere."""
    choices: tuple[str, ...] = ()
    """The safe choices where the right value cannot be known."""
    source_of_truth: str = ""
    """Who owns the object by declaration (Argo CD, Flux, Helm): where the change belongs for good."""

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: object) -> object:
        """A plan that is read back brings its digest, which is worked out anew."""
        return {k: v for k, v in value.items() if k != "digest"} if isinstance(value, dict) else value

    @computed_field  # type: ignore[prop-decorator]
    @cached_property
    def digest(self) -> str:
        """SHA-256 over everything in the plan, short enough to be read aloud."""
        body = self.model_dump(mode="json", exclude={"digest"})
        return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


class Verdict(Frozen):
    """What policy says of one step, and which rule says it."""

    effect: Literal["allow", "ask", "deny"]
    rule: str
    reason: str


class Decision(Frozen):
    """A person's word on a plan."""

    kind: Literal["approved", "rejected"]
    digest: str
    by: str
    why: str = ""
    at: datetime


class StepReport(Frozen):
    """One step of a session as `heal` reports it."""

    action: Action
    verdict: Verdict
    result: str
    undone: bool = False
