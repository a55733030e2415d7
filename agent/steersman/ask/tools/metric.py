"""The tool `metric`: one of the named metrics over the last half hour. Names are offered; queries are not written by models."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from steersman_tools.metrics import Match, Query, Series
from steersman_tools.types import Observation, Ref

from ...signals.queries import queries
from ..case import Case
from .base import Args, NoSuch, ReadTool, thing

MINUTES, POINTS, MOST = 30, 30, 6
Named = Literal[
    "rate", "errors", "slow", "cpu", "cpu-limit", "throttled", "memory", "memory-limit", "restarts", "volume-free",
    "disk-free", "node-memory-free", "gpu-use", "gpu-memory", "gpu-heat",
]  # fmt: skip
"""Names of signals.queries that mean something alone."""


class _Args(Args):
    metric: Named
    name: str = ""


async def _run(case: Case, args: _Args) -> Sequence[Observation]:
    source = case.sources.metrics
    if source is None:
        raise NoSuch(f"not checked: {case.sources.no_metrics or 'there are no metrics'}")
    query = queries()[args.metric]
    if args.name:
        query = _of(query, thing(case, args.name))
    now = case.scene.now
    found = await source.range(query, now - timedelta(minutes=MINUTES), now, MINUTES * 60 / POINTS)
    lines = [_line(series) for series in found if len(series.values)]
    more = [f"and {len(lines) - MOST} more series"] if len(lines) > MOST else []
    return [case.observed("metrics", query.promql, [*lines[:MOST], *more], none="no such series")]


def _of(query: Query, ref: Ref) -> Query:
    if ref.kind == "Node":
        return query.model_copy(update={"match": (*query.match, Match(label="node", value=ref.name))})
    pods = Match(label="pod", value=f"{ref.name}(-.*)?", operator="=~")
    who = Match(label="service", value=ref.name) if "service" in query.by else pods
    return query.model_copy(update={"match": (*query.match, Match(label="namespace", value=ref.namespace), who)})


def _line(series: Series) -> str:
    labels = ",".join(f"{k}={v}" for k, v in sorted(series.labels.items()) if k not in ("__name__", "job", "uid"))
    values = list(series.values)
    return f"{{{labels}}} now {values[-1]:.4g}, {MINUTES} min ago {values[0]:.4g}, min {min(values):.4g}, max {max(values):.4g}"


TOOL = ReadTool(
    "metric",
    f"One named metric over {MINUTES} minutes, of one thing or of all.",
    _Args,
    _run,
    offered=lambda case: case.sources.metrics is not None,
)
