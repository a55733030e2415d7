"""Actions on workloads: how many, from which image, with what, and back to which revision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from ..edits import drop, put
from ..fields import Fields
from ..types import Json, JsonObject, Ref
from .base import TEMPLATED, Base, Name, Replicas, Unfit, Words, as_json, as_object, container_path, template_path

REVISION = "deployment.kubernetes.io/revision"
RESTARTED = "kubectl.kubernetes.io/restartedAt"


class Scale(Base):
    """Sets the number of replicas."""

    kinds: ClassVar = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController")
    do: Literal["Scale"] = "Scale"
    replicas: Replicas

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        return as_object(put(as_json(obj), "spec.replicas", self.replicas))

    @property
    def words(self) -> str:
        return f"scale {self.target} to {self.replicas}"


class RestartRollout(Base):
    """Replaces all pods of a workload, as `kubectl rollout restart` does, at the pace of its update strategy."""

    kinds: ClassVar = ("Deployment", "StatefulSet", "DaemonSet")
    do: Literal["RestartRollout"] = "RestartRollout"
    at: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$")]
    """When it was asked for: the value of the annotation that makes the template a new one."""

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        path = f"{template_path(self.target.kind)}.metadata.annotations['{RESTARTED}']"
        return as_object(put(as_json(obj), path, self.at))

    @property
    def words(self) -> str:
        return f"restart the pods of {self.target}, a few at a time"


class RollBack(Base):
    """Gives a workload the pod template of an earlier revision."""

    kinds: ClassVar = ("Deployment", "StatefulSet", "DaemonSet")
    do: Literal["RollBack"] = "RollBack"
    revision: Annotated[int, Field(ge=0)]
    source: Ref
    """The ReplicaSet or ControllerRevision that holds the template."""

    def needs(self) -> tuple[Ref, ...]:
        return (self.source,)

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        kept = Fields(dict(others.get(self.source, {})))
        template = kept.get("spec.template") or kept.get("data.spec.template")
        if not isinstance(template, dict):
            raise Unfit(f"{self.source}, which holds revision {self.revision} of {self.target}, is gone.")
        plain: Json = {k: v for k, v in template.items() if k != "$patch"}
        plain = drop(plain, "metadata.labels.pod-template-hash")
        return as_object(put(as_json(obj), "spec.template", plain))

    @property
    def words(self) -> str:
        return f"roll {self.target} back to revision {self.revision}"


class SetImage(Base):
    """Gives a container another image."""

    kinds: ClassVar = tuple(TEMPLATED)
    do: Literal["SetImage"] = "SetImage"
    container: Name
    image: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[\w./:@-]+$")]

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        return as_object(put(as_json(obj), f"{container_path(obj, self.target, self.container)}.image", self.image))

    @property
    def words(self) -> str:
        return f"set the image of {self.container} in {self.target} to {self.image}"


Quantity = Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$")]


class SetResources(Base):
    """Sets requests and limits of a container; an empty quantity takes one away."""

    kinds: ClassVar = tuple(TEMPLATED)
    do: Literal["SetResources"] = "SetResources"
    container: Name
    requests: dict[str, Quantity | Literal[""]] = Field(default_factory=dict, max_length=8)
    limits: dict[str, Quantity | Literal[""]] = Field(default_factory=dict, max_length=8)

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        made, path = as_json(obj), container_path(obj, self.target, self.container)
        for part, values in (("requests", self.requests), ("limits", self.limits)):
            for name, quantity in values.items():
                field = f"{path}.resources.{part}['{name}']"
                made = put(made, field, quantity) if quantity else drop(made, field)
        return as_object(made)

    @property
    def words(self) -> str:
        asked = [f"{part} {k}={v or 'none'}" for part in ("requests", "limits") for k, v in getattr(self, part).items()]
        return f"set {', '.join(asked)} of {self.container} in {self.target}"


class SetEnv(Base):
    """Sets an environment variable to one plain value, once: entries of the same name after the first are dropped."""

    kinds: ClassVar = tuple(TEMPLATED)
    do: Literal["SetEnv"] = "SetEnv"
    container: Name
    name: Name
    value: Words

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        path = f"{container_path(obj, self.target, self.container)}.env"
        entries = Fields(dict(obj)).get(template_path(self.target.kind))
        spec = Fields(entries).at("spec")
        every = [*spec.each("containers"), *spec.each("initContainers")]
        env = next((c.each("env") for c in every if c.text("name") == self.container), [])
        made: list[Json] = []
        for entry in env:
            if entry.text("name") != self.name:
                made.append(dict(entry.raw))
            elif all(not isinstance(e, dict) or e.get("name") != self.name for e in made):
                made.append({"name": self.name, "value": self.value})
        if all(entry.text("name") != self.name for entry in env):
            made.append({"name": self.name, "value": self.value})
        return as_object(put(as_json(obj), path, made))

    @property
    def words(self) -> str:
        return f"set {self.name} of {self.container} in {self.target} to {self.value}"


_HELD = {
    "CronJob": ("spec.suspend", True),
    "Job": ("spec.suspend", True),
    "TrainJob": ("spec.suspend", True),
    "JobSet": ("spec.suspend", True),
    "PyTorchJob": ("spec.runPolicy.suspend", True),
    "Workload": ("spec.active", False),
}
"""By kind: the field that keeps it from running, and the value that does. Kueue's Workload is held by being inactive."""


class Suspend(Base):
    """Keeps a CronJob from starting Jobs, a Job or a training job from running pods, or a queue's workload from being admitted."""

    kinds: ClassVar = tuple(_HELD)
    do: Literal["Suspend"] = "Suspend"

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        path, value = _HELD[self.target.kind]
        return as_object(put(as_json(obj), path, value))

    @property
    def words(self) -> str:
        return f"suspend {self.target}"


class Resume(Base):
    """Lets go on what is suspended."""

    kinds: ClassVar = tuple(_HELD)
    do: Literal["Resume"] = "Resume"

    def edit(self, obj: JsonObject, others: Mapping[Ref, JsonObject]) -> JsonObject:
        path, value = _HELD[self.target.kind]
        return as_object(put(as_json(obj), path, not value))

    @property
    def words(self) -> str:
        return f"resume {self.target}"
