"""From judged series to what diagnosis takes: symptoms with the query and the numbers behind them, and a ranking of services."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, TypeAlias

import numpy as np

from steersman_tools.types import Observation, Ref

from ..types import Symptom
from .anomaly import Mark
from .causal import Ranking, rank
from .estate import edges, marks, service_of, services
from .flow import Calls, excess
from .grid import Floats
from .live import Batch
from .own import beyond
from .service import Judgement, Trouble, judge

SymptomKind: TypeAlias = Literal["errors", "slow"]
COMPLAINTS: Mapping[str, SymptomKind] = {"errors": "errors", "duration": "slow"}
"""Signals that users feel. Rate and saturation are circumstances."""


def judgements(batch: Batch, written: Sequence[Mark] = ()) -> tuple[Judgement, ...]:
    """Every service of the batch, those without trouble too. `written`: changes that metrics know nothing of."""
    changed = sorted((*marks(batch), *written), key=lambda mark: (mark.at, mark.kind, mark.name))
    near = _near(batch)
    return tuple(
        judge(each, batch.now, [mark for mark in changed if Ref.parse(mark.name).namespace in near(each.service)])
        for each in services(batch)
    )


def _near(batch: Batch) -> Callable[[str], frozenset[str]]:
    """The namespaces where a change may be a service's trouble: its own, and those of its callees."""
    found: dict[str, set[str]] = {}
    for edge in edges(batch):
        found.setdefault(edge.caller, set()).add(Ref.parse(edge.callee).namespace)
    return lambda service: frozenset({Ref.parse(service).namespace, *found.get(service, ())})


def symptoms(judged: Judgement, batch: Batch) -> tuple[Symptom, ...]:
    """What users of the service feel, one symptom a signal."""
    found = []
    for trouble in judged.troubles:
        kind = COMPLAINTS.get(trouble.signal)
        if kind is not None:
            text = _said(judged.service, trouble)
            query = batch.asked.get(trouble.name)
            seen = Observation(
                tool="metrics",
                call=query.promql if query else trouble.name,
                observed_at=datetime.fromtimestamp(batch.now, UTC),
                text=text,
            )
            found.append(
                Symptom(
                    kind=kind,
                    entity=Ref.parse(judged.service),
                    text=text,
                    weight=trouble.anomaly.confidence,
                    observations=(seen,),
                )
            )
    return tuple(found)


def ranking(batch: Batch, since: float, symptom: Ref | None = None) -> Ranking:
    """Services by how much of the trouble since that moment (Unix seconds) is their own. Where nobody counts calls, those
    that show in the excess itself are assumed, and the ranking says so."""
    names = tuple(sorted({str(service_of(each.labels)) for each in batch.of("rate")}))
    rows = max((len(batch.grid("rate", each).values) for each in batch.of("rate") if len(each.times)), default=0)
    rates, failed, seconds, served = (
        _columns(batch, question, names, rows) for question in ("rate", "errors", "seconds", "served")
    )
    times = batch.now - batch.step * np.arange(len(rates) - 1, -1, -1)
    past, now = times < since, times >= since
    with np.errstate(invalid="ignore", divide="ignore"):
        waits, losses = seconds / served, np.nan_to_num(failed) / rates
    requests = rates * batch.step
    flows = [
        excess(Calls("latency", names, waits[past], waits[now], requests[past], requests[now])),
        excess(Calls("errors", names, losses[past], losses[now], requests[past], requests[now])),
    ]
    if not any(flow.work.any() for flow in flows):
        flows = [excess(Calls("traffic", names, waits[past], waits[now], requests[past], requests[now]))]
    evidence = {
        service.service: {
            name: beyond(grid.values[grid.times < since], grid.values[grid.times >= since])
            for (signal, name), grid in service.series.items()
            if signal == "saturation"
        }
        for service in services(batch)
    }
    return rank(flows, edges(batch), str(symptom) if symptom else None, evidence)


def _columns(batch: Batch, question: str, names: tuple[str, ...], rows: int) -> Floats:
    """The series of a question as (rows, services), the last row at the batch's moment; NaN where nothing was seen: counters of
    failures begin with the first of them."""
    grids = {str(service_of(each.labels)): batch.grid(question, each) for each in batch.of(question) if len(each.times)}
    columns = np.full((rows, len(names)), np.nan)
    for at, name in enumerate(names):
        if name in grids:
            values = grids[name].values[-rows:]
            columns[rows - len(values) :, at] = values
    return columns


def _said(service: str, trouble: Trouble) -> str:
    found = trouble.anomaly
    begun = datetime.fromtimestamp(found.since, UTC).strftime("%H:%M:%S")
    by = f", when {found.marks[0].kind} of {found.marks[0].name} happened" if found.marks else ""
    return (
        f"{trouble.signal} of {service} is {found.observed:.4g} where {found.expected:.4g} was to be expected, "
        f"{found.score:.1f} times what its past shows, since {begun}{by}"
    )
