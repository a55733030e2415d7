"""A live cluster as a fleet: what is free of one accelerator resource on every node that takes pods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from steersman_tools.gpu.owners import waiting
from steersman_tools.gpu.resources import asked
from steersman_tools.gpu.types import Estate, NodeGpus
from steersman_tools.quantity import amount
from steersman_tools.snapshot import Resource, Snapshot
from steersman_tools.types import Frozen

from ..diagnose.placement import requests
from ..diagnose.scene import Scene
from .placement.fleet import WHOLE, Fleet, Ints, Request, Room
from .placement.policy import LeastLoss


class Wish(Frozen):
    """What somebody would like to run: `gpus` pieces of a resource for each of `pods` pods."""

    gpus: int = 1
    pods: int = 1
    resource: str = "nvidia.com/gpu"
    model: str = ""
    """Part of the model's name, such as H100."""
    memory: float = 0.0
    """MiB that each GPU must have."""
    cpu: float = 0.0
    """Cores a pod."""
    ram: float = 0.0
    """MiB a pod."""
    zone: str = ""
    priority: int = 0


@dataclass(frozen=True)
class Yard:
    """The nodes that offer a resource, as a fleet, with the policy that knows what usually runs here."""

    resource: str
    nodes: tuple[NodeGpus, ...]
    fleet: Fleet
    capacity: Ints
    policy: LeastLoss


def yard(scene: Scene, resource: str, without: Iterable[str] = ()) -> Yard:
    """The nodes that offer the resource and may be used: not cordoned, ready, and not in another remediator's hands."""
    left_out = set(without)
    nodes = tuple(
        n for n in scene.accelerators.nodes if n.node not in left_out and _count(n, resource) and usable(scene, n)
    )
    rooms = [_room(scene, node, resource) for node in nodes]
    fleet = Fleet.of(rooms)
    machines = [scene.nodes[n.node] for n in nodes]
    cores = np.array([_amount(m, "cpu") * 1000 for m in machines], np.int64)
    pieces = np.array([_allocatable(n, resource) * WHOLE for n in nodes], np.int64)
    policy = LeastLoss(usual(scene.snapshot, resource), fleet, cores, pieces)
    return Yard(resource, nodes, fleet, pieces, policy)


def usable(scene: Scene, node: NodeGpus) -> bool:
    """Whether new work may go there."""
    machine = scene.nodes.get(node.node)
    ready = machine is not None and machine.condition("Ready").text("status") in ("", "True")
    return node.schedulable and ready and not node.remediator


def usual(snapshot: Snapshot, resource: str) -> Sequence[Request]:
    """The work that usually comes: the pods that run with the resource now, and those that wait for it."""
    pods = [p for p in snapshot.all("Pod") if p.text("status.phase") in ("Pending", "Running")]
    return [request_of(p, resource) for p in pods if asked(p).get(resource)]


def request_of(pod: Resource, resource: str) -> Request:
    """What a pod asks for, as a request for whole pieces of the resource."""
    wanted = requests(pod)
    return Request(
        cpu=round(wanted.get("cpu", 0.0) * 1000),
        memory=round(wanted.get("memory", 0.0) / 2**20),
        count=round(asked(pod).get(resource, 0.0)),
    )


def wished(wish: Wish) -> Request:
    return Request(cpu=round(wish.cpu * 1000), memory=round(wish.ram), count=wish.gpus)


def largest_waiting(estate: Estate, snapshot: Snapshot, resource: str) -> int:
    """The most pieces that a waiting pod asks for; where none waits, those of the largest node."""
    wanted = [round(w[resource]) for _, w in waiting(snapshot) if resource in w]
    return max(wanted, default=max((round(_allocatable(n, resource)) for n in estate.nodes), default=0))


def resource_of(estate: Estate) -> str:
    """The accelerator resource that most pieces are offered of."""
    totals: dict[str, float] = {}
    for node in estate.nodes:
        for count in node.counts:
            totals[count.resource] = totals.get(count.resource, 0.0) + count.capacity
    return max(totals, key=lambda r: totals[r], default="nvidia.com/gpu")


def _count(node: NodeGpus, resource: str) -> bool:
    return any(c.resource == resource for c in node.counts)


def _allocatable(node: NodeGpus, resource: str) -> float:
    return next((c.allocatable for c in node.counts if c.resource == resource), 0.0)


def _room(scene: Scene, node: NodeGpus, resource: str) -> Room:
    count = next(c for c in node.counts if c.resource == resource)
    machine = scene.nodes[node.node]
    used = [requests(p) for p in scene.pods_on.get(node.node, ())]
    free, taken = round(count.free), round(count.allocatable - count.free)
    return Room(
        node=node.node,
        model=node.model.value if node.model else "",
        cpu=round((_amount(machine, "cpu") - sum(u.get("cpu", 0.0) for u in used)) * 1000),
        memory=round((_amount(machine, "memory") - sum(u.get("memory", 0.0) for u in used)) / 2**20),
        gpus=(0,) * taken + (WHOLE,) * free,
    )


def _amount(machine: Resource, name: str) -> float:
    return amount(machine.map("status.allocatable").get(name, "0"))
