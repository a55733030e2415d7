"""QPUs behind Slurm, by its own commands: a licence of the scheduler is the right to use one remote QPU."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import orjson
from pydantic import JsonValue

from ..clock import Clock, WallClock
from ..fields import Fields
from ..types import Unreachable
from ..writer import Busy, Conflicted, Refused
from . import slurm_parse
from .provider import Adapter, Order
from .types import Backend, Calibration, Capability, Job, Machine, ProviderName

SECONDS = 20.0
MOST_SCRIPTS = 50
"""Of so many jobs at the most is the script read, to see which QPU it asks for."""
_SILENT = ("Unable to contact", "Connection refused", "Socket timed out", "Zero Bytes")
_OVER = ("Job/step already completing or completed", "Invalid job id", "already completed")


class Slurm(Adapter):
    """One cluster of Slurm."""

    name: ClassVar[ProviderName] = "slurm"

    def __init__(self, qpus: tuple[str, ...] = (), conf: Path | None = None, clock: Clock | None = None) -> None:
        self.conf, self._qpus, self._clock = conf, qpus, clock or WallClock()
        self._environment = {**os.environ, **({"SLURM_CONF": str(conf)} if conf else {})}

    def capabilities(self) -> frozenset[Capability]:
        return frozenset({"submit", "cancel", "hold", "release", "priority", "requeue", "move", "tags"})

    async def backends(self) -> Sequence[Backend]:
        jobs = tuple(await self.jobs())
        text = await self._read("scontrol", "show", "licenses", "-o")
        return slurm_parse.backends(text, jobs, self._qpus, self._clock.now(), "scontrol show licenses -o")

    async def calibrations(self, backend: str, before: Sequence[datetime]) -> Sequence[Calibration]:
        return ()

    async def jobs(self) -> Sequence[Job]:
        found, now = [], self._clock.now()
        for number, item in enumerate(await self._listed()):
            waits = slurm_parse.state_of(item) in ("PENDING", "RUNNING")
            script = await self._script(str(item.integer("job_id"))) if waits and number < MOST_SCRIPTS else ""
            job = slurm_parse.job(item, now, f"scontrol show job {item.integer('job_id')}", script)
            if self._quantum(job, item):
                found.append(job)
        return found

    def _quantum(self, job: Job, item: Fields) -> bool:
        """Whether the job wants a QPU: a licence, a GRES or an option of the plug-in says so."""
        asks = any(name in self._qpus for name in job.licences) if self._qpus else bool(job.licences)
        return asks or bool(job.asked_qpu) or "qpu" in (item.text("tres_per_node") + item.text("gres_detail"))

    async def job(self, id: str) -> Job | None:
        for item in await self._listed():
            if str(item.integer("job_id")) == id:
                return slurm_parse.job(item, self._clock.now(), f"scontrol show job {id}")
        return None

    async def tagged(self, tag: str) -> Job | None:
        for item in await self._listed():
            if tag in slurm_parse.words_of(item):
                return slurm_parse.job(item, self._clock.now(), f"squeue -j {item.integer('job_id')}")
        return None

    async def machines(self) -> Sequence[Machine]:
        return slurm_parse.machines(await self._read("scontrol", "show", "nodes", "-o"), "scontrol show nodes -o")

    async def submit(self, order: Order) -> Job:
        script = await self._script(order.like)
        if not script:
            raise Refused(f"The script of job {order.like} is no longer kept; submit it from where it was written.")
        words = " ".join((order.tag, *order.tags))
        limit = (f"--time={-(-order.limit_seconds // 60)}",) if order.limit_seconds else ()
        text = await self._write(
            "sbatch", "--parsable", f"--comment={words}", f"--licenses={order.backend}:1", *limit, stdin=script
        )
        found = await self.job(text.strip().partition(";")[0])
        if found is None:
            raise Busy(f"Job {text.strip()} was accepted and is not listed yet.")
        return found

    async def params(self, id: str) -> Mapping[str, JsonValue]:
        raise Refused("Slurm keeps a script and no circuits: transpile them where they were written.")

    async def move(self, id: str, backend: str) -> None:
        await self._write("scontrol", "update", f"JobId={id}", f"Licenses={backend}:1")

    async def cancel(self, id: str) -> None:
        job = await self.job(id)
        if job is not None and job.state in ("DONE", "FAILED", "CANCELLED"):
            raise Conflicted(f"Job {id} is {job.state} already.")
        await self._write("scancel", id)

    async def hold(self, id: str) -> None:
        await self._write("scontrol", "hold", id)

    async def release(self, id: str) -> None:
        await self._write("scontrol", "release", id)

    async def prioritise(self, id: str, priority: int) -> None:
        await self._write("scontrol", "update", f"JobId={id}", f"Priority={priority}")

    async def requeue(self, id: str) -> None:
        await self._write("scontrol", "requeue", id)

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _listed(self) -> list[Fields]:
        text = await self._read("squeue", "--json", "--states=all")
        try:
            return Fields(orjson.loads(text)).each("jobs")
        except orjson.JSONDecodeError as error:
            raise Unreachable("squeue --json prints no JSON: steersman needs Slurm 21.08 or newer.") from error

    async def _script(self, id: str) -> str:
        """The job's script; empty where this user may not read it, or there is none."""
        code, out, _ = await self._run("scontrol", "write", "batch_script", id, "-")
        return out if code == 0 else ""

    async def _read(self, *command: str) -> str:
        code, out, said = await self._run(*command)
        if code:
            raise Unreachable(f"{' '.join(command)}: {said or f'exit code {code}'}")
        return out

    async def _write(self, *command: str, stdin: str = "") -> str:
        code, out, said = await self._run(*command, stdin=stdin)
        if not code:
            return out
        if any(word in said for word in _SILENT):
            raise Busy(f"{command[0]}: {said}")
        if any(word in said for word in _OVER):
            raise Conflicted(f"{command[0]}: {said}")
        raise Refused(f"{command[0]}: {said or f'exit code {code}'}")

    async def _run(self, *command: str, stdin: str = "") -> tuple[int, str, str]:
        """Exit code, output and the last line of what it complains of."""
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=self._environment,
            )
        except OSError as error:
            raise Unreachable(
                f'{command[0]} is not on this machine: install Slurm\'s client, or set slurm = "no".'
            ) from error
        try:
            out, err = await asyncio.wait_for(process.communicate(stdin.encode()), SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            return 124, "", f"Socket timed out: no answer within {SECONDS:g} s"
        lines = err.decode(errors="replace").strip().splitlines()
        return process.returncode or 0, out.decode(errors="replace"), lines[-1] if lines else ""
