"""The only part of signals that waits: it asks all questions at once and hands back plain values for the pure parts to judge."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from steersman_tools.metrics import Match, MetricsSource, Query, Series
from steersman_tools.types import NotChecked, Ref, ToolFailed

from .grid import Grid, regular
from .queries import WINDOW, queries

MINUTES = 120.0
"""How far back is read unless told otherwise."""
POINTS = 480
"""About how many points a series is to have."""


@dataclass(frozen=True)
class Batch:
    """All answers of one moment: name of the question (see `queries`) → its series."""

    now: float
    """Unix seconds."""
    step: float
    asked: Mapping[str, Query] = field(default_factory=dict)
    series: Mapping[str, tuple[Series, ...]] = field(default_factory=dict)
    not_checked: tuple[NotChecked, ...] = ()

    def of(self, name: str) -> tuple[Series, ...]:
        return self.series.get(name, ())

    def call(self, name: str, service: str) -> str:
        """The question as a person would ask it about one service (`shop/Service/cart`); of pods, about those named after it."""
        query, ref = self.asked[name], Ref.parse(service)
        pods = Match(label="pod", value=ref.name if ref.kind == "Pod" else f"{ref.name}-.+", operator="=~")
        about = Match(label="service", value=ref.name) if "service" in query.by else pods
        return query.model_copy(
            update={"match": (*query.match, Match(label="namespace", value=ref.namespace), about)}
        ).promql

    def grid(self, name: str, series: Series) -> Grid:
        """One answer to the question on the batch's grid, up to the batch's moment. A rate begins when its first window is full: while
        it fills, it rises whatever happens."""
        whole = regular(series, self.step, self.now)
        query = self.asked.get(name)
        first = 0 if query is None or query.function == "raw" else round(query.window / self.step)
        return Grid(whole.start + first * self.step, self.step, whole.values[first:])


async def read(source: MetricsSource, now: datetime, minutes: float = MINUTES, step: float = 0.0) -> Batch:
    """The last `minutes` of every series, in one batch. A question that fails is not checked; that is all it is."""
    step = step or max(1.0, round(minutes * 60 / POINTS))
    asked = queries(max(WINDOW, 4 * step))
    begin = now - timedelta(minutes=minutes)
    answers = await asyncio.gather(*(_ask(source, query, begin, now, step) for query in asked.values()))
    found = {name: answer for name, answer in zip(asked, answers, strict=True) if not isinstance(answer, NotChecked)}
    missed = tuple(answer for answer in answers if isinstance(answer, NotChecked))
    return Batch(now.timestamp(), step, asked, found, missed)


async def _ask(
    source: MetricsSource, query: Query, begin: datetime, end: datetime, step: float
) -> tuple[Series, ...] | NotChecked:
    try:
        return tuple(await source.range(query, begin, end, step))
    except ToolFailed as problem:
        return NotChecked(what=query.promql, why=str(problem))
