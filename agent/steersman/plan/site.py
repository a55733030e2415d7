"""What a playbook works with: the cause, the scene around it, and the general ways to find the value that should be there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import orjson

from steersman_tools.actions import Action, FieldValue, PatchField, RollBack
from steersman_tools.edits import BadPath, Change, at, diff, parse, put, written
from steersman_tools.managed import path_steps
from steersman_tools.snapshot import Resource
from steersman_tools.types import Json, Ref

from ..diagnose.changes import Revision, before
from ..diagnose.scene import Scene, ServiceView
from ..diagnose.workloads import TEMPLATED, Workload
from ..types import Cause

DECLARED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True)
class Draft:
    """One way to put it right, the best first; what becomes of it is worked out later."""

    name: str
    actions: tuple[Action, ...]
    why: str
    notes: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    aim: Literal["mend", "contain"] = "mend"
    runbook: str = ""
    """The file and heading that it is taken from, where it is."""


@dataclass(frozen=True)
class Site:
    """The place of a cause."""

    cause: Cause
    scene: Scene

    @property
    def entity(self) -> Ref:
        return self.cause.entity

    @cached_property
    def resource(self) -> Resource | None:
        return self.scene.snapshot.get(self.entity)

    @cached_property
    def raw(self) -> Json:
        return dict(self.resource.raw) if self.resource else None

    @cached_property
    def workload(self) -> Workload | None:
        return self.scene.workloads.get(self.entity)

    @cached_property
    def service(self) -> ServiceView | None:
        return self.scene.services.get(self.entity)

    @cached_property
    def harmed(self) -> tuple[Workload, ...]:
        """The workloads that the cause explains, its own first."""
        refs = [self.entity, *self.cause.explains, *self.cause.path]
        found = {w.ref: w for r in refs if (w := self.scene.workload_of.get(r))}
        return tuple(found.values())

    @cached_property
    def container(self) -> str:
        """The name of the container that the cause's field lies in; that of the only one where it says none."""
        if self.workload is None:
            return ""
        for part in ("containers", "initContainers"):
            for index, container in enumerate(self.workload.spec.each(part)):
                if f".{part}[{index}]" in self.cause.field:
                    return container.text("name")
        return self.workload.containers[0].text("name") if self.workload.containers else ""

    def patch(self, *fields: tuple[str, Json], of: Ref | None = None) -> PatchField:
        """Sets fields of the entity, or of another object; None takes a field away."""
        made = tuple(
            FieldValue(path=p, value=v) if v is not None else FieldValue(path=p, absent=True) for p, v in fields
        )
        return PatchField(target=of or self.entity, fields=made)

    # -- what was there before ---------------------------------------------------------------------------------------
    @cached_property
    def past(self) -> Revision | None:
        """The last revision of the workload with another template."""
        return before(self.scene, self.workload) if self.workload else None

    def restored(self) -> Draft | None:
        """The bad field as the revision before had it: alone where the newest changed more than that, else the whole template."""
        if self.past is None or self.workload is None or self.entity.kind not in TEMPLATED:
            return None
        old: Json = dict(self.past.template.raw)
        changes = [c for c in diff(self.raw, put(self.raw, TEMPLATED[self.entity.kind], old)) if not _noise(c.path)]
        bad = [c for c in changes if self._is_bad(c)]
        if not bad:
            return None
        why = f"revision {self.past.number} ran without it; {bad[0]}"
        kind = "ReplicaSet" if self.entity.kind == "Deployment" else "ControllerRevision"
        if len(bad) == len(changes) and self.entity.kind in RollBack.kinds:
            source = Ref(self.entity.namespace, kind, self.past.name)
            return Draft("roll-back", (RollBack(target=self.entity, revision=self.past.number, source=source),), why)
        return Draft("restore-field", (_patch(self.entity, bad),), why)

    def rolled_back(self) -> Draft | None:
        """The whole template of the revision before."""
        if self.past is None or self.entity.kind not in RollBack.kinds:
            return None
        kind = "ReplicaSet" if self.entity.kind == "Deployment" else "ControllerRevision"
        source = Ref(self.entity.namespace, kind, self.past.name)
        action = RollBack(target=self.entity, revision=self.past.number, source=source)
        return Draft("roll-back", (action,), f"revision {self.past.number} is the last with another template")

    def declared(self) -> Draft | None:
        """The bad field as the object's declaration (`kubectl apply`) has it, where somebody has changed it by other means."""
        if self.resource is None:
            return None
        try:
            wanted: Json = orjson.loads(self.resource.annotations.get(DECLARED, ""))
        except orjson.JSONDecodeError:
            return None
        if not isinstance(wanted, dict):
            return None
        drifted = [c for c in _drift(self.raw, wanted) if self._is_bad(c)]
        if not drifted:
            return None
        return Draft("restore-declared", (_patch(self.entity, drifted),), f"the applied manifest says so: {drifted[0]}")

    def _is_bad(self, change: Change) -> bool:
        """Whether the change concerns the field of the cause: lies in it, or holds it."""
        if not self.cause.field:
            return True
        try:
            bad = written(_named(self.raw, parse(self.cause.field)))
        except BadPath:
            return False
        alias = bad.removesuffix("Name") if bad.endswith("serviceAccountName") else bad  # the server keeps both alike
        return any(_within(change.path, name) or _within(name, change.path) for name in (bad, alias))


