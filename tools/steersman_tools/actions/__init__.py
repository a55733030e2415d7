"""The closed instruction set: everything that steersman can do to the world. A new action is one class, listed here."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field, TypeAdapter

from .accelerators import CapPower, SetMigProfile
from .base import Base, Effect, Unfit
from .machines import CleanDisk, RebootNode, RequestReboot, RequestReset
from .nodes import Cordon, Drain, Evict, Taint, Uncordon, Untaint
from .objects import CreateObject, DeleteObject, FieldValue, PatchField, Replace
from .pods import ClearPod
from .queues import CancelJob, HoldJob, MoveJob, PrioritiseJob, ReleaseJob, RequeueJob, ResubmitJob
from .serving import ShiftCanary
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
    | RebootNode
    | ClearPod
    | CleanDisk
    | RequestReboot
    | RequestReset
    | SetMigProfile
    | CapPower
    | ShiftCanary
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
    "ACTION",
    "Action",
    "Base",
    "CancelJob",
    "CapPower",
    "CleanDisk",
    "ClearPod",
    "Cordon",
    "CreateObject",
    "DeleteObject",
    "Drain",
    "Effect",
    "Evict",
    "FieldValue",
    "HoldJob",
    "MoveJob",
    "PatchField",
    "PrioritiseJob",
    "RebootNode",
    "ReleaseJob",
    "Replace",
    "RequestReboot",
    "RequestReset",
    "RequeueJob",
    "RestartRollout",
    "ResubmitJob",
    "Resume",
    "RollBack",
    "Scale",
    "SetEnv",
    "SetImage",
    "SetMigProfile",
    "SetResources",
    "ShiftCanary",
    "Suspend",
    "Taint",
    "Uncordon",
    "Unfit",
    "Untaint",
]
