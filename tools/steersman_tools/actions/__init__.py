"""The closed instruction set: everything that steersman can do to the world. A new action is one class, listed here."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field, TypeAdapter

from .base import Base, Effect, Unfit
from .nodes import Cordon, Drain, Evict, Taint, Uncordon, Untaint
from .objects import CreateObject, DeleteObject, FieldValue, PatchField, Replace
from .queues import CancelJob, HoldJob, MoveJob, PrioritiseJob, ReleaseJob, RequeueJob, ResubmitJob
from .workloads import RestartRollout, Resume, RollBack, Scale, SetEnv, SetImage, SetResources, Suspend

Action: TypeAlias = Annotated[
    Scale
    | RestartRollout
    | RollBack
    | SetImage
    | SetResources
    | SetEnv
    | Suspend
    | Resume
    | PatchField
    | Replace
    | CreateObject
    | DeleteObject
    | Cordon
    | Uncordon
    | Taint
    | Untaint
    | Drain
    | Evict
    | HoldJob
    | ReleaseJob
    | PrioritiseJob
    | MoveJob
    | RequeueJob
    | CancelJob
    | ResubmitJob,
    Field(discriminator="do"),
]

ACTION: TypeAdapter[Action] = TypeAdapter(Action)

__all__ = [
    "ACTION", "Action", "Base", "CancelJob", "Cordon", "CreateObject", "DeleteObject", "Drain", "Effect", "Evict", "FieldValue",
    "HoldJob", "MoveJob", "PatchField", "PrioritiseJob", "ReleaseJob", "Replace", "RequeueJob", "RestartRollout", "ResubmitJob",
    "Resume", "RollBack", "Scale", "SetEnv", "SetImage", "SetResources", "Suspend", "Taint", "Uncordon", "Unfit", "Untaint",
]  # fmt: skip
