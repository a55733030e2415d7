"""One service judged by all of its signals at once: rate, errors, duration, saturation and whatever else is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from steersman_tools.types import Frozen

from .anomaly import Anomaly, Mark, anomalies
from .grid import Grid
from .smooth import robust

Signal: TypeAlias = Literal["rate", "errors", "duration", "saturation"]

WORSE: Mapping[Signal, frozenset[str]] = {
    "rate": frozenset({"up", "down"}),
    "errors": frozenset({"up"}),
    "duration": frozenset({"up"}),
    "saturation": frozenset({"up"}),
}
"""Which direction harms: fewer errors are no trouble, fewer requests may be."""
MATERIAL: Mapping[Signal, float] = {"rate": 0.25, "duration": 0.1, "saturation": 0.1}
"""The part of what was expected by which a deviation must differ to harm: a series that hardly ever moves is left by next to nothing."""
LOST = 0.005
"""The share of requests that must fail beyond what was expected."""
FEW = 10.0
"""Requests per interval below which a share of errors or a mean duration is mostly chance."""


@dataclass(frozen=True, slots=True)
class ServiceSeries:
    """The series of one service. `rate` is in requests per second; several series of a kind (one a pod) are told apart by name."""

    service: str
    series: Mapping[tuple[Signal, str], Grid] = field(default_factory=dict)
    rate: Grid | None = None
    """The whole service's requests per second: it decides whether shares and means can be judged."""


class Trouble(Frozen):
    """A signal that left its past in a harmful direction."""

    signal: Signal
    name: str
    anomaly: Anomaly


class NotJudged(Frozen):
    """A signal about which nothing is said, and why: this is not 'healthy'."""

    signal: Signal
    name: str
    why: str


class Judgement(Frozen):
    """What is wrong with a service by its metrics: the troubles that last, oldest first."""

    service: str
    series: int = 0
    """How many series of it there are."""
    troubles: tuple[Trouble, ...] = ()
    not_judged: tuple[NotJudged, ...] = ()

    @property
    def since(self) -> float | None:
        """Unix seconds of the first trouble that lasts."""
        return min((trouble.anomaly.since for trouble in self.troubles), default=None)

    @property
    def confidence(self) -> float:
        """That of the surest trouble; signals of one service are not independent witnesses."""
        return max((trouble.anomaly.confidence for trouble in self.troubles), default=0.0)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The changes that coincide with the troubles."""
        return tuple(dict.fromkeys(mark for trouble in self.troubles for mark in trouble.anomaly.marks))


def judge(service: ServiceSeries, now: float, marks: Sequence[Mark] = (), recent: float = 600.0) -> Judgement:
    """The troubles of the service that last, or ended within the `recent` seconds before `now`."""
    troubles: list[Trouble] = []
    silent: list[NotJudged] = []
    for (signal, name), grid in sorted(service.series.items()):
        if why := _why_not(signal, grid, service.rate):
            silent.append(NotJudged(signal=signal, name=name, why=why))
            continue
        troubles += [
            Trouble(signal=signal, name=name, anomaly=found)
            for found in anomalies(grid, marks)
            if found.direction in WORSE[signal]
            and (found.until is None or found.until >= now - recent)
            and (found.shape == "silence" or _material(signal, found))
        ]
    troubles.sort(key=lambda trouble: (trouble.anomaly.since, trouble.signal, trouble.name))
    return Judgement(
        service=service.service, series=len(service.series), troubles=tuple(troubles), not_judged=tuple(silent)
    )


def _material(signal: Signal, found: Anomaly) -> bool:
    """Whether the deviation is large enough for anybody to feel."""
    least = LOST if signal == "errors" else MATERIAL.get(signal, 0.0) * abs(found.expected)
    return abs(found.observed - found.expected) >= least


def _why_not(signal: Signal, grid: Grid, rate: Grid | None) -> str:
    """Why the series cannot be judged; empty where it can."""
    if np.isfinite(grid.values).sum() < 12:
        return "fewer than twelve points: no past to compare with"
    if signal in ("errors", "duration") and rate is not None and len(rate.values):
        usual, _ = robust(rate.values)
        if usual * rate.step < FEW:
            return f"only {usual * rate.step:.1f} requests an interval: shares and means are chance"
    return ""
