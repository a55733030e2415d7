"""The world as a MetricsSource: series are taken down at intervals and kept for a while, alerts are judged each time."""

from __future__ import annotations

import math
from array import array
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from ...metrics import Query, Series
from ...metrics.evaluate import evaluate
from ...snapshot import Alert
from ..api.plant import LogOptions
from ..api.requests import Reply
from ..api.selection import Predicate
from .alerts import Alerting
from .exporters import EXPORTERS
from .resources import resource_metrics

if TYPE_CHECKING:
    from ..world import World

MOST = 1_500_000
"""Samples kept; the oldest go first."""
_LARGE = 500
"""Pods from which on series are taken down less often."""


class Scraper:
    """Keeps the history of a world's series."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.last = world.clock.now()
        self._series: dict[
            tuple[str, tuple[tuple[str, str], ...]], tuple[dict[str, str], array[float], array[float]]
        ] = {}
        self._by_name: dict[str, list[tuple[dict[str, str], array[float], array[float]]]] = {}
        self._present: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
        self._count = 0
        self.alerting = Alerting()

    @property
    def interval(self) -> float:
        """Seconds between two scrapes."""
        seconds = self.world.file.settings.scrape_seconds
        return seconds if len(self.world.kubelets.pods) <= _LARGE else max(seconds, 60.0)

    # -- taking down -------------------------------------------------------------------------------------------------
    def scrape(self) -> None:
        """Takes down all series as they are now; one that has gone ends with a marker."""
        now = self.world.clock.now().timestamp()
        seen = set()
        for job, exporter in EXPORTERS.items():
            for name, labels, value in chain([("up", {"job": job}, 1.0)], exporter(self.world)):
                key = (name, tuple(labels.items()))
                seen.add(key)
                entry = self._series.get(key)
                if entry is None:
                    entry = self._series[key] = ({"__name__": name, **labels}, array("d"), array("d"))
                    self._by_name.setdefault(name, []).append(entry)
                entry[1].append(now)
                entry[2].append(value)
        for key in self._present - seen:
            self._series[key][1].append(now)
            self._series[key][2].append(math.nan)
        self._present = seen
        self._count += len(seen)
        if self._count > MOST:
            self._forget()
        self.alerting.judge(self, self.world.clock.now())

    def _forget(self) -> None:
        """Drops the older half of each series."""
        self._count = 0
        for key, entry in list(self._series.items()):
            half = len(entry[1]) // 2
            if key not in self._present and len(entry[1]) <= 2:
                del self._series[key]
                self._by_name[key[0]].remove(entry)
                continue
            del entry[1][:half]
            del entry[2][:half]
            self._count += len(entry[1])

    def series(self, name: str) -> list[Series]:
        """The raw series of a metric."""
        return [Series(labels, times, values) for labels, times, values in self._by_name.get(name, ())]

    # -- MetricsSource -----------------------------------------------------------------------------------------------
    async def instant(self, query: Query, at: datetime | None = None) -> list[Series]:
        return self.now(query, at)

    def now(self, query: Query, at: datetime | None = None) -> list[Series]:
        """`instant` without waiting."""
        return evaluate(query, self.series(query.metric), [(at or self.world.clock.now()).timestamp()])

    async def range(self, query: Query, start: datetime, end: datetime, step: float) -> list[Series]:
        count = int((end - start).total_seconds() // step)
        times = [(start + timedelta(seconds=step * n)).timestamp() for n in range(count + 1)]
        return evaluate(query, self.series(query.metric), times)

    async def alerts(self) -> tuple[Alert, ...]:
        return self.alerting.alerts

    # -- the nodes' side of the API ----------------------------------------------------------------------------------
    def log(self, namespace: str, pod: str, container: str, wanted: LogOptions) -> bytes:
        return self.world.kubelets.log(namespace, pod, container, wanted)

    def log_goes_on(self, namespace: str, pod: str, container: str) -> bool:
        return self.world.kubelets.log_goes_on(namespace, pod, container)

    def metrics(self, kind: str, namespace: str, name: str, wanted: Predicate | None) -> Reply:
        return resource_metrics(self.world, kind, namespace, name, wanted)
