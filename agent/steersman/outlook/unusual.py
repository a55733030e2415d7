"""What left its own past, since when, how sure that is, and what was changed at that moment; and whose own trouble it is. Everything
is read in one batch, and every statement carries its query."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from steersman_tools.clock import Clock, WallClock
from steersman_tools.types import Frozen, NotChecked, Ref, ToolFailed

from ..gather import Sources
from ..signals.anomaly import Anomaly, Mark
from ..signals.causal import Known, Ranking
from ..signals.facts import COMPLAINTS, judgements, ranking
from ..signals.live import Batch, read
from ..signals.pulse import pulse
from ..signals.service import Judgement, Signal, Trouble
from .curves import named
from .forms import utc
from .writes import writes

MINUTES = 120.0
"""How far back is read unless told otherwise."""
FASTEST = 480
"""Scrapes that are read where there are few seconds between them."""
UNITS = {
    "rate": "requests a second",
    "errors": "of the requests",
    "duration": "s at the 95th percentile",
    "saturation": "",
}


class Coincident(Frozen):
    """A change that was made when a deviation began."""

    kind: Literal["rollout", "config", "scale", "restart"]
    what: str
    at: datetime


class Deviation(Frozen):
    """One series of a service that left its own past in a direction that harms. Times are in UTC."""

    service: Ref
    signal: Signal
    series: str
    shape: Literal["spike", "shift", "silence"]
    direction: Literal["up", "down"]
    since: datetime
    until: datetime | None
    """None while it lasts."""
    observed: float
    expected: float
    score: float
    """How many times what the series' own past shows."""
    confidence: float
    """How sure it is that people would call this an incident."""
    coincides: tuple[Coincident, ...]
    summary: str
    call: str


class Suspect(Frozen):
    """A service by how much of the trouble is its own, not that of those it calls."""

    rank: int
    service: Ref
    score: float
    excess: float
    """Seconds waited or requests lost beyond its past."""
    explained: float
    """The part that its callees account for."""
    alike: float
    """How far it came and went with the worst symptom, 0..1."""
    tied: tuple[str, ...] = ()


class Unusual(Frozen):
    """What is unusual now, or was a little while ago."""

    now: datetime
    minutes: float
    step: float
    services: int
    """How many services were judged, with how many `series`."""
    series: int
    deviations: tuple[Deviation, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    """Only where users feel something: slowness or errors. The first `causes` of them are causes, the others are not."""
    causes: int = 0
    graph: Known = "none"
    """Whether who calls whom was given by metrics, learned from the excess itself, or not known."""
    assumed: tuple[str, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()


async def unusual(
    sources: Sources,
    minutes: float = MINUTES,
    entity: str = "",
    namespace: str | None = None,
    clock: Clock | None = None,
) -> Unusual:
    """Reads and judges every service. Raises ToolFailed where there are no metrics."""
    now = (clock or WallClock()).now()
    if sources.metrics is None:
        raise ToolFailed(f"Nothing can be judged without metrics: {sources.no_metrics or 'there are none'}.")
    beat = await pulse(sources.metrics, now)
    back = min(minutes, beat.reach(max(FASTEST, minutes * 60 / beat.interval)) / 60)
    batch = await read(sources.metrics, now, back, max(beat.interval, round(back * 60 / FASTEST)))
    written, gaps = await writes(sources, namespace, batch.now - back * 60)
    judged = judgements(batch, written)
    wanted = tuple(each for each in judged if _asked(each, entity, namespace))
    told = sorted(
        (d for each in wanted for d in _deviations(each, batch)), key=lambda d: (-d.confidence, d.since, d.series)
    )
    felt = [t.anomaly.since for each in judged for t in each.troubles if t.signal in COMPLAINTS]
    order = ranking(batch, min(felt)) if felt else None
    return Unusual(
        now=now,
        minutes=round(back, 1),
        step=batch.step,
        services=len(wanted),
        series=sum(each.series for each in wanted),
        deviations=tuple(told),
        suspects=tuple(_suspects(order, entity, namespace)) if order else (),
        causes=len(order.causes) if order else 0,
        graph=order.graph if order else "none",
        assumed=tuple(f"{edge.caller} calls {edge.callee}" for edge in order.assumed) if order else (),
        not_checked=(*batch.not_checked, *gaps, *(gap for each in wanted for gap in _silent(each))),
    )  # fmt: skip


def _asked(judged: Judgement, entity: str, namespace: str | None) -> bool:
    return _is(Ref.parse(judged.service), entity, namespace)


def _is(ref: Ref, entity: str, namespace: str | None) -> bool:
    kinds = (ref.kind, "Deployment", "StatefulSet")
    known = any(named(entity, Ref(ref.namespace, kind, ref.name)) for kind in kinds)
    return known and namespace in (None, ref.namespace)


def _silent(judged: Judgement) -> Iterator[NotChecked]:
    for each in judged.not_judged:
        yield NotChecked(what=f"{each.name} of {judged.service}", why=each.why)


def _deviations(judged: Judgement, batch: Batch) -> Iterator[Deviation]:
    for trouble in judged.troubles:
        found = trouble.anomaly
        yield Deviation(
            service=Ref.parse(judged.service),
            signal=trouble.signal,
            series=trouble.name,
            shape=found.shape,
            direction=found.direction,
            since=utc(found.since),
            until=None if found.until is None else utc(found.until),
            observed=found.observed,
            expected=found.expected,
            score=round(found.score, 2),
            confidence=round(found.confidence, 2),
            coincides=tuple(Coincident(kind=m.kind, what=m.name, at=utc(m.at)) for m in found.marks),
            summary=_summary(judged.service, trouble),
            call=batch.call(trouble.name.split(" ")[0], judged.service),
        )


def _summary(service: str, trouble: Trouble) -> str:
    found, unit = trouble.anomaly, UNITS[trouble.signal]
    what = trouble.name if trouble.signal == "saturation" else trouble.signal
    numbers = f"{found.observed:.4g} {unit}".strip() + f" where {found.expected:.4g} was to be expected"
    lasts = "" if found.until is None else f" until {utc(found.until):%H:%M:%S}"
    return f"{what} of {service}: {numbers}, since {utc(found.since):%H:%M:%S}{lasts}{_with(found)}"


def _with(found: Anomaly) -> str:
    return f"; {_said(found.marks[0])}" if found.marks else ""


def _said(mark: Mark) -> str:
    words = {"rollout": "rolled out", "config": "written", "scale": "scaled", "restart": "restarted"}
    return f"{mark.name} was {words[mark.kind]} at {utc(mark.at):%H:%M:%S}"


def _suspects(order: Ranking, entity: str, namespace: str | None) -> Iterator[Suspect]:
    for each in order.nodes:
        if each.score > 0 and _is(Ref.parse(each.node), entity, namespace):
            yield Suspect(
                rank=each.rank,
                service=Ref.parse(each.node),
                score=round(each.score, 4),
                excess=each.excess,
                explained=each.explained,
                alike=round(each.alike, 3),
                tied=each.tied,
            )
