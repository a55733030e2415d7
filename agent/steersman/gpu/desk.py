"""Where the questions about accelerators are asked: looks at the cluster once, then answers by pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from steersman_tools.gpu.inventory import inventory
from steersman_tools.gpu.types import Estate
from steersman_tools.metrics import MetricsSource
from steersman_tools.snapshot import Snapshot

from ..diagnose.scene import Scene
from ..gather import Sources, look_around
from .cluster import Wish, largest_waiting, resource_of
from .defrag import Defrag, defrag
from .demand import Demand, demand, history
from .energy import CostReport, cost
from .health import HealthReport, health
from .idle import IdleReport, idle
from .places import Answer, place
from .prices import prices


@dataclass(frozen=True)
class Desk:
    """One look at a cluster, and the answers that follow from it."""

    snapshot: Snapshot
    metrics: MetricsSource | None = None
    tenant_label: str = ""

    @cached_property
    def scene(self) -> Scene:
        return Scene(self.snapshot)

    @cached_property
    def estate(self) -> Estate:
        return inventory(self.snapshot, self.tenant_label)

    @property
    def resource(self) -> str:
        """The accelerator resource that most pieces are offered of."""
        return resource_of(self.estate)

    def health(self) -> HealthReport:
        return health(self.snapshot)

    def place(self, wish: Wish, most: int = 5) -> Answer:
        return place(self.scene, wish, most)

    def defrag(self, resource: str = "", wanted: int = 0) -> Defrag:
        """Room for so many pieces on one node; for what the largest waiting pod asks where no number is given."""
        chosen = resource or self.resource
        return defrag(self.scene, chosen, wanted or largest_waiting(self.estate, self.snapshot, chosen))

    def idle(self, table: Path | None = None, least: timedelta = timedelta(hours=1)) -> IdleReport:
        return idle(self.estate, prices(table), least)

    def cost(self, table: Path | None = None) -> CostReport:
        return cost(self.estate, prices(table))

    async def forecast(self, resource: str = "") -> Demand:
        past, basis = await history(self.metrics)
        return demand(self.estate, self.snapshot, resource or self.resource, past, basis)


async def sit_down(sources: Sources, namespace: str | None = None, tenant_label: str = "") -> Desk:
    """Looks once. Raises Unreachable when the cluster does not answer."""
    return Desk(await look_around(sources, namespace), sources.metrics, tenant_label)
