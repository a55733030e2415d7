"""Metrics as typed questions: the same query is asked of Prometheus, of a recording and of the embedded world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from ..snapshot import Alert
from ..types import Frozen

Operator: TypeAlias = Literal["=", "!=", "=~", "!~"]
Function: TypeAlias = Literal["raw", "rate", "increase", "count_over_time"]
Aggregate: TypeAlias = Literal["none", "sum", "avg", "max", "min", "count"]


class Match(Frozen):
    """One condition on a label."""

    label: str
    value: str
    operator: Operator = "="


class Query(Frozen):
    """A question about one metric: `sum by (service) (rate(http_requests_total{code=~"5.."}[1m]))` and the like."""

    metric: str
    match: tuple[Match, ...] = ()
    function: Function = "raw"
    window: float = 60.0
    """Seconds over which a rate, an increase or a count is taken."""
    aggregate: Aggregate = "none"
    by: tuple[str, ...] = ()
    quantile: float | None = None
    """For `_bucket` series: the quantile over `le`, after the aggregation (which must keep `le`)."""

    @property
    def promql(self) -> str:
        """The question in Prometheus' language: what evidence cites."""
        conditions = ",".join(f'{m.label}{m.operator}"{_escaped(m.value)}"' for m in self.match)
        text = f"{self.metric}{{{conditions}}}" if conditions else self.metric
        if self.function != "raw":
            text = f"{self.function}({text}[{self.window:.0f}s])"
        if self.aggregate != "none":
            text = f"{self.aggregate} by ({', '.join(self.by)}) ({text})" if self.by else f"{self.aggregate}({text})"
        return text if self.quantile is None else f"histogram_quantile({self.quantile:g}, {text})"


@dataclass(frozen=True, slots=True)
class Series:
    """One time series: equally long times (Unix seconds, rising) and values. A gap is absent, not zero."""

    labels: Mapping[str, str] = field(default_factory=dict)
    times: Sequence[float] = ()
    values: Sequence[float] = ()


class MetricsSource(Protocol):
    """Something that answers metric questions. Each method raises Unreachable when nothing answers."""

    async def instant(self, query: Query, at: datetime | None = None) -> list[Series]:
        """The value of each series at one moment (now unless given): series of one point."""

    async def range(self, query: Query, start: datetime, end: datetime, step: float) -> list[Series]:
        """Each series from start to end, a point every `step` seconds."""

    async def alerts(self) -> tuple[Alert, ...]:
        """The alerts that are firing or pending."""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
