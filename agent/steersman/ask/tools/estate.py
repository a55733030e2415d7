"""The tool `estate`: what nodes, GPUs and quantum backends there are, and how much of them is taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from steersman_tools.quantity import amount
from steersman_tools.snapshot import Resource
from steersman_tools.types import Observation

from ..case import Case
from .base import Args, NoSuch, ReadTool
from .state import node_trouble

MOST = 20
_PRODUCT = "nvidia.com/gpu.product"


class _Args(Args):
    about: Literal["nodes", "gpus", "quantum"]


async def _run(case: Case, args: _Args) -> Sequence[Observation]:
    if args.about == "quantum":
        if case.sources.quantum is None:
            raise NoSuch("not checked: no quantum provider is configured")
        return await case.sources.quantum.look("all")
    lines = list(_gpus(case) if args.about == "gpus" else _nodes(case))
    call = "kubectl describe nodes"
    none = "no node offers GPUs" if args.about == "gpus" else "no nodes"
    more = [f"and {len(lines) - MOST} more"] if len(lines) > MOST else []
    return [case.observed("kubernetes", call, [*lines[:MOST], *more], none=none)]


def _nodes(case: Case) -> Iterator[str]:
    for node in case.scene.nodes.values():
        cpu, memory = (requested(case, node, key) for key in ("cpu", "memory"))
        free = f"cpu {cpu[0]:g} of {cpu[1]:g}, memory {memory[0] / 2**30:.1f} of {memory[1] / 2**30:.1f} GiB requested"
        yield f"{node.name}: {node_trouble(node) or 'ready'}; {free}"


def _gpus(case: Case) -> Iterator[str]:
    for node in case.scene.nodes.values():
        for key in node.map("status.allocatable"):
            if key.startswith("nvidia.com/") and (taken := requested(case, node, key))[1]:
                what = node.labels.get(_PRODUCT, key)
                yield f"{node.name}: {taken[0]:g} of {taken[1]:g} {what} requested; {node_trouble(node) or 'ready'}"


def requested(case: Case, node: Resource, key: str) -> tuple[float, float]:
    """How much of a resource the node's pods request, and how much it has."""
    taken = sum(
        amount(str(container.map("resources.requests").get(key) or container.map("resources.limits").get(key) or "0"))
        for pod in case.scene.pods_on.get(node.name, ())
        for container in pod.each("spec.containers")
    )
    return taken, amount(node.map("status.allocatable").get(key, "0"))


TOOL = ReadTool("estate", "Nodes, GPUs or quantum backends: how many, how much is taken.", _Args, _run)
