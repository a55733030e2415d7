"""Which pods to move so that free accelerators lie together: what it frees, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from steersman_tools.gpu.types import Allocation, NodeGpus
from steersman_tools.selectors import selects
from steersman_tools.snapshot import Resource
from steersman_tools.types import Frozen, Ref

from ..diagnose.placement import Obstacle, obstacles
from ..diagnose.scene import Scene
from ..diagnose.workloads import is_ready
from .cluster import Yard, request_of, yard
from .placement.board import Board

_COST = {"Deployment": 1.0, "ReplicaSet": 1.0, "StatefulSet": 2.0, "Job": 6.0}
"""What moving a pod costs, by its workload, each for one piece: a replica that others stand in for is cheap, work that is lost
since its last checkpoint is dear. Everything that trains counts as a Job."""
_DEAR = 6.0


class Move(Frozen):
    """One pod to evict, and where the policy expects it to go."""

    pod: Ref
    workload: Ref
    source: str
    target: str
    pieces: int
    cost: float
    why: str


class Defrag(Frozen):
    """The cheapest way to make room for so many pieces on one node."""

    resource: str
    wanted: int
    node: str = ""
    free_before: int = 0
    frees: int = 0
    moves: tuple[Move, ...] = ()
    cost: float = 0.0
    needed: bool = True
    """False where a node has that much room already."""
    why_not: str = ""
    immovable: tuple[str, ...] = ()


def defrag(scene: Scene, resource: str, wanted: int) -> Defrag:
    """The plan with the least cost; `why_not` where there is none."""
    whole = yard(scene, resource)
    if not whole.nodes:
        return Defrag(resource=resource, wanted=wanted, why_not=f"no usable node offers {resource}")
    free = (whole.fleet.gpus > 0).sum(axis=1)
    if free.max() >= wanted:
        best = whole.nodes[int(free.argmax())].node
        return Defrag(resource=resource, wanted=wanted, node=best, free_before=int(free.max()), needed=False)
    options, stuck = [], []
    for at, node in enumerate(whole.nodes):
        if whole.capacity[at] < wanted * 1000:
            continue
        plan, why = _clear(scene, whole, node, int(free[at]), wanted)
        stuck += why
        if plan:
            options.append(plan)
    if not options:
        total = int(free.sum())
        possible = bool((whole.capacity >= wanted * 1000).any())
        reason = (
            f"{total} are free in all, and the pods in the way cannot go elsewhere"
            if possible
            else f"no node offers {wanted}"
        )
        return Defrag(resource=resource, wanted=wanted, why_not=reason, immovable=tuple(dict.fromkeys(stuck)))
    chosen = min(options, key=lambda o: (o.cost, len(o.moves)))
    return chosen.model_copy(update={"immovable": tuple(dict.fromkeys(stuck))})


def _clear(scene: Scene, whole: Yard, node: NodeGpus, free: int, wanted: int) -> tuple[Defrag | None, list[str]]:
    """Moves the cheapest pods off the node until it has room, if the others can take them."""
    rest = yard(scene, whole.resource, [node.node])
    board = Board(rest.fleet, rest.policy)
    stuck: list[str] = []
    moves: list[Move] = []
    gained = 0
    held = [a for a in scene.accelerators.allocations if a.node == node.node and a.resource == whole.resource]
    for allocation in sorted(held, key=lambda a: (_price(a), -a.count)):
        if free + gained >= wanted:
            break
        pod = scene.snapshot.get(allocation.pod)
        why = immovable(scene, allocation, pod)
        if why or pod is None:
            stuck.append(f"{allocation.pod}: {why or 'it is not known'}")
            continue
        target = _target(scene, rest, board, pod)
        if target is None:
            stuck.append(f"{allocation.pod}: no other node has room for it")
            continue
        gained += round(allocation.count)
        moves.append(
            Move(
                pod=allocation.pod,
                workload=allocation.workload,
                source=node.node,
                target=target,
                pieces=round(allocation.count),
                cost=_price(allocation),
                why=f"{allocation.workload.kind} {allocation.workload.name} holds {allocation.count:g} here",
            )
        )
    if free + gained < wanted:
        return None, stuck
    plan = Defrag(
        resource=whole.resource,
        wanted=wanted,
        node=node.node,
        free_before=free,
        frees=gained,
        moves=tuple(moves),
        cost=sum(m.cost for m in moves),
    )
    return plan, stuck


def _target(scene: Scene, rest: Yard, board: Board, pod: Resource) -> str | None:
    """The best of the other nodes that the scheduler would let the pod onto; taken."""
    request = request_of(pod, rest.resource)
    scores = board.scores(request)
    for at in (int(a) for a in np.argsort(-scores, kind="stable")):
        if scores[at] == -np.inf:
            return None
        machine = scene.nodes[rest.nodes[at].node]
        if any(o.key not in ("cpu", "memory", rest.resource) for o in _others(scene, pod, machine)):
            continue
        rest.fleet.take(at, request, rest.fleet.tightest(at, request))
        board.touch(at)
        return rest.nodes[at].node
    return None


def _others(scene: Scene, pod: Resource, machine: Resource) -> Sequence[Obstacle]:
    bare = Resource({**pod.raw, "spec": {k: v for k, v in pod.at("spec").raw.items() if k != "nodeName"}}, "Pod")
    return obstacles(scene, bare, pod.namespace, machine)


def _price(allocation: Allocation) -> float:
    return allocation.count * _COST.get(allocation.workload.kind, _DEAR)


def immovable(scene: Scene, allocation: Allocation, pod: Resource | None) -> str:
    """Why the pod cannot be evicted without harm; empty where it can."""
    if pod is None or allocation.workload.kind == "Pod":
        return "nobody would make it again"
    if pod.controller and pod.controller.kind == "DaemonSet":
        return "it belongs to its node"
    for budget in scene.snapshot.all("PodDisruptionBudget"):
        if budget.namespace == pod.namespace and selects(budget.at("spec.selector"), pod.labels):
            allowed = budget.integer("status.disruptionsAllowed")
            if not allowed:
                return f"disruption budget {budget.name} allows none to go now"
    workload = scene.workload_of.get(pod.ref)
    if (
        workload
        and workload.ref.kind in ("Deployment", "StatefulSet")
        and workload.ready < workload.desired
        and is_ready(pod)
    ):
        return "others of its workload are not ready"
    return ""
