"""The order of the phases. Each phase is a function of values; only this file knows which follows which."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from steersman_tools.snapshot import Snapshot

from .citing import cited
from .diagnose import Examination, examine
from .diagnose.analyzers import ANALYZERS
from .gather import Sources, look_around, look_closer, unseen
from .types import Diagnosed, Event, Look, LookBack, Progress, Request, Seconds

MOST_ROUNDS = 3
"""How often an analyzer may ask for more before the answer is given with what there is."""


async def investigate(request: Request, sources: Sources) -> AsyncIterator[tuple[Event, Examination | None]]:
    """Reads and judges until nothing more is asked for; the diagnosis comes with what it was drawn from.

    Raises Unreachable when the cluster does not answer.
    """
    clock = _Stopwatch()
    analyzers = (*ANALYZERS, *sources.analyzers)
    yield Progress(text="reading the cluster"), None
    snapshot = await look_around(sources, request.namespace)
    snapshot = await _measured(sources, snapshot, request.namespace)
    gathered = clock.lap()
    pods, nodes = (len(snapshot.by_kind.get(kind, ())) for kind in ("Pod", "Node"))
    yield Progress(text=f"judging {pods} pods on {nodes} nodes"), None
    examination = examine(snapshot, analyzers)
    judged = clock.lap()
    for _ in range(MOST_ROUNDS):
        looks = unseen(snapshot, examination.looks)
        if not looks:
            break
        yield Progress(text=_reading(looks)), None
        snapshot = await look_closer(sources, snapshot, looks)
        gathered += clock.lap()
        examination = examine(snapshot, analyzers)
        judged += clock.lap()
    yield _diagnosed(examination, sources, gathered, judged, clock), examination


def _reading(looks: Sequence[Look | LookBack]) -> str:
    logs = sum(isinstance(x, Look) for x in looks)
    parts = [f"{logs} logs"] * bool(logs) + ["what lost objects were"] * (logs < len(looks))
    return f"reading {' and '.join(parts)}"


async def _measured(sources: Sources, snapshot: Snapshot, namespace: str | None) -> Snapshot:
    """The snapshot with what metrics say of that moment."""
    if sources.metrics is None:
        return snapshot
    from .signals.witness import witness  # noqa: PLC0415  numpy is loaded only where there are metrics

    said = await witness(sources.metrics, snapshot.taken_at, namespace)
    return replace(snapshot, flows=said.flows, not_checked=(*snapshot.not_checked, *said.not_checked))


def _diagnosed(
    examination: Examination, sources: Sources, gathered: float, judged: float, clock: _Stopwatch
) -> Diagnosed:
    diagnosis = cited(examination.conclude(), sources.handbook)
    shown = {evidence.call for evidence in diagnosis.evidence}
    soon = tuple(each for each in examination.scene.snapshot.flows.soon if each.call not in shown)
    diagnosis = diagnosis.model_copy(update={"warnings": soon})
    return Diagnosed(
        diagnosis=diagnosis, seconds=Seconds(gather=round(gathered, 3), diagnose=round(judged + clock.lap(), 3))
    )


class _Stopwatch:
    def __init__(self) -> None:
        self._last = time.perf_counter()

    def lap(self) -> float:
        """The seconds since the last lap."""
        last, self._last = self._last, time.perf_counter()
        return self._last - last
