"""A quantum queue on this machine: jobs in a folder, run one after the other by Qiskit Aer. Real counts, real waiting, no account."""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from pydantic import JsonValue

from ..clock import Clock, WallClock
from ..types import Frozen, Unreachable
from ..writer import Conflicted, Refused
from .labels import deadline_of
from .provider import Adapter, Order
from .types import (  # fmt: skip
    FINAL,
    Backend,
    Calibration,
    Capability,
    Count,
    Failure,
    Job,
    JobState,
    Limits,
    ProviderName,
)

BACKEND = "aer_simulator"
MOST_QUBITS, MOST_SHOTS = 24, 1_000_000
USUAL_PRIORITY = 100
HOW = "Circuits cannot be run here: pip install 'steersman[quantum]'."


class Stored(Frozen):
    """A job as it is written down."""

    id: str
    qasm: str
    shots: int
    state: JobState = "QUEUED"
    priority: int = USUAL_PRIORITY
    tags: tuple[str, ...] = ()
    submitted: datetime
    started: datetime | None = None
    ended: datetime | None = None
    counts: dict[str, int] | None = None
    error: str = ""


class LocalQueue(Adapter):
    """The queue of a folder. Several processes may use it: whoever writes holds its lock."""

    name: ClassVar[ProviderName] = "local"

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self._folder, self._clock = folder, clock or WallClock()

    def capabilities(self) -> frozenset[Capability]:
        return frozenset({"submit", "cancel", "hold", "release", "priority", "tags", "position"})

    async def backends(self) -> Sequence[Backend]:
        installed = find_spec("qiskit_aer") is not None
        return [
            Backend(
                provider="local",
                name=BACKEND,
                status="online" if installed else "offline",
                reason="" if installed else HOW,
                observed_at=self._clock.now(),
                simulator=True,
                qubits=MOST_QUBITS,
                pending=Count(value=sum(s.state not in FINAL for s in self._all())),
                limits=Limits(shots=MOST_SHOTS),
                call=f"ls {self._folder}",
            )
        ]

    async def calibrations(self, backend: str, before: Sequence[datetime]) -> Sequence[Calibration]:
        return ()

    async def jobs(self) -> Sequence[Job]:
        every = self._all()
        return [self._job(s, every) for s in every]

    async def job(self, id: str) -> Job | None:
        return next((j for j in await self.jobs() if j.id == id), None)

    async def submit(self, order: Order) -> Job:
        params = {**(await self.params(order.like) if order.like else {}), **order.params}
        options = params.get("options")
        given = options.get("default_shots") if isinstance(options, dict) else None
        shots = order.shots or (given if isinstance(given, int) else None) or params.get("shots") or 1024
        with self._locked():
            if order.tag and any(order.tag in s.tags for s in self._all()):
                raise Conflicted(f"A job with the tag {order.tag} is in the queue already.")
            made = Stored(
                id=f"l{secrets.token_hex(5)}",
                qasm=str(params.get("qasm", "")),
                shots=int(str(shots)),
                tags=tuple(t for t in (order.tag, *order.tags) if t),
                submitted=self._clock.now(),
            )
            self._write(made)
            return self._job(made, self._all())

    async def params(self, id: str) -> Mapping[str, JsonValue]:
        found = self._get(id)
        return {"qasm": found.qasm, "shots": found.shots}

    async def cancel(self, id: str) -> None:
        self._change(id, ("QUEUED", "HELD"), state="CANCELLED", ended=self._clock.now())

    async def hold(self, id: str) -> None:
        self._change(id, ("QUEUED",), state="HELD")

    async def release(self, id: str) -> None:
        self._change(id, ("HELD",), state="QUEUED")

    async def prioritise(self, id: str, priority: int) -> None:
        self._change(id, ("QUEUED", "HELD"), priority=priority)

    async def move(self, id: str, backend: str) -> None:
        raise Refused("There is one backend on this machine.")

    async def requeue(self, id: str) -> None:
        raise Refused("The local queue puts no running job back.")

    async def close(self) -> None:
        """Nothing is kept open."""

    async def work(self) -> int:
        """Runs what waits, the highest priority first, until nothing does; returns how many ran. Raises Unreachable without Aer."""
        if find_spec("qiskit_aer") is None:
            raise Unreachable(HOW)
        ran = 0
        while (job := self._take()) is not None:
            try:
                counts = await asyncio.to_thread(_run, job.qasm, job.shots)
                self._change(job.id, ("RUNNING",), state="DONE", counts=counts, ended=self._clock.now())
            except (
                Exception
            ) as error:  # whatever a simulator says of a circuit is the job's failure, and not the queue's
                self._change(job.id, ("RUNNING",), state="FAILED", error=str(error)[:300], ended=self._clock.now())
            ran += 1
        return ran

    def counts(self, id: str) -> Mapping[str, int]:
        """The result of a job. Raises Refused where there is none."""
        found = self._get(id)
        if found.counts is None:
            raise Refused(f"Job {id} is {found.state}: it has no result.")
        return found.counts

    def _take(self) -> Stored | None:
        with self._locked():
            waiting = [s for s in self._all() if s.state == "QUEUED"]
            if not waiting or any(s.state == "RUNNING" for s in self._all()):
                return None
            first = min(waiting, key=lambda s: (-s.priority, s.submitted, s.id))
            self._write(first.model_copy(update={"state": "RUNNING", "started": self._clock.now()}))
            return first

    def _change(self, id: str, among: Sequence[JobState], **fields: object) -> None:
        with self._locked():
            found = self._get(id)
            if found.state not in among:
                raise Conflicted(f"Job {id} is {found.state}.")
            self._write(found.model_copy(update=fields))

    def _get(self, id: str) -> Stored:
        found = next((s for s in self._all() if s.id == id), None)
        if found is None:
            raise Refused(f"The local queue has no job {id}.", 404)
        return found

    def _all(self) -> list[Stored]:
        if not self._folder.is_dir():
            return []
        read = [Stored.model_validate_json(p.read_bytes()) for p in sorted(self._folder.glob("l*.json"))]
        return sorted(read, key=lambda s: (s.submitted, s.id))

    def _write(self, job: Stored) -> None:
        path = self._folder / f"{job.id}.json"
        fresh = path.with_suffix(".new")
        fresh.write_text(job.model_dump_json(), "utf-8")
        os.replace(fresh, path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _job(self, stored: Stored, every: Sequence[Stored]) -> Job:
        waiting = sorted((s for s in every if s.state == "QUEUED"), key=lambda s: (-s.priority, s.submitted, s.id))
        running = sum(s.state == "RUNNING" for s in every)
        place = next((at for at, s in enumerate(waiting, 1) if s.id == stored.id), None)
        return Job(
            provider="local",
            id=stored.id,
            state=stored.state,
            raw_state=stored.state.lower(),
            observed_at=self._clock.now(),
            backend=BACKEND,
            submitted=stored.submitted,
            started=stored.started,
            ended=stored.ended,
            position=place + running if place else None,
            shots=stored.shots,
            priority=stored.priority,
            held_by="user" if stored.state == "HELD" else "",
            tags=stored.tags,
            deadline=deadline_of(stored.tags),
            failure=Failure(reason=stored.error) if stored.state == "FAILED" else None,
            call=f"cat {self._folder}/{stored.id}.json",
        )


def _run(qasm: str, shots: int) -> dict[str, int]:
    from qiskit import QuantumCircuit, transpile  # noqa: PLC0415  heavy, and optional
    from qiskit_aer import AerSimulator  # noqa: PLC0415

    circuit = QuantumCircuit.from_qasm_str(qasm)
    if circuit.num_qubits > MOST_QUBITS or shots > MOST_SHOTS:
        raise ValueError(f"at most {MOST_QUBITS} qubits and {MOST_SHOTS} shots")
    simulator = AerSimulator(seed_simulator=7)
    found = simulator.run(transpile(circuit, simulator), shots=shots).result().get_counts()
    return {str(bits): int(count) for bits, count in found.items()}
