"""Looks at the world: everything once, then closer where an analyzer asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from steersman_tools.gpu.exporter import read as read_gpus
from steersman_tools.gpu.resources import has_accelerators
from steersman_tools.metrics import MetricsSource
from steersman_tools.quantum.documents import KIND, aliases, backend_object, job_object
from steersman_tools.quantum.provider import QuantumProvider
from steersman_tools.quantum.reading import read as read_queues
from steersman_tools.reader import History, Reader
from steersman_tools.snapshot import Alert, Resource, Snapshot, Was
from steersman_tools.types import NotChecked, Ref, Unreachable

from .seams import Aide, Handbook, Library, Memory, QuantumView
from .types import Look, LookBack, Output

MOST_LOGS = 120
"""How many logs one session reads at the most."""


class Silencer(Protocol):
    """Knows which alerts people have silenced."""

    async def suppressed(self, alerts: tuple[Alert, ...]) -> tuple[Alert, ...]:
        """The same alerts, those marked that are silenced."""


@dataclass(frozen=True)
class Sources:
    """What can be looked at. None: not configured, which is said and not held against anybody."""

    reader: Reader
    metrics: MetricsSource | None = None
    silencer: Silencer | None = None
    library: Library | None = None
    handbook: Handbook | None = None
    memory: Memory | None = None
    quantum: QuantumView | None = None
    providers: tuple[QuantumProvider, ...] = ()
    """The quantum providers whose queues are read with the cluster."""
    aide: Aide | None = None
    no_metrics: str = "no Prometheus is configured: give --prometheus URL"
    """Why there are no metrics; empty where that is no gap."""
    analyzers: tuple[Callable[..., Iterable[Output]], ...] = ()
    """Those that the user's team has added: what is looked at is judged by them as well."""
    node_operations: str = ""
    """The annotation by which machines are asked to reboot; empty where nothing listens."""
    history: History | None = None
    """What remembers lost objects for a while; None where nothing does."""


async def look_around(sources: Sources, namespace: str | None) -> Snapshot:
    """Everything, once. Raises Unreachable when the cluster does not answer at all."""
    snapshot, (alerts, gaps) = await asyncio.gather(sources.reader.snapshot(namespace), _alerts(sources))
    snapshot = await _queues(sources, await _accelerators(sources, snapshot))
    kept = tuple(a for a in alerts if namespace is None or a.labels.get("namespace", namespace) == namespace)
    return replace(
        snapshot,
        node_operations=sources.node_operations,
        alerts=(*snapshot.alerts, *kept),
        not_checked=(*snapshot.not_checked, *gaps),
    )


def unseen(snapshot: Snapshot, looks: Iterable[Look | LookBack]) -> list[Look | LookBack]:
    """Those that the snapshot does not answer yet."""
    return [x for x in looks if (x.log not in snapshot.logs if isinstance(x, Look) else x.past not in snapshot.past)]


async def look_closer(sources: Sources, snapshot: Snapshot, looks: Sequence[Look | LookBack]) -> Snapshot:
    """The snapshot with what was asked for, as far as the budget reaches."""
    wanted = [x.log for x in looks if isinstance(x, Look)]
    room = max(MOST_LOGS - len(snapshot.logs), 0)
    back = {x.past: x.having for x in looks if isinstance(x, LookBack)}
    found, was = await asyncio.gather(sources.reader.logs(wanted[:room]), _past(sources.history, back))
    if len(wanted) > room:
        gap = NotChecked(what=f"logs of {len(wanted) - room} containers", why="the budget of this session is used up")
        snapshot = replace(snapshot, not_checked=(*snapshot.not_checked, gap))
    return snapshot.with_logs(found).with_past(was)


async def _past(history: History | None, wanted: Mapping[Ref, str]) -> dict[Ref, Was | None]:
    if history is None:
        return dict.fromkeys(wanted)
    return dict(zip(wanted, await asyncio.gather(*(history.last(r, h) for r, h in wanted.items())), strict=True))


async def _accelerators(sources: Sources, snapshot: Snapshot) -> Snapshot:
    """The snapshot with what metrics say of GPUs and inference servers, where there is a node with such devices."""
    if sources.metrics is None or not any(map(has_accelerators, snapshot.all("Node"))):
        return snapshot
    return replace(snapshot, gpus=await read_gpus(sources.metrics))


async def _queues(sources: Sources, snapshot: Snapshot) -> Snapshot:
    """The snapshot with the queues of the quantum providers; their jobs and backends are objects of it like others."""
    if not sources.providers:
        return snapshot
    found = await read_queues(sources.providers, snapshot.taken_at)
    jobs = (Resource(job_object(job, name), KIND) for job in found.jobs for name in aliases(job))
    backends = (Resource(backend_object(backend), "Backend") for backend in found.backends)
    return replace(
        snapshot,
        quantum=found,
        resources=(*snapshot.resources, *jobs, *backends),
        not_checked=(*snapshot.not_checked, *found.not_checked),
    )


async def _alerts(sources: Sources) -> tuple[tuple[Alert, ...], tuple[NotChecked, ...]]:
    if sources.metrics is None:
        return (), (NotChecked(what="metrics and alerts", why=sources.no_metrics),) if sources.no_metrics else ()
    try:
        alerts = await sources.metrics.alerts()
    except Unreachable as error:
        return (), (NotChecked(what="metrics and alerts", why=str(error)),)
    if sources.silencer is None:
        return alerts, ()
    try:
        return await sources.silencer.suppressed(alerts), ()
    except Unreachable as error:
        return alerts, (NotChecked(what="silences", why=str(error)),)
