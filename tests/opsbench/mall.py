"""A larger shop whose requests are measured: what its metrics and alerts show when a processor, a pod's or a node's network suffers.

The latencies follow from the calls: a request waits for all that its service calls, one after the other; a delay meets every packet
that leaves the delayed place; a loss meets some, whose retransmission comes after 200 ms or more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson

from steersman_evals.opsbench.cases import Seen
from steersman_tools.types import Json

from .kubectl import SPACE, Pod, Service, Shop

CALLS: Mapping[str, Mapping[str, float]] = {
    "door": {"basket": 12.0, "list": 14.0, "offers": 8.0, "order": 2.0},
    "order": {"pay": 2.0, "post": 4.0, "basket": 2.0, "mail": 2.0},
    "offers": {"list": 8.0},
    "basket": {}, "list": {}, "pay": {}, "post": {}, "mail": {},
}  # fmt: skip
"""Calls a second."""
RATES = {"door": 20.0} | {n: sum(those.get(n, 0.0) for those in CALLS.values()) for n in CALLS if n != "door"}
OWN = {"door": 8.0, "order": 6.0, "offers": 3.0, "basket": 2.0, "list": 1.5, "pay": 2.0, "post": 1.5, "mail": 3.0}
"""Milliseconds of its own that a request takes."""
HOMES = {
    "door": "n1",
    "list": "n1",
    "pay": "n1",
    "basket": "n2",
    "order": "n2",
    "mail": "n2",
    "offers": "n3",
    "post": "n3",
}
START, STEP, ROWS = datetime(2026, 3, 2, 10, 0, 0, tzinfo=UTC), timedelta(seconds=5), 40
BREAK = 15


@dataclass(frozen=True)
class Ill:
    """What is wrong from row BREAK on."""

    late: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds by which packets that leave a service's pods or a node are late."""
    lost: Mapping[str, float] = field(default_factory=dict)
    """The share of packets that are lost on leaving a node."""
    busy: str = ""
    """The service whose processor is busy with something else."""


def _delays(ill: Ill, service: str) -> tuple[float, float]:
    """What leaves the service's pods is later by so many milliseconds, in the middle and in the tail."""
    late = ill.late.get(service, 0.0) + ill.late.get(HOMES[service], 0.0)
    lost = ill.lost.get(HOMES[service], 0.0)
    return late, late + (400.0 if lost else 0.0)


def _latency(ill: Ill, service: str, place: int) -> float:
    """The middle (place 0) or the tail (1) of the service's latency."""
    own = OWN[service] * (1.0, 2.5)[place] * ((4.0, 9.0)[place] if ill.busy == service else 1.0)
    delay = _delays(ill, service)[place]
    return (
        own
        + delay
        + sum(rate / RATES[service] * (_latency(ill, callee, place) + delay) for callee, rate in CALLS[service].items())
    )


def _row(ill: Ill, number: int) -> dict[str, float]:
    wave = 1.0 + 0.04 * ((number * 7) % 5 - 2)
    slowed = _latency(ill, "door", 0) / _latency(Ill(), "door", 0)
    served = 1.0 if slowed < 3 else 0.5
    cells: dict[str, float] = {}
    for name, rate in RATES.items():
        requests = rate * wave * served
        cells[f"{name}-cpu"] = requests * OWN[name] / 1000 + (0.2 if ill.busy == name else 0.002)
        cells[f"{name}-mem"] = 5e7
        cells[f"{name}-cpu_cfs"] = 0.9 if ill.busy == name else 0.01
        cells[f"{name}-rps"] = requests
        cells[f"{name}-success_rate"] = 0.93 if ill.lost.get(HOMES[name]) else 1.0
        cells[f"{name}-network_receive"] = requests * 6 + 3
        cells[f"{name}-network_transmit"] = requests * 5 + 3
        cells[f"{name}-p50latency"] = _latency(ill, name, 0) * wave
        cells[f"{name}-p90latency"] = _latency(ill, name, 1) * wave
    for node in ("n1", "n2", "n3"):
        cells[f"{node}-cpu"] = 5.0 * wave
        cells[f"{node}-tcp_retans"] = 0.05 * wave + 60 * ill.lost.get(node, 0.0)
    return cells


def seen(ill: Ill, *, alert: bool = True) -> Seen:
    """The case as its files would show it."""
    rows = [_row(Ill() if number < BREAK else ill, number) for number in range(ROWS)]
    lines = [",".join(["time", *rows[0]])]
    lines += [
        ",".join([f"{START + number * STEP:%Y-%m-%d %H:%M:%S}", *(f"{v:.4f}" for v in row.values())])
        for number, row in enumerate(rows)
    ]
    env = {name: "\n".join(f"{c.upper()}_ADDR:  {c}:80" for c in those) or "<none>" for name, those in CALLS.items()}
    pods = tuple(Pod(name, node=HOMES[name], env=env[name]) for name in CALLS)
    shop = Shop(pods=pods, apps=tuple(CALLS), services=tuple(Service(name) for name in CALLS))
    return Seen(SPACE, "Pages are slow.", dict(shop.pairs()), {}, {}, _alerts(ill) if alert else {}, "\n".join(lines))


def _alerts(ill: Ill) -> Json:
    when = " ~ ".join(f"{START + number * STEP:%Y-%m-%d %H:%M:%S}" for number in (BREAK, ROWS - 1))
    before, now = _latency(Ill(), "door", 1), _latency(ill, "door", 1)
    said = f"LATENCY_DEGRADATION [Slow Response] | p90latency: Normal={before:.2f}ms -> Current={now:.2f}ms (+900.0%)"
    found = {
        "alerts": [{"type": "Service", "name": "door", "time_range": when, "status": "ABNORMAL", "evidence": [said]}]
    }
    document: Json = orjson.loads(orjson.dumps(found))
    return document
