"""A metrics source that is a dictionary, for tests of whatever reads series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from steersman_tools.metrics import Query, Series
from steersman_tools.metrics.evaluate import evaluate
from steersman_tools.snapshot import Alert
from steersman_tools.types import Unreachable


class RecordedMetrics:
    """Answers each query by its text with the series recorded for it; what was not recorded is empty, what is in `broken` fails."""

    def __init__(self, recorded: Mapping[str, Sequence[Series]], broken: frozenset[str] = frozenset()) -> None:
        self.recorded, self.broken = recorded, broken

    async def instant(self, query: Query, at: datetime | None = None) -> list[Series]:
        """The last point of each series."""
        return [replace(each, times=each.times[-1:], values=each.values[-1:]) for each in self._series(query)]

    async def range(self, query: Query, start: datetime, end: datetime, step: float) -> list[Series]:
        """The points between start and end."""
        low, high = start.timestamp(), end.timestamp()
        found = []
        for each in self._series(query):
            kept = [(time, value) for time, value in zip(each.times, each.values, strict=True) if low <= time <= high]
            found.append(Series(each.labels, [time for time, _ in kept], [value for _, value in kept]))
        return found

    async def alerts(self) -> tuple[Alert, ...]:
        """None fire."""
        return ()

    def _series(self, query: Query) -> Sequence[Series]:
        if query.promql in self.broken:
            raise Unreachable("the recording has lost this answer")
        return self.recorded.get(query.promql, ())


class MadeMetrics:
    """Answers each query as Prometheus would, from raw series that bear their metric as `__name__`; queries of the metrics in `broken`
    fail."""

    def __init__(self, series: Sequence[Series], broken: frozenset[str] = frozenset()) -> None:
        self.series, self.broken = tuple(series), broken

    async def instant(self, query: Query, at: datetime | None = None) -> list[Series]:
        """The value of each series at that moment, or at the latest point there is."""
        last = max((each.times[-1] for each in self.series if len(each.times)), default=0.0)
        return self._at(query, [at.timestamp() if at else last])

    async def range(self, query: Query, start: datetime, end: datetime, step: float) -> list[Series]:
        """Each series from start to end."""
        count = int((end - start).total_seconds() // step)
        return self._at(query, [start.timestamp() + step * at for at in range(count + 1)])

    async def alerts(self) -> tuple[Alert, ...]:
        """None fire."""
        return ()

    def _at(self, query: Query, times: Sequence[float]) -> list[Series]:
        if query.metric in self.broken:
            raise Unreachable("the recording has lost this answer")
        return evaluate(query, self.series, times)
