"""A world that goes on from a snapshot: objects as they were, machines from Nodes, applications and traffic inferred from what is declared."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..snapshot import Resource, Snapshot
from .ailing import afflict, break_machines, gpus, lost_devices
from .api.kinds import GATEWAY_TYPES, Type
from .api.strategy import quality
from .clock import MovableClock
from .inferring import Inference
from .node.images import Images
from .node.machine import GPU
from .node.worldfile import Load, Settings, WorldFile
from .objects import Obj, copy
from .store import Change

if TYPE_CHECKING:
    from .world import World

_RPS = 2.0
"""Requests a second from outside, to each Service that nobody inside calls."""
_MOST_ENTRANCES = 200


def load(cls: type[World], snapshot: Snapshot, clock: MovableClock, version: str) -> World:
    """The world. Nothing that it holds is shared with the snapshot."""
    inferred, lost = Inference(snapshot), lost_devices(snapshot)
    nodes: list[Mapping[str, Any]] = [_machine(node, lost.get(node.name, set())) for node in snapshot.all("Node")]
    loads = [
        Load(service=f"{ns}/{name}:{port}", rps=_RPS)
        for ns, name, port in islice(inferred.entrances(), _MOST_ENTRANCES)
    ]
    file = WorldFile(
        nodes, Images(dict(inferred.images()), allow_unknown=True), loads, settings=Settings(scrape_seconds=15.0)
    )
    world = cls(file, clock, version)
    for kind in GATEWAY_TYPES:
        if kind.kind in snapshot.by_kind:
            world.types.add(kind)
    for name, group in snapshot.by_kind.items():
        if (found := world.types.named(name)) is not None:
            world.store.adopt(found, (_object(found, r) for r in group.values()))
    world.scheduler.learn()
    world.kubelets.adopt()
    break_machines(world, snapshot)
    afflict(world, snapshot)
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
    if any("uid" not in owner for owner in meta.get("ownerReferences") or ()):  # of a paste that somebody shortened
        meta["ownerReferences"] = [owner for owner in meta["ownerReferences"] if "uid" in owner]
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
def _machine(node: Resource, lost: set[str]) -> dict[str, Any]:
    """The entry of a world file that would make such a machine."""
    labels, capacity = node.labels, node.map("status.capacity") or node.map("status.allocatable")
    entry: dict[str, Any] = {"name": node.name, "capacity": capacity, "labels": labels, "zone": labels.get("topology.kubernetes.io/zone", "zone-a"),
                             "arch": labels.get("kubernetes.io/arch", "amd64")}  # fmt: skip
    if GPU in capacity or lost:
        entry["gpus"] = gpus(node, lost)
    return entry
