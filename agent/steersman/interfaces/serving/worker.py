"""The engine process: owns the desk, takes orders on its standard input, and ends when that ends, at once.

Ending at once is safe: what was under way is on record, and the next engine of this owner takes it up again. No two engines
of one owner run at a time: the second waits for the lock of the first.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from steersman_tools.clock import WallClock
from steersman_tools.types import ToolFailed

from ...app import sources, tools
from ...desk import Desk, desk
from ...gate import Actor, BadPolicy
from ...session import undo
from ...settings import Settings
from .looks import look, tell
from .verbs import ORDER, Answer, Approve, Cancel, Charter, LookAt, Order, Reject, Start, Tell, Undo, Verb

_log = logging.getLogger("steersman.engine")
LOCK_SECONDS = 15.0
LONGEST_LINE = 1 << 22


class _Engine:
    def __init__(self, opened: Desk, settings: Settings, out: BinaryIO) -> None:
        self._desk, self._settings, self._out = opened, settings, out
        self._tasks: set[asyncio.Task[None]] = set()
        self._undoing: set[str] = set()

    async def listen(self) -> None:
        """Takes orders until nobody is there any more."""
        reader = asyncio.StreamReader(limit=LONGEST_LINE)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(0, "rb"))
        self._say(Answer(number=0))
        for session in _half_undone(self._desk):
            self._keep(asyncio.create_task(self._finish_undo(session)))
        while line := await reader.readline():
            self._keep(asyncio.create_task(self._answer(ORDER.validate_json(line))))

    async def _answer(self, order: Order) -> None:
        try:
            document = await self._do(order.verb)
        except (ToolFailed, BadPolicy) as error:
            self._say(Answer(number=order.number, error=str(error)))
        except Exception:  # the line must be answered: whoever waits behind it waits for ever otherwise
            _log.exception("the order %s failed", order.verb.verb)
            self._say(Answer(number=order.number, error="The engine has failed at this; its log says why."))
        else:
            self._say(Answer(number=order.number, document=document))

    async def _do(self, verb: Verb) -> str:
        match verb:
            case Start():
                await self._desk.start(verb.request, verb.session)
            case Approve():
                await self._desk.approve(verb.session, verb.digest, verb.by)
            case Reject():
                await self._desk.reject(verb.session, verb.digest, verb.by, verb.why)
            case Cancel():
                await self._desk.cancel(verb.session, verb.by)
            case Undo():
                await self._begin_undo(verb)
            case LookAt():
                with sources(self._settings) as opened:
                    return await look(verb, opened)
            case Tell():
                with sources(self._settings) as opened:
                    return await tell(verb, opened)
        return ""

    async def _begin_undo(self, verb: Undo) -> None:
        """Answers when the first step has been taken back, or when it is clear that none will be."""
        if verb.session in self._undoing:
            raise ToolFailed(f"Session {verb.session} is being taken back already.")
        begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._keep(asyncio.create_task(self._undo(verb, begun)))
        await begun

    async def _undo(self, verb: Undo, begun: asyncio.Future[None]) -> None:
        self._undoing.add(verb.session)
        try:
            with tools(self._settings, self._desk.journal) as opened:
                if opened.equipment is None:
                    raise ToolFailed("A bundle is a picture: nothing can be undone in it.")
                gear = replace(opened.equipment, actor=Actor(id=verb.by, roles=verb.roles))
                async for _ in undo(self._desk.journal, verb.session, gear, WallClock()):
                    if not begun.done():
                        begun.set_result(None)
        except (ToolFailed, BadPolicy) as error:
            if begun.done():
                _log.error("undo of %s: %s", verb.session, error)
            else:
                begun.set_exception(error)
        finally:
            self._undoing.discard(verb.session)

    async def _finish_undo(self, session: str) -> None:
        """An undo that an earlier engine left halfway."""
        try:
            await self._begin_undo(Undo(session=session, by="steersman", roles=("operator", "approver")))
        except ToolFailed as error:
            _log.error("undo of %s: %s", session, error)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _say(self, answer: Answer) -> None:
        self._out.write(answer.model_dump_json().encode() + b"\n")
        self._out.flush()


def _half_undone(opened: Desk) -> list[str]:
    """Sessions that were closed, and whose last word since is that a step was taken back."""
    found = []
    for session, _ in opened.journal.latest(200):
        kinds = [kind for _, kind, _ in opened.journal.bodies(session)]
        if kinds[-1] == "undone" and "closed" in kinds:
            found.append(session)
    return found


def _locked(path: Path) -> BinaryIO:
    file = path.open("ab")
    until = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise ToolFailed(
                    f"Another engine works on {path.parent}: stop it, or give --data another folder."
                ) from None
            time.sleep(0.1)
        else:
            return file


def main() -> int:
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not stand between the answers
    first = b""
    while not first.endswith(b"\n"):  # unbuffered: the rest of standard input belongs to the loop
        if not (byte := os.read(0, 1)):
            return 0
        first += byte
    charter = Charter.model_validate_json(first)
    os.nice(5)  # who reads comes first
    try:
        settings = Settings.model_validate(charter.given)
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = _locked(settings.data / f"engine-{charter.owner}.lock")
        with lock, desk(settings.data, charter.owner, partial(tools, settings)) as opened:
            asyncio.run(_listen(opened, settings, out))
    except (ToolFailed, BadPolicy) as error:
        out.write(Answer(number=0, error=str(error)).model_dump_json().encode() + b"\n")
        out.flush()
        return 1
    return 0


async def _listen(opened: Desk, settings: Settings, out: BinaryIO) -> None:
    await _Engine(opened, settings, out).listen()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
