"""Workloads: the top-level objects that own pods, with their pods and their revisions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from steersman_tools.fields import Fields
from steersman_tools.snapshot import Resource, Snapshot
from steersman_tools.types import Ref

TEMPLATED = {
    "Deployment": "spec.template",
    "StatefulSet": "spec.template",
    "DaemonSet": "spec.template",
    "ReplicaSet": "spec.template",
    "ReplicationController": "spec.template",
    "Job": "spec.template",
    "CronJob": "spec.jobTemplate.spec.template",
}
REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True)
class Workload:
    """One workload as its users think of it: a Deployment with its pods, whatever lies between."""

    resource: Resource
    pods: tuple[Resource, ...] = ()
    revisions: tuple[Resource, ...] = ()
    """The ReplicaSets of a Deployment, the newest first."""
    jobs: tuple[Resource, ...] = ()
    """The Jobs of a CronJob."""

    @property
    def ref(self) -> Ref:
        return self.resource.ref

    @cached_property
    def template(self) -> Fields:
        """The pod template; of a bare pod, the pod."""
        path = TEMPLATED.get(self.ref.kind)
        return self.resource.at(path) if path else self.resource

    @cached_property
    def spec(self) -> Fields:
        """The pod spec of the template; where the workload itself is not known in full, that of a pod."""
        own = self.template.at("spec")
        if own.each("containers") or not self.pods:
            return own
        return self.pods[0].at("spec")

    @cached_property
    def pod_labels(self) -> dict[str, str]:
        found = self.template.map("metadata.labels")
        return found or (self.pods[0].labels if self.pods else {})

    @property
    def spec_path(self) -> str:
        """Where the pod spec stands in the object: `spec.template.spec`."""
        path = TEMPLATED.get(self.ref.kind)
        return f"{path}.spec" if path else "spec"

    @cached_property
    def containers(self) -> list[Fields]:
        return self.spec.each("containers")

    @property
    def desired(self) -> int:
        """How many pods there should be now."""
        match self.ref.kind:
            case "DaemonSet":
                return self.resource.count("status.desiredNumberScheduled")
            case "Job":
                if self.resource.flag("spec.suspend") or self.resource.has("status.completionTime"):
                    return 0
                return self.resource.count("spec.parallelism", 1)
            case "CronJob":
                return 0
            case "Pod":
                return 1
        return self.resource.count("spec.replicas", 1)

    @cached_property
    def current(self) -> Resource | None:
        """The ReplicaSet of the template as it is now."""
        return self.revisions[0] if self.revisions else None

    @cached_property
    def live_pods(self) -> tuple[Resource, ...]:
        """The pods that have not ended and are not on their way out."""
        return tuple(p for p in self.pods if p.text("status.phase") not in ("Succeeded", "Failed") and not p.deleting)

    @cached_property
    def ready_pods(self) -> tuple[Resource, ...]:
        return tuple(p for p in self.live_pods if is_ready(p))

    @property
    def ready(self) -> int:
        return len(self.ready_pods)

    def container(self, name: str) -> Fields:
        """The template's container (or init container) of that name."""
        every = [*self.containers, *self.spec.each("initContainers")]
        return next((c for c in every if c.text("name") == name), Fields(None))

    def container_path(self, name: str) -> str:
        """Where that container stands: `spec.template.spec.containers[0]`."""
        for part in ("containers", "initContainers"):
            for index, container in enumerate(self.spec.each(part)):
                if container.text("name") == name:
                    return f"{self.spec_path}.{part}[{index}]"
        return f"{self.spec_path}.containers"


def is_ready(pod: Resource) -> bool:
    return pod.condition("Ready").text("status") == "True"


def workloads_of(snapshot: Snapshot) -> dict[Ref, Workload]:
    """Every object that owns pods, or should, and is owned by no other such object."""
    top: dict[Ref, Ref] = {}

    def owner(resource: Resource) -> Ref:
        """The uppermost object above; one that was not read still counts as the owner."""
        if resource.ref in top:
            return top[resource.ref]
        above = resource.controller
        if above is None or above.kind == "Node":
            found = resource.ref
        else:
            parent = snapshot.get(above)
            found = owner(parent) if parent else _above(above)
        top[resource.ref] = found
        return found

    pods: dict[Ref, list[Resource]] = {}
    sets: dict[Ref, list[Resource]] = {}
    jobs: dict[Ref, list[Resource]] = {}
    for pod in snapshot.all("Pod"):
        pods.setdefault(owner(pod), []).append(pod)
    for replica_set in snapshot.all("ReplicaSet"):
        sets.setdefault(owner(replica_set), []).append(replica_set)
    for job in snapshot.all("Job"):
        if owner(job) != job.ref:
            jobs.setdefault(owner(job), []).append(job)
    known = [r for r in snapshot.all(*TEMPLATED) if owner(r) == r.ref]
    bare = [p for p in snapshot.all("Pod") if owner(p) == p.ref]
    unread = [_unread(ref) for ref in pods if snapshot.get(ref) is None]
    return {
        resource.ref: Workload(
            resource,
            tuple(pods.get(resource.ref, ())),
            tuple(sorted(sets.get(resource.ref, ()), key=revision, reverse=True))
            if resource.kind == "Deployment"
            else (),
            tuple(jobs.get(resource.ref, ())),
        )
        for resource in (*known, *bare, *unread)
    }


def _above(ref: Ref) -> Ref:
    """The owner of a ReplicaSet that was not read: by its name, a Deployment."""
    name, _, suffix = ref.name.rpartition("-")
    return Ref(ref.namespace, "Deployment", name) if ref.kind == "ReplicaSet" and name and suffix else ref


def _unread(ref: Ref) -> Resource:
    return Resource({"metadata": {"name": ref.name, "namespace": ref.namespace}}, ref.kind)


def revision(replica_set: Resource) -> int:
    text = replica_set.annotations.get(REVISION, "0")
    return int(text) if text.isdigit() else 0
