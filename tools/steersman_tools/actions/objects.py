"""Actions on any object: set fields, create, delete, or make anew what cannot be changed in place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, JsonValue

from ..edits import drop, parse, put
from ..fields import Fields
from ..types import Frozen, JsonObject, Ref
from .base import Base, Effect, Unfit, Words, as_json, as_object

_KEPT = {"status", "apiVersion", "kind"}
_META = {"labels", "annotations", "finalizers"}


def _allowed(path: str) -> str:
    """A path that people own; never the status, the identity or the ownership of an object."""
    first, *rest = parse(path)
    if first in _KEPT or (first == "metadata" and (not rest or rest[0] not in _META)):
        raise ValueError(f"{path} is not a field that an action may set")
    return path


Path = Annotated[Words, AfterValidator(_allowed)]


class FieldValue(Frozen):
    """A field and what it should be; `absent` takes it away."""

    path: Path
    value: JsonValue = None
    absent: bool = False


class PatchField(Base):
    """Sets fields of one object, in one write."""

    do: Literal["PatchField"] = "PatchField"
    fields: Annotated[tuple[FieldValue, ...], Field(min_length=1, max_length=32)]

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        made = as_json(obj)
        for field in self.fields:
            made = drop(made, field.path) if field.absent else put(made, field.path, field.value)
        return as_object(made)

    @property
    def words(self) -> str:
        def said(field: FieldValue) -> str:
            value = str(field.value)
            return f"remove {field.path}" if field.absent else f"set {field.path} to {value[:200]}"

        return f"{', '.join(map(said, self.fields))} in {self.target}"


class Replace(PatchField):
    """Deletes an object that cannot be changed in place and makes it anew with other fields; only where nothing is lost."""

    effect: ClassVar[Effect] = "replace"
    kinds: ClassVar = ("PersistentVolumeClaim", "Job", "Service", "Pod")
    do: Literal["Replace"] = "Replace"  # type: ignore[assignment]

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        if why := _loses(Fields(dict(obj)), self.target.kind):
            raise Unfit(f"{self.target} {why}: making it anew would lose that.")
        return super().edit(obj, others)

    @property
    def words(self) -> str:
        return f"make {self.target} anew: {super().words}"


def _loses(obj: Fields, kind: str) -> str:
    """What would be lost if the object were made anew; empty when nothing."""
    match kind:
        case "PersistentVolumeClaim" if obj.text("status.phase") == "Bound":
            return "is bound to a volume"
        case "Job" if obj.count("status.succeeded") or obj.count("status.ready"):
            return "has done some of its work"
        case "Service" if obj.text("spec.type") == "LoadBalancer":
            return "has an address of a load balancer"
        case "Pod" if obj.text("status.phase") == "Running":
            return "is running"
    return ""


class CreateObject(Base):
    """Creates an object that is missing."""

    effect: ClassVar[Effect] = "create"
    do: Literal["CreateObject"] = "CreateObject"
    manifest: dict[str, JsonValue]

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        made = as_json(dict(self.manifest))
        for path, value in (("metadata.name", self.target.name), ("kind", self.target.kind)):
            made = put(made, path, value)
        return as_object(put(made, "metadata.namespace", self.target.namespace) if self.target.namespace else made)

    @property
    def words(self) -> str:
        return f"create {self.target}"


class DeleteObject(Base):
    """Deletes one object; the undo creates it as it was."""

    effect: ClassVar[Effect] = "delete"
    do: Literal["DeleteObject"] = "DeleteObject"

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        if not obj:
            raise Unfit(f"{self.target} does not exist.")
        return obj

    @property
    def words(self) -> str:
        return f"delete {self.target}"
