"""The snapshot with its relations worked out once: who owns, selects, calls and runs where. Analyzers read nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from steersman_tools.fields import Fields
from steersman_tools.selectors import matches
from steersman_tools.snapshot import EventRecord, Log, LogQuery, Resource, Snapshot
from steersman_tools.types import Ref

from .addresses import Call, calls_of
from .workloads import Workload, is_ready, workloads_of


@dataclass(frozen=True)
class ServiceView:
    """A Service with what stands behind it."""

    resource: Resource
    workloads: tuple[Workload, ...]
    """Those whose pod template, or one of whose living pods, carries the labels of the selector."""
    pods: tuple[Resource, ...]
    """The living pods that the selector matches."""

    @property
    def ref(self) -> Ref:
        return self.resource.ref

    @property
    def selector(self) -> dict[str, str]:
        return self.resource.map("spec.selector")

    @property
    def ports(self) -> list[Fields]:
        return self.resource.each("spec.ports")

    @property
    def headless(self) -> bool:
        return self.resource.text("spec.clusterIP") == "None"

    @property
    def external(self) -> bool:
        """Whether its backends are not pods that a selector chooses."""
        return self.resource.text("spec.type") == "ExternalName" or not self.selector

    @property
    def ready(self) -> tuple[Resource, ...]:
        return tuple(pod for pod in self.pods if is_ready(pod))


def _pod_labels(workload: Workload) -> set[tuple[str, str]]:
    """The labels of the template, and those that pods have been given since: a database marks its leader so."""
    return {*workload.pod_labels.items(), *(pair for pod in workload.live_pods for pair in pod.labels.items())}


def _chosen(selector: dict[str, str], workload: Workload) -> bool:
    return matches(selector, workload.pod_labels) or any(matches(selector, p.labels) for p in workload.live_pods)


class Scene:
    """What analyzers judge."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.now = snapshot.taken_at

    @cached_property
    def workloads(self) -> Mapping[Ref, Workload]:
        return workloads_of(self.snapshot)

    @cached_property
    def workload_of(self) -> Mapping[Ref, Workload]:
        """By the reference of a pod, ReplicaSet or Job: the workload above it."""
        found = {}
        for workload in self.workloads.values():
            for part in (workload.resource, *workload.pods, *workload.revisions, *workload.jobs):
                found[part.ref] = workload
        return found

    @cached_property
    def services(self) -> Mapping[Ref, ServiceView]:
        by_label: dict[tuple[str, str, str], list[Workload]] = defaultdict(list)
        for workload in self.workloads.values():
            for key, value in _pod_labels(workload):
                by_label[workload.ref.namespace, key, value].append(workload)
        views = {}
        for service in self.snapshot.all("Service"):
            selector = service.map("spec.selector")
            chosen: list[Workload] = []
            if selector:
                key, value = next(iter(selector.items()))
                near = by_label[service.namespace, key, value]
                chosen = [w for w in near if _chosen(selector, w)]
            pods = [p for w in chosen for p in w.live_pods if matches(selector, p.labels)]
            views[service.ref] = ServiceView(service, tuple(chosen), tuple(pods))
        return views

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        set_up = [call for workload in self.workloads.values() for call in calls_of(workload, self.snapshot)]
        known = {(call.caller, call.service) for call in set_up}
        return (*set_up, *(call for call in self._seen_calls() if (call.caller, call.service) not in known))

    def _seen_calls(self) -> Iterator[Call]:
        """Calls that a mesh or a tracer has seen."""
        for seen in self.snapshot.dependencies:
            if seen.callee not in self.services:
                continue  # a name of the map that is no Service: nothing is known of how it is called
            for caller in self._behind(seen.caller):
                yield Call(caller, "", "", "", "", caller, seen.callee.name, None, seen.callee)

    def _behind(self, service: Ref) -> tuple[Ref, ...]:
        """The workloads of a Service, or of its name."""
        view = self.services.get(service)
        if view and view.workloads:
            return tuple(w.ref for w in view.workloads)
        named = (Ref(service.namespace, kind, service.name) for kind in ("Deployment", "StatefulSet", "DaemonSet"))
        return tuple(ref for ref in named if ref in self.workloads)

    @cached_property
    def callers(self) -> Mapping[Ref, tuple[Call, ...]]:
        """By Service: the calls that are meant for it."""
        found: dict[Ref, list[Call]] = defaultdict(list)
        for call in self.calls:
            if call.service:
                found[call.service].append(call)
        return {ref: tuple(calls) for ref, calls in found.items()}

    @cached_property
    def services_of(self) -> Mapping[Ref, tuple[ServiceView, ...]]:
        """By workload: the Services that send traffic to it."""
        found: dict[Ref, list[ServiceView]] = defaultdict(list)
        for view in self.services.values():
            for workload in view.workloads:
                found[workload.ref].append(view)
        return {ref: tuple(views) for ref, views in found.items()}

    @cached_property
    def nodes(self) -> Mapping[str, Resource]:
        return {node.name: node for node in self.snapshot.all("Node")}

    @cached_property
    def pods_on(self) -> Mapping[str, tuple[Resource, ...]]:
        """By node: the pods there that have not ended."""
        found: dict[str, list[Resource]] = defaultdict(list)
        for pod in self.snapshot.all("Pod"):
            if (node := pod.text("spec.nodeName")) and pod.text("status.phase") not in ("Succeeded", "Failed"):
                found[node].append(pod)
        return {node: tuple(pods) for node, pods in found.items()}

    @cached_property
    def by_address(self) -> Mapping[str, Ref]:
        """By IP address: the Service or pod that has it."""
        found = {p.text("status.podIP"): p.ref for p in self.snapshot.all("Pod") if not p.flag("spec.hostNetwork")}
        found |= {s.text("spec.clusterIP"): s.ref for s in self.snapshot.all("Service")}
        return {address: ref for address, ref in found.items() if address and address != "None"}

    def events(self, resource: Resource, *reasons: str) -> list[EventRecord]:
        """The events about the object, the latest first; those about an earlier object of the name are left out."""
        uids = {"", resource.uid, resource.name}  # a kubelet gives its node's name for the uid
        found = [
            event
            for event in self.snapshot.events_about.get(resource.ref, ())
            if (not reasons or event.reason in reasons) and (not resource.uid or event.uid in uids)
        ]
        return sorted(found, key=lambda e: e.last.timestamp() if e.last else 0.0, reverse=True)

    def age(self, moment: datetime | None) -> timedelta | None:
        return self.now - moment if moment else None

    def within(self, moment: datetime | None, seconds: float) -> bool:
        """Whether the moment is at most so long ago; a time that is not known counts as recent."""
        return moment is None or self.now - moment <= timedelta(seconds=seconds)

    def log(self, pod: Ref, container: str, *, previous: bool = False) -> Log | None:
        """The log, if it was fetched."""
        return self.snapshot.logs.get(LogQuery(pod, container, previous))
