"""The benchmark's metrics and alerts as measures of things: what each was before the alerts' time, and in it."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from steersman_tools.fields import Fields
from steersman_tools.snapshot import Alert, Measure, Measured
from steersman_tools.types import Json, Ref

_MEASURES: dict[str, tuple[Measure, float]] = {
    "cpu": ("cpu", 1.0),
    "mem": ("memory", 1.0),
    "cpu_cfs": ("cpu-throttled", 1.0),
    "rps": ("requests", 1.0),
    "success_rate": ("success", 1.0),
    "network_receive": ("received", 1.0),
    "network_transmit": ("sent", 1.0),
    "tcp_retans": ("retransmits", 1.0),
    "tcp_retrans": ("retransmits", 1.0),
    "p50latency": ("latency-median", 0.001),
    "p90latency": ("latency-tail", 0.001),
    "p95latency": ("latency-tail", 0.001),
    "p99latency": ("latency-tail", 0.001),
}
"""Column → measure, and the factor to its unit."""
_COLUMN = re.compile(rf"(?P<name>.+)-(?P<measure>{'|'.join(_MEASURES)})$")
_WORDS: tuple[tuple[str, Measure, float], ...] = (
    ("retans", "retransmits", 1.0),
    ("etrans", "retransmits", 1.0),
    ("[RPS]", "requests", 1.0),
    ("[Success Rate", "success", 0.01),
    ("[cpu core]", "cpu", 1.0),
    ("[cpu utilization]", "cpu", 0.01),
    ("[cpu_cfs]", "cpu-throttled", 1.0),
    ("p50latency", "latency-median", 0.001),
    ("p90latency", "latency-tail", 0.001),
    ("p95latency", "latency-tail", 0.001),
    ("p99latency", "latency-tail", 0.001),
    ("Inbound", "received", 1.0),
    ("Outbound", "sent", 1.0),
)
"""A word of an alert → measure, and the factor to its unit."""
_NUMBERS = re.compile(r"Normal=(?P<before>[\d.]+)\S* -> Cur(?:rent)?=(?P<now>[\d.]+)")
_VALUE = re.compile(r"Val: (?P<now>[\d.]+)")
UNKNOWN_START, UNKNOWN_END = 0.25, 0.75
"""Where no alert says when the trouble was: its share of the recording, whose beginning is then taken for the usual."""


@dataclass(frozen=True)
class Span:
    """When the alerts fired, on the metrics' own clock."""

    start: datetime
    end: datetime


def span(alerts: Json) -> Span | None:
    """The time that the alerts name; None where they name none."""
    for alert in Fields(alerts).each("alerts"):
        begin, _, end = alert.text("time_range").partition(" ~ ")
        if (start := _moment(begin)) and (stop := _moment(end)):
            return Span(start, stop)
    return None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=UTC)
    except ValueError:
        return None


def measured(table: str, when: Span | None, namespace: str, nodes: Collection[str]) -> Iterator[Measured]:
    """Every column of metrics.csv, split where the alerts begin."""
    rows = list(csv.reader(table.splitlines()))
    if len(rows) < 4:
        return
    heads, body = rows[0], rows[1:]
    before, now = _split([_moment(row[0]) if row else None for row in body], when)
    for place, head in enumerate(heads):
        if found := _COLUMN.match(head.strip()):
            measure, factor = _MEASURES[found["measure"]]
            values = [_number(row, place) * factor for row in body]
            past = tuple(v for v, chosen in zip(values, before, strict=True) if chosen)
            present = tuple(v for v, chosen in zip(values, now, strict=True) if chosen)
            if past or present:
                name = found["name"]
                about = Ref("", "Node", name) if name in nodes else Ref(namespace, "Service", name)
                yield Measured(about, measure, past, present, call=head.strip())


def _split(times: Sequence[datetime | None], when: Span | None) -> tuple[list[bool], list[bool]]:
    """Which rows are of the time before, and which of the trouble."""
    if when:
        return [bool(t and t < when.start) for t in times], [bool(t and when.start <= t <= when.end) for t in times]
    first, last = round(UNKNOWN_START * len(times)), round(UNKNOWN_END * len(times))
    return [i < first for i in range(len(times))], [first <= i < last for i in range(len(times))]


def _number(row: Sequence[str], place: int) -> float:
    try:
        return float(row[place])
    except (ValueError, IndexError):
        return math.nan


def said(alerts: Json, namespace: str) -> Iterator[Measured]:
    """The numbers in the words of the alerts: all that there is of nodes, and of services without metrics."""
    for alert in Fields(alerts).each("alerts"):
        kind, name = alert.text("type") or alert.text("entity_type"), alert.text("name") or alert.text("entity_name")
        about = Ref("", "Node", name) if kind == "Node" else Ref(namespace, "Service", name)
        for line in alert.texts("evidence") if name else ():
            head, *rest = line.split(" | ")
            for part in rest:
                if one := _one(about, head, part):
                    yield one


def _one(about: Ref, head: str, part: str) -> Measured | None:
    known = next(((m, f) for word, m, f in _WORDS if word in part), None)
    known = known or next(((m, f) for word, m, f in _WORDS if word in head), None)
    if known is None:
        return None
    measure, factor = known
    if numbers := _NUMBERS.search(part):
        return Measured(
            about,
            measure,
            (float(numbers["before"]) * factor,),
            (float(numbers["now"]) * factor,),
            said=f"{head} | {part}",
        )
    if value := _VALUE.search(part):
        return Measured(about, measure, (), (float(value["now"]) * factor,), said=f"{head} | {part}")
    return None


def firing(alerts: Json, namespace: str) -> Iterator[Alert]:
    """The alerts: of things out of their usual bounds, and of requests that fail at an entry."""
    for alert in Fields(alerts).each("alerts"):
        if entry := alert.text("entry_service"):
            asked = f"{alert.text('occurrences')} requests {alert.text('request_method')} {alert.text('url')}"
            text = f"{asked} failed: {alert.text('raw_error')}"
            labels = {"namespace": namespace, "service": entry, "url": alert.text("url"), "severity": "warning"}
            yield Alert("RequestsFail", labels, text)
        elif name := alert.text("name"):
            label = "node" if alert.text("type") == "Node" else "service"
            lines = alert.texts("evidence")
            kind = (lines[0].partition(" ")[0] if lines else "Abnormal").title().replace("_", "")
            space = {} if label == "node" else {"namespace": namespace}
            yield Alert(kind, {**space, label: name, "severity": "warning"}, "; ".join(lines))
