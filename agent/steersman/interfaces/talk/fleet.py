"""The fleet at a glance: the clusters that can be reached from here, the accelerators of this one with who has them, and queues."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from steersman_tools.gpu.types import Estate

from .. import gpu_text
from ..serving.looks import Queues


@dataclass(frozen=True)
class Fleet:
    """What was seen, and where."""

    cluster: str
    others: tuple[str, ...]
    """Contexts of the kubeconfig at which nobody has looked."""
    estate: Estate
    queues: Queues


def fleet_text(fleet: Fleet) -> str:
    """All of it for people."""
    return "\n".join(_lines(fleet)).rstrip()


def _lines(fleet: Fleet) -> Iterator[str]:
    yield "CLUSTERS"
    yield f"* {fleet.cluster}"
    yield from (f"  {name}  not looked at: steersman chat --context {name}" for name in fleet.others)
    yield f"\nGPUS OF {fleet.cluster}"
    yield gpu_text.text(fleet.estate).rstrip()
    yield "\nQUEUES"
    for seen in fleet.queues.seen:
        yield f"$ {seen.call}\n{seen.text}"
    yield from (f"not checked: {gap.what}: {gap.why}" for gap in fleet.queues.not_checked)
    held = sorted({a.queue for a in fleet.estate.allocations if a.queue})
    yield from (f"{name}: {_of(fleet.estate, name)}" for name in held)


def _of(estate: Estate, queue: str) -> str:
    mine = [a for a in estate.allocations if a.queue == queue]
    return f"{sum(a.count for a in mine):g} accelerators held by {len(mine)} pods"
