"""What a question about quantum queues is answered from: a few lines a provider, as observations that can be cited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steersman_tools.clock import Clock
from steersman_tools.quantum.provider import QuantumProvider
from steersman_tools.quantum.reading import read
from steersman_tools.quantum.types import Backend, Job
from steersman_tools.types import Observation, ToolFailed


@dataclass(frozen=True)
class QueueView:
    """The providers, to be asked when somebody wants to know."""

    providers: tuple[QuantumProvider, ...]
    clock: Clock

    async def look(self, about: str) -> Sequence[Observation]:
        """What is seen about `queue`, `health`, `jobs` or `all`. Raises ToolFailed where no provider answers."""
        now = self.clock.now()
        found = await read(self.providers, now)
        if found.not_checked and not found.backends:
            raise ToolFailed("; ".join(f"{n.what}: {n.why}" for n in found.not_checked))
        lines: list[tuple[str, str]] = []
        if about in ("queue", "health", "all"):
            lines += [(b.call, _backend(b)) for b in found.backends]
        if about in ("queue", "jobs", "all"):
            lines += [(j.call, _job(j)) for j in found.jobs if about != "queue" or j.pending]
        return [
            Observation(tool="quantum", call=call or "steersman quantum jobs", observed_at=now, text=text)
            for call, text in lines
        ]


def _backend(found: Backend) -> str:
    why = f" ({found.reason})" if found.reason else ""
    calibrated = found.calibration.at if found.calibration else None
    return f"{found.name}: {found.status}{why}, {found.pending or 'unknown'} pending" + (
        f", calibrated {calibrated:%Y-%m-%d %H:%M}Z" if calibrated else ""
    )


def _job(found: Job) -> str:
    place = f", position {found.position}" if found.position else ""
    why = f", {found.waits_for}" if found.waits_for else f", {found.failure.reason}" if found.failure else ""
    return f"job {found.id} on {found.backend or 'no backend'}: {found.state}{place}{why}"
