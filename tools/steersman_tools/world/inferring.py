"""What runs in the images of a snapshot, as far as its objects tell: ports, calls, memory, and which images cannot be pulled.

What cannot be known is taken to be well: an image answers on the ports that its containers, probes and Services name, needs a share
of its memory limit, and calls the Services that its variables name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..fields import Fields
from ..quantity import amount
from ..selectors import matches
from ..snapshot import Resource, Snapshot
from ..types import Json, Ref
from .node.images import split
from .traffic.names import split as split_address

_TCP = frozenset({5432, 3306, 6379, 27017, 9092, 5672, 11211, 53})
"""Ports of servers that speak no HTTP."""
_TEMPLATES = {
    "Deployment": "spec.template", "StatefulSet": "spec.template", "DaemonSet": "spec.template", "ReplicaSet": "spec.template",
    "Job": "spec.template", "CronJob": "spec.jobTemplate.spec.template",
}  # fmt: skip
_ADDRESS = re.compile(r"ADDR|HOST|URL|URI|ENDPOINT|SERVICE|SERVER|UPSTREAM|BACKEND|DSN", re.I)
"""Names of variables that hold addresses, where no Service confirms it."""
_LABEL = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")
_PATIENCE_MS = 250
"""Of calls that are inferred: several that hang do not make a probe time out."""
_UNPULLED = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName"})


@dataclass
class Application:
    """What is known of an image's repository."""

    ports: set[int] = field(default_factory=set)
    hoped: set[int] = field(default_factory=set)
    """Ports that probes of templates ask: they count only where no pod was seen to refuse them."""
    seen: bool = False
    """Whether a pod runs it."""
    limits: list[float] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)
    """Variables that hold addresses of Services."""
    hungry: dict[str, float] = field(default_factory=dict)
    """Tags that ran out of memory, and the limit that was too little."""
    absent: dict[str, str] = field(default_factory=dict)
    """Tags that could not be pulled, and the runtime's words."""
    pull_secret: bool = False

    def entry(self) -> dict[str, Json]:
        """The entry of a world file that says so."""
        ports = self.ports if self.seen else self.ports | self.hoped
        entry: dict[str, Json] = {
            "listen": list[Json](sorted(ports)),
            "memory": str(int(min(self.limits) * 0.4)) if self.limits else "48Mi",
            "startup_seconds": 1.0,
            "calls": [
                {"env": name, "path": "", "required": False, "timeout_ms": _PATIENCE_MS} for name in sorted(self.calls)
            ],
        }
        if ports and ports <= _TCP:
            entry["protocol"] = "tcp"
        if self.absent:
            entry["absent"] = dict(self.absent)
        if self.pull_secret:
            entry["pull_secret"] = True
        if self.hungry:
            entry["changes"] = {tag: {"memory": str(int(limit * 1.25))} for tag, limit in self.hungry.items()}
        return entry


