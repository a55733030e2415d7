"""The closed instruction set: everything that steersman can do to the world. A new action is one class, listed here."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field, TypeAdapter

from .accelerators import CapPower, SetMigProfile
from .base import Base, Effect, Unfit
from .machines import RebootNode, RequestReboot, RequestReset
from .nodes import Cordon, Drain, Evict, Taint, Uncordon, Untaint
from .objects import CreateObject, DeleteObject, FieldValue, PatchField, Replace
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
    | RequestReboot
    | RequestReset
    | SetMigProfile
    | CapPower
    | ShiftCanary,
    Field(discriminator="do"),
]

ACTION: TypeAdapter[Action] = TypeAdapter(Action)

__all__ = [
    "ACTION", "Action", "Base", "CapPower", "Cordon", "CreateObject", "DeleteObject", "Drain", "Effect", "Evict", "FieldValue",
    "PatchField", "RebootNode", "Replace", "RequestReboot", "RequestReset", "RestartRollout", "Resume", "RollBack", "Scale", "SetEnv",
    "SetImage", "SetMigProfile", "SetResources", "ShiftCanary", "Suspend", "Taint", "Uncordon", "Unfit", "Untaint",
]  # fmt: skip
