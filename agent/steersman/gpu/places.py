"""The best nodes for a request and why; where none has room, whom it would cost least to move aside."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from steersman_tools.gpu.types import Allocation, NodeGpus
from steersman_tools.types import Frozen, Ref

from ..diagnose.scene import Scene
from .cluster import Wish, Yard, wished, yard
from .defrag import defrag
from .placement.board import Board
from .placement.fragmentation import fragmentation


class Place(Frozen):
    """One node for the request."""

    node: str
    rank: int
    free: int
    """Pieces free there before."""
    loss: float
    """What is lost for the usual work, in GPUs; the policy takes the least."""
    fragment: float
    """How many free GPUs of the node become useless to the usual work, net."""
    model: str = ""
    zone: str = ""
    clique: str = ""
    why: str


class Preemption(Frozen):
    """Pods of lower priority that would make room on a node."""

    node: str
    pods: tuple[Ref, ...]
    frees: int
    highest_priority: int
    why: str


class Answer(Frozen):
    """Where a request should go. `group` names a node for each pod, where several were asked for."""

    places: tuple[Place, ...] = ()
    group: tuple[str, ...] = ()
    complete: bool = False
    """Whether every pod has a place."""
    preemptions: tuple[Preemption, ...] = ()
    moving: str = ""
    """Where one pod finds no room: what moving others would do."""
    left_out: tuple[str, ...] = ()
    """Nodes that were not considered, and why."""


def place(scene: Scene, wish: Wish, most: int = 5) -> Answer:
    """The best nodes, the best first; a place for each pod of a group; whom to move aside where there is no room."""
    wrong = {n.node: why for n in scene.accelerators.nodes if (why := _unsuitable(n, wish))}
    found = yard(scene, wish.resource, wrong)
    request = wished(wish)
    board = Board(found.fleet, found.policy)
    scores = board.scores(request)
    order = [int(at) for at in np.argsort(-scores, kind="stable") if scores[at] > -np.inf]
    places = tuple(_place(found, at, rank, float(scores[at]), wish) for rank, at in enumerate(order[:most], start=1))
    group = _group(found, board, wish)
    complete = len(group) == wish.pods
    return Answer(
        places=places,
        group=group,
        complete=complete,
        preemptions=() if complete else tuple(_preemptions(scene, found, wish))[:most],
        moving=_moving(scene, wish) if not places and not wrong else "",
        left_out=tuple(f"{node}: {why}" for node, why in sorted(wrong.items())),
    )


def _moving(scene: Scene, wish: Wish) -> str:
    plan = defrag(scene, wish.resource, wish.gpus)
    if plan.moves:
        pods = ", ".join(m.pod.name for m in plan.moves)
        return f"moving {pods} away would make room on {plan.node} (steersman gpu defrag --gpus {wish.gpus})"
    return plan.why_not


def _unsuitable(node: NodeGpus, wish: Wish) -> str:
    model = node.model.value if node.model else ""
    if wish.model and wish.model.lower() not in model.lower():
        return f"has {model or 'an unknown model'}"
    if wish.memory and node.memory is None:
        return "nobody says how much memory its GPUs have"
    if wish.memory and node.memory and node.memory.value < wish.memory:
        return f"its GPUs have {node.memory.value:g} MiB"
    if wish.zone and node.zone != wish.zone:
        return f"is in zone {node.zone or 'unknown'}"
    if node.remediator:
        return f"is in the hands of {node.remediator}"
    return "" if node.schedulable else "is cordoned"


def _place(found: Yard, at: int, rank: int, score: float, wish: Wish) -> Place:
    node, fleet, workload = found.nodes[at], found.fleet, found.policy.workload
    row = np.array([at])
    before = fragmentation(workload, fleet.cpu[row], fleet.gpus[row], workload.access(fleet, row))[0]
    taken = fleet.gpus[row].copy()
    free = int((taken > 0).sum())
    taken[0, np.flatnonzero(taken[0])[: wish.gpus]] = 0
    after = fragmentation(workload, fleet.cpu[row] - round(wish.cpu * 1000), taken, workload.access(fleet, row))[0]
    rest = free - wish.gpus
    return Place(
        node=node.node,
        rank=rank,
        free=free,
        loss=round(-score / 1000, 3),
        fragment=round(float(after - before) / 1000, 3),
        model=node.model.value if node.model else "",
        zone=node.zone,
        clique=node.clique,
        why="fills the node" if rest == 0 else f"leaves {rest} free there",
    )


def _group(found: Yard, board: Board, wish: Wish) -> tuple[str, ...]:
    """A node for each pod. Several pods stay within one NVLink domain, else one zone, if one has room for all."""
    request = wished(wish)
    if wish.pods > 1:
        for domains in ([n.clique for n in found.nodes], [n.zone for n in found.nodes]):
            for domain in sorted(set(filter(None, domains))):
                inside = np.array([d == domain for d in domains])
                placed = _try(found, board, wish, inside)
                if len(placed) == wish.pods:
                    return placed
    if wish.pods == 1:
        chosen = board.choose(request)
        return (chosen.node,) if chosen else ()
    return _try(found, board, wish, np.ones(len(found.nodes), np.bool_))


def _try(found: Yard, board: Board, wish: Wish, inside: np.ndarray) -> tuple[str, ...]:
    """Places pod after pod on the nodes inside and takes all of it back."""
    request, taken = wished(wish), []
    for _ in range(wish.pods):
        scores = np.where(inside, board.scores(request), -np.inf)
        if not len(scores) or scores.max() == -np.inf:
            break
        at = int(scores.argmax())
        gpus = found.fleet.tightest(at, request)
        found.fleet.take(at, request, gpus)
        board.touch(at)
        taken.append((at, gpus))
    for at, gpus in taken:
        found.fleet.give_back(at, request, gpus)
        board.touch(at)
    return tuple(found.nodes[at].node for at, _ in taken)


def _preemptions(scene: Scene, found: Yard, wish: Wish) -> Iterable[Preemption]:
    """By node the fewest and least important pods of lower priority; the cheapest node first."""
    options = []
    for at, node in enumerate(found.nodes):
        free = int((found.fleet.gpus[at] > 0).sum())
        lower = sorted(_lower(scene, node, wish), key=lambda a: (a.priority, a.count))
        chosen: list[Allocation] = []
        for allocation in lower:
            if free + sum(a.count for a in chosen) >= wish.gpus:
                break
            chosen.append(allocation)
        gained = round(sum(a.count for a in chosen))
        if chosen and free + gained >= wish.gpus:
            kinds = ", ".join(sorted({f"{a.workload.kind} {a.workload.name}" for a in chosen}))
            options.append(
                Preemption(
                    node=node.node,
                    pods=tuple(a.pod for a in chosen),
                    frees=gained,
                    highest_priority=max(a.priority for a in chosen),
                    why=f"all are below priority {wish.priority}: {kinds}",
                )
            )
    return sorted(options, key=lambda o: (o.highest_priority, o.frees, len(o.pods)))


def _lower(scene: Scene, node: NodeGpus, wish: Wish) -> Iterable[Allocation]:
    for allocation in scene.accelerators.allocations:
        if (
            allocation.node == node.node
            and allocation.resource == wish.resource
            and allocation.priority < wish.priority
        ):
            yield allocation