def _named(raw: Json, steps: Iterable[object]) -> list[str | int]:
    """A path whose list positions are told as they are in changes: by name where the entries have one."""
    from steersman_tools.edits import Entry  # noqa: PLC0415  only here

    made: list[object] = []
    place = raw
    for step in steps:
        if isinstance(step, int) and isinstance(place, list) and step < len(place):
            entry = place[step]
            made.append(Entry("name", str(entry["name"])) if isinstance(entry, dict) and "name" in entry else step)
            place = entry
        else:
            made.append(step)
            place = place.get(step) if isinstance(place, dict) and isinstance(step, str) else None
    return made  # type: ignore[return-value]


def _within(path: str, other: str) -> bool:
    """Whether a path lies at or below another."""
    return path == other or (path.startswith(other) and path[len(other)] in ".[")


def _noise(path: str) -> bool:
    return "pod-template-hash" in path or "creationTimestamp" in path


def _patch(ref: Ref, changes: list[Change]) -> PatchField:
    """The fields as they were before the changes' other side: each set to its `after`."""
    fields = [
        FieldValue(path=c.path, absent=True) if c.op == "remove" else FieldValue(path=c.path, value=c.after)
        for c in changes
    ]
    return PatchField(target=ref, fields=tuple(fields))


def _drift(live: Json, wanted: Json, prefix: str = "") -> list[Change]:
    """What must change so that the live object says what was declared. Fields that were never declared are nobody's drift."""
    found = []
    for change in diff(live, wanted):
        first = str(path_steps(change.path)[0])
        if first in ("status", "metadata", "apiVersion", "kind") or _defaulted(change) or _noise(change.path):
            continue
        found.append(change)
    return found


def _defaulted(change: Change) -> bool:
    """Whether the declaration is only silent about the field, as it is about all that the server fills in.

    Selectors, and fields that people add (limits on a Service's traffic, policies), are told apart from defaults by being
    entries of open maps: those are drift even where the declaration is silent.
    """
    open_maps = ("selector", "nodeSelector", "matchLabels", "labels", "data", "hard", "limits", "requests")
    return change.op == "remove" and not any(
        f"{name}." in f"{change.path}." or f"{name}[" in change.path for name in open_maps
    )


def value_at(raw: Json, path: str) -> Json:
    """What stands at the path of an object; None where nothing does."""
    try:
        return at(raw, path)
    except BadPath:
        return None
