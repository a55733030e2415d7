"""The handle of the engine process: sends it orders, starts it again when it has died, and stops it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from steersman_tools.types import ToolFailed

from .verbs import Answer, Charter, Order, Verb

LONGEST_ANSWER = 1 << 27
START_SECONDS, ANSWER_SECONDS, AGAIN_SECONDS = 60.0, 120.0, 1.0


class EngineDown(ToolFailed):
    """The engine process cannot be reached now; the catcher may try again in a few seconds."""


@dataclass
class Engine:
    """One engine process at a time."""

    charter: Charter
    state: Literal["starting", "ready", "down"] = "starting"
    problem: str = ""
    """Why it does not start, in one sentence."""
    starts: int = 0
    _process: asyncio.subprocess.Process | None = None
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _waiting: dict[int, asyncio.Future[Answer]] = field(default_factory=dict)

    async def ask(self, verb: Verb) -> str:
        """Sends an order and returns the document of its answer. Raises ToolFailed, EngineDown."""
        if self._process is None or self._process.stdin is None or self.state != "ready":
            raise EngineDown(self.problem or "The engine is being started: try again in a few seconds.")
        number = next(self._numbers)
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        try:
            self._process.stdin.write(Order(number=number, verb=verb).model_dump_json().encode() + b"\n")
            await self._process.stdin.drain()
            answer: Answer = await asyncio.wait_for(waiting, ANSWER_SECONDS)
        except (OSError, TimeoutError) as error:
            raise EngineDown("The engine gave no answer: try again in a few seconds.") from error
        finally:
            self._waiting.pop(number, None)
        if answer.error:
            raise ToolFailed(answer.error)
        return answer.document

    async def attend(self) -> None:
        """Keeps a process running until cancelled."""
        while True:
            self.state = "starting"
            self.starts += 1
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "steersman.interfaces.serving.worker",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LONGEST_ANSWER, start_new_session=True,
            )  # fmt: skip
            try:
                await self._hear(self._process)
            finally:
                self.state = "down"
                await self._stop(self._process)
                for waiting in self._waiting.values():
                    if not waiting.done():
                        waiting.set_exception(
                            EngineDown("The engine has stopped and is being started again: try again in a few seconds.")
                        )
            await asyncio.sleep(AGAIN_SECONDS)

    async def _hear(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        assert process.stdout
        with contextlib.suppress(OSError):
            process.stdin.write(self.charter.model_dump_json().encode() + b"\n")
            await process.stdin.drain()
        while line := await process.stdout.readline():
            answer = Answer.model_validate_json(line)
            if answer.number == 0:
                self.problem = answer.error
                self.state = "down" if answer.error else "ready"
            elif (waiting := self._waiting.get(answer.number)) and not waiting.done():
                waiting.set_result(answer)

    async def _stop(self, process: asyncio.subprocess.Process) -> None:
        """Closes its standard input, which ends it, and waits."""
        if process.stdin:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()


@asynccontextmanager
async def engine(charter: Charter) -> AsyncIterator[Engine]:
    """An engine for the length of the block; it may still be starting when the block begins."""
    handle = Engine(charter)
    keeper = asyncio.create_task(handle.attend())
    try:
        yield handle
    finally:
        keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeper


async def ready(handle: Engine, seconds: float = START_SECONDS) -> None:
    """Waits until the engine is ready. Raises EngineDown with the reason."""
    until = asyncio.get_running_loop().time() + seconds
    while handle.state != "ready":
        if handle.problem or asyncio.get_running_loop().time() > until:
            raise EngineDown(handle.problem or f"The engine has not started within {seconds:.0f} seconds.")
        await asyncio.sleep(0.05)
