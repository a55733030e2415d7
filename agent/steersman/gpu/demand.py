"""How many accelerators will be asked for in a quarter of an hour, and what that means for the size of the cluster."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from steersman_tools.gpu.owners import waiting
from steersman_tools.gpu.types import Estate
from steersman_tools.metrics import Match, MetricsSource, Query, Series
from steersman_tools.snapshot import Snapshot
from steersman_tools.types import Frozen, Unreachable

from ..signals.forecast import forecast

AHEAD = 900.0
HISTORY = 6 * 3600.0
STEP = 60.0
LEAST = 30
"""Points of history without which only what is known now is said."""


class Demand(Frozen):
    """The demand for one resource."""

    resource: str
    allocatable: float
    allocated: float
    waiting: float
    """Pieces that pending pods ask for."""
    queued: float
    """Pieces that queues have not admitted yet."""
    expected: float | None = None
    """Pieces asked for in `minutes`: the median; None where there is no history."""
    low: float | None = None
    high: float | None = None
    """The 80 % interval."""
    minutes: float = AHEAD / 60
    model: str = ""
    basis: str
    """Where the history comes from, or why there is none."""
    proposal: str
    add: int = 0
    """Pieces that are lacking, by the upper end of the interval."""
    nodes: int = 0
    """Nodes of the usual size that would give them."""


_GPUS = Match(label="resource", value="nvidia_com_gpu|amd_com_gpu", operator="=~")
_SOURCES = (
    Query(metric="kube_pod_container_resource_requests", match=(_GPUS,), aggregate="sum"),
    Query(metric="kube_pod_container_resource_limits", match=(_GPUS,), aggregate="sum"),
    *(
        Query(metric="DCGM_FI_DEV_GPU_UTIL", match=(Match(label=label, value="", operator="!="),), aggregate="count")
        for label in ("exported_pod", "pod")
    ),
)
"""What shows the demand of the past, best first: what pods asked for, then which devices had a pod."""


async def history(metrics: MetricsSource | None, at: datetime | None = None) -> tuple[Series | None, str]:
    """The demand of the last hours a point a minute, and the query; or why there is none."""
    if metrics is None:
        return None, "no Prometheus is configured: give --prometheus URL"
    end = at or datetime.now(UTC)
    for query in _SOURCES:
        try:
            found = await metrics.range(query, end - timedelta(seconds=HISTORY), end, STEP)
        except Unreachable as error:
            return None, str(error)
        if found and len(found[0].values) > 1:
            return found[0], query.promql
    return None, "Prometheus has neither kube-state-metrics' requests nor DCGM's series"


def demand(estate: Estate, snapshot: Snapshot, resource: str, past: Series | None, basis: str) -> Demand:
    """What will be asked for, from the history, the pods that wait and the queues. Pure."""
    counts = [c for n in estate.nodes for c in n.counts if c.resource == resource]
    allocatable, allocated = sum(c.allocatable for c in counts), sum(c.requested for c in counts)
    pending = sum(w.get(resource, 0.0) for _, w in waiting(snapshot))
    queued = _queued(snapshot, resource)
    known = allocated + pending + queued
    expected = low = high = None
    model = ""
    if past is not None and len(past.values) >= LEAST:
        said = forecast(past, AHEAD)
        shown = past.values[-1]
        rest = max(known - shown, 0.0)  # queues hold back what the history has not seen yet
        expected, low, high, model = said.middle[-1] + rest, said.lower[-1] + rest, said.upper[-1] + rest, said.model
    elif past is not None:
        basis = f"{basis}: {len(past.values)} points are too few for a forecast"
    most = max(high if high is not None else known, known)
    add = max(math.ceil(most - allocatable - 1e-6), 0)
    size = _usual_size([c.capacity for c in counts])
    nodes = math.ceil(add / size) if size else 0
    return Demand(
        resource=resource,
        allocatable=allocatable,
        allocated=allocated,
        waiting=pending,
        queued=queued,
        expected=_round(expected),
        low=_round(low),
        high=_round(high),
        model=model,
        basis=basis,
        proposal=_proposal(add, nodes, size, allocatable - most),
        add=add,
        nodes=nodes,
    )


def _queued(snapshot: Snapshot, resource: str) -> float:
    """What Kueue's workloads that are not admitted ask for."""
    total = 0.0
    for item in snapshot.all("Workload"):
        done = item.condition("Finished").text("status") == "True"
        if item.condition("Admitted").text("status") == "True" or item.get("spec.active") is False or done:
            continue
        for group in item.each("spec.podSets"):
            for container in group.each("template.spec.containers"):
                asked = container.map("resources.requests").get(resource) or container.map("resources.limits").get(
                    resource, "0"
                )
                total += group.count("count", 1) * float(asked)
    return total


def _usual_size(capacities: Sequence[float]) -> float:
    sizes = Counter(c for c in capacities if c)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _proposal(add: int, nodes: int, size: float, spare: float) -> str:
    if add:
        return (
            f"add {nodes} node{'s' * (nodes != 1)} of {size:g}, {add} more are needed"
            if nodes
            else f"{add} more are needed"
        )
    if size and spare >= 2 * size:
        return f"{spare:g} stay free: {int(spare // size) - 1} nodes of {size:g} could be given back"
    return f"enough: {spare:g} stay free"


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