class Inference:
    """Everything that is inferred from one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.services: dict[str, list[Resource]] = defaultdict(list)
        for service in snapshot.all("Service"):
            if service.map("spec.selector"):
                self.services[service.namespace].append(service)
        self.applications: dict[str, Application] = {}
        self.called: set[Ref] = set()
        for pod in snapshot.all("Pod"):
            self._look(pod, pod, pod.labels)
        for workload in snapshot.all(*_TEMPLATES):
            template = workload.at(_TEMPLATES[workload.kind])
            self._look(workload, template, template.map("metadata.labels"))

    def images(self) -> dict[str, dict[str, Json]]:
        """The images of a world file."""
        return {repository: application.entry() for repository, application in self.applications.items()}

    # -- containers --------------------------------------------------------------------------------------------------
    def _look(self, owner: Resource, pod: Fields, labels: Mapping[str, str]) -> None:
        """Learns from a pod, or from a workload's template of pods."""
        containers = pod.each("spec.containers")
        aimed = set() if any(_declared(c) for c in containers) else self._aimed(owner.namespace, labels)
        statuses = {
            s.text("name"): s
            for s in [*pod.each("status.containerStatuses"), *pod.each("status.initContainerStatuses")]
        }
        for container in [*containers, *pod.each("spec.initContainers")]:
            repository, tag = split(container.text("image"))
            known = self.applications.setdefault(repository, Application())
            status = statuses.get(container.text("name"), Fields(None))
            well = status.flag("ready")
            known.seen = known.seen or bool(status)
            known.ports |= (_declared(container) or aimed) | (_probed(container) if well else set())
            known.hoped |= _probed(container)
            limit = amount(container.at("resources.limits").text("memory") or "0")
            if limit:
                known.limits.append(limit)
            known.calls |= set(self._calls(owner.namespace, container))
            if (
                "OOMKilled" in (status.text("lastState.terminated.reason"), status.text("state.terminated.reason"))
                and not well
            ):
                known.hungry[tag] = max(limit, known.hungry.get(tag, 0.0))
            if status.text("state.waiting.reason") in _UNPULLED:
                self._unpulled(known, owner, container.text("image"), secret=bool(pod.each("spec.imagePullSecrets")))

    def _aimed(self, namespace: str, labels: Mapping[str, str]) -> set[int]:
        """The numeric ports to which Services send requests for such a pod."""
        found = set()
        for service in self.services[namespace]:
            if matches(service.map("spec.selector"), labels):
                found |= {p.integer("targetPort") or p.count("port") for p in service.each("spec.ports")}
        return found - {0}

    def _unpulled(self, known: Application, pod: Resource, image: str, *, secret: bool) -> None:
        head = f'Failed to pull image "{image}": '
        said = [e.message for e in self.snapshot.events_about.get(pod.ref, ()) if e.message.startswith(head)]
        words = (
            said[-1].removeprefix(head)
            if said
            else f"manifest for {image} not found: manifest unknown: manifest unknown"
        )
        if re.search(r"\b401\b|unauthorized|authorization failed", words, re.I) and not secret:
            known.pull_secret = True
        else:
            known.absent[split(image)[1]] = words

    # -- calls -------------------------------------------------------------------------------------------------------
    def _calls(self, namespace: str, container: Fields) -> Iterator[str]:
        for name, value in self._variables(namespace, container):
            if service := self._service(name, value, namespace):
                self.called.add(service)
                yield name

    def _variables(self, namespace: str, container: Fields) -> Iterator[tuple[str, str]]:
        """The variables whose values are known: Secrets keep theirs."""
        for source in container.each("envFrom"):
            for key, value in self._config(namespace, source.text("configMapRef.name")).items():
                yield source.text("prefix") + key, value
        for entry in container.each("env"):
            ref = entry.at("valueFrom.configMapKeyRef")
            yield (
                entry.text("name"),
                entry.text("value") or self._config(namespace, ref.text("name")).get(ref.text("key"), ""),
            )

    def _config(self, namespace: str, name: str) -> Mapping[str, str]:
        found = self.snapshot.get(Ref(namespace, "ConfigMap", name)) if name else None
        return found.map("data") if found else {}

    def _service(self, variable: str, value: str, namespace: str) -> Ref | None:
        """The Service that a variable's value names; one that is not there only where the variable is surely an address."""
        host, port = split_address(value)
        parts = host.split(".")
        if port is None or host == "localhost" or not all(map(_LABEL.fullmatch, parts)):
            return None
        ref = Ref(parts[1] if len(parts) > 1 else namespace, "Service", parts[0])
        if self.snapshot.get(ref):
            return ref
        inside = len(parts) == 1 or parts[2:3] == ["svc"]
        return ref if inside and self.snapshot.lacks(ref) and _ADDRESS.search(variable) else None

    # -- callers from outside ----------------------------------------------------------------------------------------
    def entrances(self) -> Iterator[tuple[str, str, int]]:
        """Namespace, name and TCP port of the Services that nobody inside calls: requests come to them from outside."""
        labels: dict[str, set[tuple[tuple[str, str], ...]]] = defaultdict(set)
        for pod in self.snapshot.all("Pod"):
            labels[pod.namespace].add(tuple(pod.labels.items()))
        for service in (s for services in self.services.values() for s in services):
            selector, port = service.map("spec.selector"), _tcp_port(service.each("spec.ports"))
            if service.ref in self.called or port is None or service.namespace == "kube-system":
                continue
            if any(matches(selector, dict(found)) for found in labels[service.namespace]):
                yield service.namespace, service.name, port


def _tcp_port(ports: Iterable[Fields]) -> int | None:
    return next((p.count("port") for p in ports if p.text("protocol", "TCP") == "TCP"), None)


def _declared(container: Fields) -> set[int]:
    found = {p.count("containerPort") for p in container.each("ports")} - {0}
    return found or _probed(container, "livenessProbe", "startupProbe")


def _probed(container: Fields, *kinds: str) -> set[int]:
    """The numeric ports that probes ask."""
    checks = (
        f"{kind}.{how}.port"
        for kind in kinds or ("livenessProbe", "readinessProbe", "startupProbe")
        for how in ("httpGet", "tcpSocket", "grpc")
    )
    return {port for check in checks if (port := container.integer(check))}
