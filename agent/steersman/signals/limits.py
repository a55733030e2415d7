"""What can run out, as a table (limits.yaml), and its rows joined with what a metrics source answers: each use beside its limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias

import yaml
from pydantic import TypeAdapter

from steersman_tools.metrics import Match, Query, Series
from steersman_tools.types import Frozen, Ref

from ..types import FaultName

Unit: TypeAlias = Literal["bytes", "mebibytes", "cores", "items", "share"]
INSTANCE = "Instance"
"""The kind of a thing that only its scrape address names."""


class Entity(Frozen):
    """What a row is about: the kind, the label that names it, and a fixed namespace where it has one outside Kubernetes."""

    kind: str
    label: str
    namespace: str | None = None


class Row(Frozen):
    """One kind of thing that can run out."""

    what: str
    unit: Unit
    fault: FaultName
    entity: Entity
    by: tuple[str, ...]
    every: bool = False
    full: Literal["harm", "usual"] = "harm"
    """Whether it harms when nothing is left; nodes that are booked out are no trouble by themselves."""
    use: Query | None = None
    free: Query | None = None
    limit: Query | float | None = None
    size: Query | None = None
    beside: Query | None = None

    @property
    def main(self) -> Query:
        """The query whose course decides."""
        query = self.use or self.free
        assert query is not None
        return query

    @property
    def other(self) -> Query | None:
        """The query that says how much there is; None where a number does."""
        return next((q for q in (self.limit, self.size, self.beside) if isinstance(q, Query)), None)

    def ask(self, window: float, within: Sequence[str] = ()) -> Query:
        """The main query with its rate over so many seconds; `within`: only for things of these names."""
        main = self.main
        by = main.by or (self.by if main.function == "rate" else ())
        changed = main.model_copy(update={"window": window, "by": by, "aggregate": "sum" if by else main.aggregate})
        if not within:
            return changed
        pattern = "|".join(_quoted(name) for name in within)
        return changed.model_copy(
            update={"match": (*main.match, Match(label=self.entity.label, operator="=~", value=pattern))}
        )

    def key(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(labels.get(label, "") for label in self.by)

    def ref(self, labels: Mapping[str, str]) -> Ref:
        """The thing that a series is about; where the label is missing, its scrape address."""
        name = labels.get(self.entity.label, "")
        if not name:
            return Ref("", INSTANCE if self.entity.kind != "Node" else "Node", labels.get("instance", "").split(":")[0])
        if self.entity.kind == "Node":
            return Ref("", "Node", name)
        space = labels.get("namespace", "") if self.entity.namespace is None else self.entity.namespace
        return Ref(space, self.entity.kind, name)


@dataclass(frozen=True)
class Answer:
    """What was asked of a row, and what came."""

    row: Row
    query: Query
    series: tuple[Series, ...]
    against: Mapping[tuple[str, ...], float]
    """By the row's labels: the last value of the other query."""


@dataclass(frozen=True)
class Limited:
    """One thing that can run out, as a rising series: what is free is its negative, and the limit is then 0."""

    row: Row
    entity: Ref
    labels: Mapping[str, str]
    series: Series
    limit: float
    size: float
    """What the limit is of: for figures in percent."""
    call: str

    @property
    def used(self) -> float:
        """The share that is used now."""
        return 1 - (self.limit - self.series.values[-1]) / self.size


@cache
def table() -> tuple[Row, ...]:
    """All rows."""
    text = (files(__package__) / "limits.yaml").read_text(encoding="utf-8")
    return TypeAdapter(tuple[Row, ...]).validate_python(yaml.safe_load(text))


def limited(answer: Answer) -> Iterator[Limited]:
    """The series of an answer that have a limit."""
    row = answer.row
    for series in answer.series:
        whole = row.limit if isinstance(row.limit, float | int) else answer.against.get(row.key(series.labels))
        if not len(series.values) or whole is None:
            continue
        call = _call(answer.query, series.labels)
        if row.use is not None:
            found, limit, size = series, whole, whole
        else:
            found = Series(series.labels, series.times, [-value for value in series.values])
            limit, size = 0.0, whole + (series.values[-1] if row.beside else 0.0)
        if size > 0:
            yield Limited(row, row.ref(series.labels), series.labels, found, limit, size, call)


def _call(query: Query, labels: Mapping[str, str]) -> str:
    """The question about this one series, as a person would repeat it."""
    known = {m.label for m in query.match if m.operator == "="}
    told = [Match(label=k, value=v) for k, v in sorted(labels.items()) if k not in known and k != "__name__"]
    kept = [m for m in query.match if m.operator == "="]
    return query.model_copy(update={"match": (*kept, *told)}).promql


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace(".", "\\.")
