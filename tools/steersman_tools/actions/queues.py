"""Actions on quantum jobs. What a provider's queue cannot do is refused in the dry run, before anybody is asked to approve it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..edits import put
from ..fields import Fields
from ..types import Json, JsonObject, Ref
from .base import Base, Effect, Name, Unfit, as_json, as_object

_OVER = ("DONE", "FAILED", "CANCELLED", "CANCELLING")


class _OnJob(Base):
    kinds: ClassVar[tuple[str, ...]] = ("QuantumJob",)


class HoldJob(_OnJob):
    """Keeps a waiting job from starting; it keeps its place."""

    do: Literal["HoldJob"] = "HoldJob"

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        _waiting(self.target, obj)
        return as_object(put(as_json(obj), "spec.held", True))

    @property
    def words(self) -> str:
        return f"hold {self.target}"


class ReleaseJob(_OnJob):
    """Lets a held job start when its turn comes."""

    do: Literal["ReleaseJob"] = "ReleaseJob"

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        _waiting(self.target, obj)
        return as_object(put(as_json(obj), "spec.held", False))

    @property
    def words(self) -> str:
        return f"release {self.target}"


class PrioritiseJob(_OnJob):
    """Gives a waiting job another priority; a larger number starts earlier."""

    do: Literal["PrioritiseJob"] = "PrioritiseJob"
    priority: Annotated[int, Field(ge=1, le=4_294_967_294)]

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        _waiting(self.target, obj)
        return as_object(put(as_json(obj), "spec.priority", self.priority))

    @property
    def words(self) -> str:
        return f"give {self.target} priority {self.priority}"


class MoveJob(_OnJob):
    """Points a waiting job at another QPU of the same scheduler; it keeps its place."""

    do: Literal["MoveJob"] = "MoveJob"
    backend: Name

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        _waiting(self.target, obj)
        return as_object(put(as_json(obj), "spec.backend", self.backend))

    @property
    def words(self) -> str:
        return f"let {self.target} use {self.backend}"


class RequeueJob(_OnJob):
    """Stops a running job and puts it back into the queue: what it has done is lost."""

    reversible: ClassVar[bool] = False
    do: Literal["RequeueJob"] = "RequeueJob"

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        if Fields(dict(obj)).text("status.state") != "RUNNING":
            raise Unfit(f"{self.target} does not run: there is nothing to put back.")
        return as_object(put(as_json(obj), "spec.restarts", Fields(dict(obj)).count("spec.restarts") + 1))

    @property
    def words(self) -> str:
        return f"stop {self.target} and put it back into its queue"


class CancelJob(_OnJob):
    """Cancels a job. One that waits loses its place; of one that runs, the time is billed and the result lost."""

    reversible: ClassVar[bool] = False
    do: Literal["CancelJob"] = "CancelJob"

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        state = Fields(dict(obj)).text("status.state")
        if state in _OVER:
            raise Unfit(f"{self.target} is {state} already.")
        words = "while it ran" if state == "RUNNING" else "before it ran"
        return as_object(put(as_json(obj), "spec.cancelled", words))

    @property
    def words(self) -> str:
        return f"cancel {self.target}"


class ResubmitJob(_OnJob):
    """Submits the program of another job once more. The target's name holds the tag that is looked up before it is posted."""

    effect: ClassVar[Effect] = "create"
    do: Literal["ResubmitJob"] = "ResubmitJob"
    like: Name
    """The id of the job whose program it is."""
    backend: Name
    program: Literal["as-it-was", "transpiled-again"] = "as-it-was"
    limit_seconds: Annotated[int, Field(ge=1, le=864_000)] | None = None
    shots: Annotated[int, Field(ge=1, le=10_000_000)] | None = None

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        spec: dict[str, Json] = {
            "provider": self.target.name.partition(".")[0],
            "backend": self.backend,
            "like": self.like,
            "program": self.program,
        }
        if self.limit_seconds is not None:
            spec["limitSeconds"] = self.limit_seconds
        if self.shots is not None:
            spec["shots"] = self.shots
        metadata: dict[str, Json] = {"name": self.target.name, "namespace": self.target.namespace}
        return {"apiVersion": "steersman.dev/v1", "kind": "QuantumJob", "metadata": metadata, "spec": spec}

    @property
    def words(self) -> str:
        how = "transpiled again for" if self.program == "transpiled-again" else "on"
        return f"submit the program of job {self.like} once more, {how} {self.backend}"


def _waiting(ref: Ref, obj: JsonObject) -> None:
    state = Fields(dict(obj)).text("status.state")
    if state not in ("QUEUED", "HELD"):
        raise Unfit(f"{ref} is {state}: only a job that waits can be changed.")
