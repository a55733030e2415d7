"""A world that goes on from a snapshot: objects as they were, machines from Nodes, applications inferred from what is declared.

What cannot be known is taken to be well: an image answers on the ports that its containers, probes and Services name, and needs a
share of its memory limit. A container that was seen to fail goes on failing until its image, variables or resources change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..fields import Fields
from ..quantity import amount
from ..selectors import matches
from ..snapshot import Resource, Snapshot
from .api.kinds import GATEWAY_TYPES, Type
from .api.strategy import quality
from .clock import MovableClock
from .node.images import Images, split
from .node.machine import GPU
from .node.worldfile import Settings, WorldFile
from .objects import Obj, copy
from .store import Change

if TYPE_CHECKING:
    from .world import World

_PROTOCOLS = {5432: "tcp", 3306: "tcp", 6379: "tcp", 27017: "tcp", 9092: "tcp", 5672: "tcp", 11211: "tcp", 53: "tcp"}


def load(cls: type[World], snapshot: Snapshot, clock: MovableClock, version: str) -> World:
    """The world. Nothing that it holds is shared with the snapshot."""
    nodes: list[Mapping[str, Any]] = [_machine(node) for node in snapshot.all("Node")]
    file = WorldFile(nodes, Images(_images(snapshot), allow_unknown=True), settings=Settings(scrape_seconds=15.0))
    world = cls(file, clock, version)
    for kind in GATEWAY_TYPES:
        if kind.kind in snapshot.by_kind:
            world.types.add(kind)
    for name, group in snapshot.by_kind.items():
        if (found := world.types.named(name)) is not None:
            world.store.adopt(found, (_object(found, r) for r in group.values()))
    world.scheduler.learn()
    world.kubelets.adopt()
    _awaken(world)
    return world


def _object(kind: Type, resource: Resource) -> Obj:
    """A stored object from what was read, whatever version of the API that was."""
    obj = copy({k: v for k, v in resource.raw.items() if k not in ("kind", "apiVersion")})
    meta = obj.setdefault("metadata", {})
    meta.setdefault("name", resource.name)
    if kind.namespaced:
        meta.setdefault("namespace", resource.namespace or "default")
    meta.setdefault("uid", f"{kind.plural}-{meta.get('namespace', '')}-{meta['name']}")
    meta.setdefault("creationTimestamp", "2026-01-01T00:00:00Z")
    if kind.id == "pods":
        obj.setdefault("spec", {}).setdefault("containers", [])
        obj.setdefault("status", {}).setdefault("qosClass", quality(obj["spec"]))
    elif kind.custom or kind.definition().fields.get("spec"):
        obj.setdefault("spec", {})
    return obj


def _awaken(world: World) -> None:
    """Has every controller look at everything once, as controllers do when they start."""
    for items in list(world.store.items.values()):
        for stored in list(items.values()):
            change = Change("ADDED", stored, None)
            for name, controller in world.engine.controllers.items():
                if controller is world.scheduler and stored.type.id in ("nodes", "pods"):
                    if stored.type.id == "pods" and not stored.obj["spec"].get("nodeName"):
                        world.engine.now(name, stored.key)
                    continue
                if controller is world.kubelets:
                    continue
                for key in controller.wants(change):
                    world.engine.now(name, key)
    for key in world.kubelets.pods:
        world.engine.later(0.1, world.kubelets.name, key)


# -- machines ----------------------------------------------------------------------------------------------------------
def _machine(node: Resource) -> dict[str, Any]:
    """The entry of a world file that would make such a machine."""
    labels, capacity = node.labels, node.map("status.capacity") or node.map("status.allocatable")
    entry: dict[str, Any] = {"name": node.name, "capacity": capacity, "labels": labels, "zone": labels.get("topology.kubernetes.io/zone", "zone-a"),
                             "arch": labels.get("kubernetes.io/arch", "amd64")}  # fmt: skip
    count = int(amount(capacity.get(GPU, "0")))
    if count:
        model = labels.get("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3")
        entry["gpus"] = [{"uuid": f"GPU-{node.name}-{n}", "model": model} for n in range(count)]
    return entry


# -- applications ------------------------------------------------------------------------------------------------------
def _images(snapshot: Snapshot) -> dict[str, Any]:
    """What runs in each image, by repository, as far as the objects tell."""
    ports: dict[str, set[int]] = defaultdict(set)
    limits: dict[str, list[float]] = defaultdict(list)
    broken: dict[str, dict[str, Any]] = defaultdict(dict)
    missing: dict[str, set[str]] = defaultdict(set)
    services = list(snapshot.all("Service"))
    for pod in snapshot.all("Pod"):
        statuses = {
            s.text("name"): s
            for s in [*pod.each("status.containerStatuses"), *pod.each("status.initContainerStatuses")]
        }
        aimed = _aimed(pod, services)
        containers = pod.each("spec.containers")
        for container in [*containers, *pod.each("spec.initContainers")]:
            repository, tag = split(container.text("image"))
            ports[repository] |= _declared(container) | (
                aimed if len(containers) == 1 or not _declared(container) else set()
            )
            if limit := container.at("resources.limits").text("memory"):
                limits[repository].append(amount(limit))
            reason = _waiting(statuses.get(container.text("name")))
            if reason in ("ErrImagePull", "ImagePullBackOff", "InvalidImageName"):
                missing[repository].add(tag)
            elif crash := _crash(statuses.get(container.text("name"))):
                broken[repository][tag] = crash
    return {r: _entry(r, ports[r], limits[r], broken[r], missing[r], snapshot) for r in ports.keys() | missing.keys()}


def _declared(container: Fields) -> set[int]:
    found = {p.count("containerPort") for p in container.each("ports")}
    for kind in ("livenessProbe", "startupProbe"):
        for check in ("httpGet", "tcpSocket", "grpc"):
            if (port := container.integer(f"{kind}.{check}.port")) is not None and not found:
                found.add(port)
    return found - {0}


def _aimed(pod: Resource, services: Iterable[Resource]) -> set[int]:
    """The numeric ports to which Services send requests for the pod, where it declares none itself."""
    if any(_declared(c) for c in pod.each("spec.containers")):
        return set()
    found = set()
    for service in services:
        selector = service.map("spec.selector")
        if service.namespace == pod.namespace and selector and matches(selector, pod.labels):
            found |= {p.integer("targetPort") or p.count("port") for p in service.each("spec.ports")}
    return found - {0}


def _waiting(status: Fields | None) -> str:
    return status.text("state.waiting.reason") if status else ""


def _crash(status: Fields | None) -> dict[str, Any]:
    """The behaviour of a container that was seen to crash by itself."""
    if status is None:
        return {}
    last = status.at("state.terminated") or status.at("lastState.terminated")
    looping = _waiting(status) == "CrashLoopBackOff" or status.has("state.terminated")
    if (
        not looping
        or not last.count("exitCode")
        or last.text("reason") == "OOMKilled"
        or last.count("exitCode") in (137, 143)
    ):
        return {}
    return {"run_seconds": 1.0, "exit_code": last.count("exitCode")}


def _entry(
    repository: str, ports: set[int], limits: list[float], broken: dict[str, Any], missing: set[str], snapshot: Snapshot
) -> dict[str, Any]:
    known = {split(c.text("image"))[1] for w in snapshot.all("Pod", "ReplicaSet", "StatefulSet", "DaemonSet", "Deployment")
             for c in [*w.each("spec.containers"), *w.each("spec.template.spec.containers"), *w.each("spec.template.spec.initContainers")]
             if split(c.text("image"))[0] == repository}  # fmt: skip
    entry: dict[str, Any] = {
        "listen": sorted(ports),
        "memory": str(int(min(limits) * 0.4)) if limits else "48Mi",
        "startup_seconds": 1.0,
    }
    if ports and all(p in _PROTOCOLS for p in ports):
        entry["protocol"] = "tcp"
    if broken:
        entry["tags"] = {tag: broken.get(tag, {}) for tag in known - missing}
    elif missing:
        entry["tags"] = {tag: {} for tag in known - missing}
    return entry
