"""Reads all providers at once. One that does not answer is a gap that is said; the others are still judged."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from ..types import NotChecked, ToolFailed
from .provider import QuantumProvider
from .types import Backend, Job, QuantumReadings

HISTORY_DAYS = 7
"""As many earlier calibrations are read of each backend that this account's jobs use."""


async def read(providers: Sequence[QuantumProvider], now: datetime) -> QuantumReadings:
    """Everything that the providers show."""
    parts = await asyncio.gather(*(_one(p, now) for p in providers))
    return QuantumReadings(
        backends=tuple(b for p in parts for b in p.backends),
        jobs=tuple(j for p in parts for j in p.jobs),
        sessions=tuple(s for p in parts for s in p.sessions),
        usage=tuple(u for p in parts for u in p.usage),
        machines=tuple(m for p in parts for m in p.machines),
        able={p.name: p.capabilities() for p in providers},
        not_checked=tuple(n for p in parts for n in p.not_checked),
    )


async def _one(provider: QuantumProvider, now: datetime) -> QuantumReadings:
    gaps: list[NotChecked] = []
    backends: Sequence[Backend] = ()
    jobs: Sequence[Job] = ()
    try:
        backends = await provider.backends()
        jobs = await provider.jobs()
        used = {j.backend for j in jobs}
        backends = await asyncio.gather(
            *(_with_history(provider, b, now) if b.name in used else _as_is(b) for b in backends)
        )
        sessions = await provider.sessions(tuple({j.session for j in jobs if j.session}))
        usage, machines = await provider.usage(), await provider.machines()
    except ToolFailed as error:
        gaps.append(NotChecked(what=f"quantum jobs and backends of {provider.name}", why=str(error)))
        return QuantumReadings(tuple(backends), tuple(jobs), not_checked=tuple(gaps))
    return QuantumReadings(
        tuple(backends),
        tuple(jobs),
        tuple(sessions),
        (usage,) if usage else (),
        tuple(machines),
        not_checked=tuple(gaps),
    )


async def _as_is(backend: Backend) -> Backend:
    return backend


async def _with_history(provider: QuantumProvider, backend: Backend, now: datetime) -> Backend:
    if "history" not in provider.capabilities() or backend.calibration is None or backend.calibration.at is None:
        return backend
    newest = backend.calibration.at
    moments = [newest - timedelta(days=d, seconds=1) for d in range(HISTORY_DAYS)]
    found = await provider.calibrations(backend.name, moments)
    by_date = {c.at: c for c in found if c.at and c.at < newest}
    return backend.model_copy(update={"history": tuple(by_date[at] for at in sorted(by_date))})
