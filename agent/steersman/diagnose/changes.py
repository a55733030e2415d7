"""What changed in a workload: its template now against its revisions before, and who wrote a field last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from steersman_tools.fields import Fields
from steersman_tools.managed import Writer, writers
from steersman_tools.snapshot import Resource
from steersman_tools.types import Json

from .scene import Scene
from .workloads import Workload, revision

_MACHINES = ("kube-controller-manager", "kube-scheduler", "kubelet", "k3s")


@dataclass(frozen=True, slots=True)
class Revision:
    """A pod template that the workload had."""

    number: int
    template: Fields
    created: datetime | None
    name: str


@dataclass(frozen=True, slots=True)
class Change:
    """One field of the pod template that the newest revision changed; None where it is not there."""

    path: str
    before: Json
    after: Json
    at: datetime | None
    revision: int


def revisions(scene: Scene, workload: Workload) -> list[Revision]:
    """The templates of the workload, the newest first; empty where no history is kept."""
    if workload.ref.kind == "Deployment":
        return [
            Revision(revision(rs), rs.at("spec.template"), _began(workload, rs), rs.name) for rs in workload.revisions
        ]
    found = [
        Revision(item.count("revision"), item.at("data.spec.template"), item.created, item.name)
        for item in scene.snapshot.all("ControllerRevision")
        if item.controller == workload.ref
    ]
    return sorted(found, key=lambda r: -r.number)


def _began(workload: Workload, replica_set: Resource) -> datetime | None:
    """When the revision came: a ReplicaSet that is taken up again keeps its old date, and its first pods tell."""
    made = replica_set.created
    if "deployment.kubernetes.io/revision-history" not in replica_set.annotations or made is None:
        return made
    own = [
        p.created for p in workload.live_pods if p.created and p.controller and p.controller.name == replica_set.name
    ]
    return max(made, min(own)) if own else made


def before(scene: Scene, workload: Workload) -> Revision | None:
    """The revision before the one that the workload has now."""
    past = revisions(scene, workload)
    now = workload.template
    older = [r for r in past[1:] if _plain(r.template.at("spec")) != _plain(now.at("spec"))]
    return older[0] if older else None


def since(scene: Scene, workload: Workload) -> Revision | None:
    """The revision with which the pod spec became as it is now; a mere restart since then is none."""
    now, found = _plain(workload.template.at("spec")), None
    for past in revisions(scene, workload):
        if _plain(past.template.at("spec")) != now:
            break
        found = past
    return found


def latest_changes(scene: Scene, workload: Workload) -> list[Change]:
    """What the last revision that changed the pod spec changed in it."""
    past = before(scene, workload)
    if past is None:
        return []
    newest = since(scene, workload) or revisions(scene, workload)[0]
    return [
        Change(path, old, new, newest.created, newest.number)
        for path, old, new in _differences(_plain(past.template.at("spec")), _plain(workload.template.at("spec")), "")
    ]


def container_before(scene: Scene, workload: Workload, name: str) -> Fields:
    """The container of that name in the revision before; empty where there is none."""
    past = before(scene, workload)
    if past is None:
        return Fields(None)
    spec = past.template.at("spec")
    every = [*spec.each("containers"), *spec.each("initContainers")]
    return next((c for c in every if c.text("name") == name), Fields(None))


def last_writer(resource: Resource, path: str) -> Writer | None:
    """Who wrote the field last, people and tools before the controllers of the cluster."""
    found = [w for w in writers(resource, path) if w.subresource != "status"]
    people = [w for w in found if w.manager not in _MACHINES]
    return next(iter(people or found), None)


def written_at(resource: Resource, path: str) -> datetime | None:
    writer = last_writer(resource, path)
    return writer.at if writer else None


def _plain(spec: Fields) -> dict[str, Json]:
    """A pod spec with its containers by name, so that their order does not count."""
    plain = dict(spec.raw)
    for part in ("containers", "initContainers"):
        plain[part] = {c.text("name"): _container(c) for c in spec.each(part)}
    return plain


def _container(container: Fields) -> Json:
    plain = dict(container.raw)
    plain["env"] = {entry.text("name"): dict(entry.raw) for entry in container.each("env")}
    return plain


def _differences(old: Json, new: Json, path: str) -> list[tuple[str, Json, Json]]:
    """The leaves in which two values differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        found: list[tuple[str, Json, Json]] = []
        for key in {**old, **new}:
            found += _differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
        return found
    return [] if old == new else [(path, old, new)]
