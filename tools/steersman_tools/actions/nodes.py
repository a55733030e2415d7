"""Actions on nodes: keep new pods away, and move those there elsewhere without breaking a disruption budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from ..edits import drop, put
from ..fields import Fields
from ..types import Json, JsonObject, Ref
from .base import Base, Effect, Name, Unfit, as_json, as_object

TaintEffect = Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]


class Cordon(Base):
    """Keeps new pods from a node."""

    kinds: ClassVar = ("Node",)
    do: Literal["Cordon"] = "Cordon"

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        return as_object(put(as_json(obj), "spec.unschedulable", True))

    @property
    def words(self) -> str:
        return f"cordon {self.target}"


class Uncordon(Base):
    """Lets new pods onto a node."""

    kinds: ClassVar = ("Node",)
    do: Literal["Uncordon"] = "Uncordon"

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        return as_object(drop(as_json(obj), "spec.unschedulable"))

    @property
    def words(self) -> str:
        return f"uncordon {self.target}"


class Taint(Base):
    """Marks a node so that only pods which tolerate it are placed there."""

    kinds: ClassVar = ("Node",)
    do: Literal["Taint"] = "Taint"
    key: Name
    value: Annotated[str, StringConstraints(max_length=63)] = ""
    taint: TaintEffect = "NoSchedule"

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        kept = [dict(t.raw) for t in _taints(obj) if (t.text("key"), t.text("effect")) != (self.key, self.taint)]
        new: dict[str, Json] = {"key": self.key, "effect": self.taint}
        if self.value:
            new["value"] = self.value
        return as_object(put(as_json(obj), "spec.taints", [*kept, new]))

    @property
    def words(self) -> str:
        return f"taint {self.target} with {self.key}{'=' if self.value else ''}{self.value}:{self.taint}"


class Untaint(Base):
    """Takes a taint off a node."""

    kinds: ClassVar = ("Node",)
    do: Literal["Untaint"] = "Untaint"
    key: Name
    taint: TaintEffect | None = None
    """None: of every effect."""

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        taints = _taints(obj)
        kept = [t for t in taints if t.text("key") != self.key or self.taint not in (None, t.text("effect"))]
        if len(kept) == len(taints):
            raise Unfit(f"{self.target} has no taint {self.key}.")
        made = as_json(obj)
        return as_object(put(made, "spec.taints", [dict(t.raw) for t in kept]) if kept else drop(made, "spec.taints"))

    @property
    def words(self) -> str:
        return f"take the taint {self.key} off {self.target}"


class Drain(Base):
    """Cordons a node and evicts its pods, each when its disruption budget allows; the undo uncordons it."""

    effect: ClassVar[Effect] = "drain"
    kinds: ClassVar = ("Node",)
    do: Literal["Drain"] = "Drain"

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        return as_object(put(as_json(obj), "spec.unschedulable", True))

    @property
    def words(self) -> str:
        return f"drain {self.target}, as its pods' disruption budgets allow"


class Evict(Base):
    """Evicts one pod that a controller will replace."""

    effect: ClassVar[Effect] = "evict"
    reversible: ClassVar[bool] = False
    kinds: ClassVar = ("Pod",)
    do: Literal["Evict"] = "Evict"

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        if not any(owner.flag("controller") for owner in Fields(dict(obj)).each("metadata.ownerReferences")):
            raise Unfit(f"{self.target} belongs to no controller: nobody would replace it.")
        return obj

    @property
    def words(self) -> str:
        return f"evict {self.target}, which its controller replaces"


def _taints(obj: JsonObject) -> list[Fields]:
    return Fields(dict(obj)).each("spec.taints")
