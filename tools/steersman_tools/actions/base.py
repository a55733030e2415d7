"""What every action is: a target, bounded arguments, and one pure function that says what the object should become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field, StringConstraints

from ..edits import missing
from ..types import Frozen, Json, JsonObject, Ref

Effect: TypeAlias = Literal["edit", "create", "delete", "replace", "drain", "evict", "provider"]
"""How an action reaches the world: by one write to one object; by the eviction of pods; or by another service's API."""

Words: TypeAlias = Annotated[str, StringConstraints(max_length=4000)]
Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=253)]
Replicas: TypeAlias = Annotated[int, Field(ge=0, le=10_000)]


class Unfit(ValueError):
    """The action does not fit the object as it is; the sentence says why. The catcher plans anew."""


class Base(Frozen):
    """An action. `edit` is the whole of its meaning: the inverse follows from what it changed."""

    effect: ClassVar[Effect] = "edit"
    reversible: ClassVar[bool] = True
    kinds: ClassVar[tuple[str, ...]] = ()
    """The kinds that it applies to; empty for any."""
    patience: ClassVar[float] = 0.0
    """Seconds that it may take until what it awaits has arrived."""
    settling: ClassVar[float] = 0.0
    """Seconds that it may take from when the request was obeyed."""

    target: Ref

    def needs(self) -> tuple[Ref, ...]:
        """Other objects that `edit` must see."""
        return ()

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        """The object as it should be. Raises Unfit."""
        raise NotImplementedError

    def awaits(self) -> Ref | None:
        """The object that shows when it is done; None where the write is all of it."""
        return None

    def happened(self, obj: JsonObject) -> bool:
        """Whether the awaited object shows that the request has been obeyed, so that it must not be made again."""
        return False

    def arrived(self, obj: JsonObject) -> bool:
        """Whether the awaited object shows that it is done. Raises Unfit where it never will be."""
        return True

    @property
    def words(self) -> str:
        """What it does, as a person would say it."""
        raise NotImplementedError


TEMPLATED = {
    "Deployment": "spec.template",
    "StatefulSet": "spec.template",
    "DaemonSet": "spec.template",
    "ReplicaSet": "spec.template",
    "Job": "spec.template",
    "CronJob": "spec.jobTemplate.spec.template",
}


def template_path(kind: str) -> str:
    """Where the pod template stands in objects of the kind. Raises Unfit."""
    if kind not in TEMPLATED:
        raise Unfit(f"A {kind} has no pod template.")
    return TEMPLATED[kind]


def container_path(obj: JsonObject, ref: Ref, container: str) -> str:
    """Where the container stands, found by its name. Raises Unfit."""
    for part in ("containers", "initContainers"):
        path = f"{template_path(ref.kind)}.spec.{part}[name={container}]"
        if not missing(as_json(obj), path):
            return path
    raise Unfit(f"{ref} has no container {container!r}.")


def as_json(obj: JsonObject) -> Json:
    """The object as the JSON that it is."""
    return dict(obj)


def as_object(value: Json) -> JsonObject:
    """The JSON as an object. Raises Unfit."""
    if not isinstance(value, dict):
        raise Unfit("This is no object.")
    return value
