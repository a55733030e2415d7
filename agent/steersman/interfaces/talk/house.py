"""Where a conversational face keeps its sessions: they run on a thread of their own, so that a face is never kept waiting.

Every verb asks who speaks first: who lacks the role sees nothing and changes nothing.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from steersman_tools.clock import Clock
from steersman_tools.metrics import Query, Series
from steersman_tools.snapshot import Alert
from steersman_tools.types import ToolFailed

from ...app import Tools
from ...asking import Answered, ask
from ...desk import Desk
from ...gate import Actor
from ...gpu.desk import sit_down
from ...intent import Diagnose, Names, interpret
from ...journal import FileJournal, Summary
from ...session import undo
from ...types import Closed, Entry, Request
from ..access import Principal, Refused, require, require_person, roles_of
from ..serving.looks import queues
from .fleet import Fleet

POLL_SECONDS = 0.1
PAST = timedelta(minutes=15)
STEP_SECONDS = 15.0
T = TypeVar("T")


@dataclass(frozen=True)
class Room:
    """What sessions run with: the desk, and what looks at the cluster (and changes it, for an undo)."""

    desk: Desk
    clock: Clock
    tools: Callable[[Actor], AbstractContextManager[Tools]]
    cluster: str
    """Its name, for people."""
    others: tuple[str, ...] = ()
    """Clusters that could be looked at instead."""


@dataclass
class House:
    """A room on its own thread, and a window on its record."""

    room: Room
    journal: FileJournal
    _loop: asyncio.AbstractEventLoop
    _undoing: set[str] = field(default_factory=set)

    async def say(self, who: Principal, text: str, namespace: str | None = None, name: str = "") -> str | Answered:
        """A session's name where the words begin one (why, heal, scale …), else the answer. Raises Refused, ToolFailed.

        What is to be changed is only ever a plan that waits: words, and least of all a model's reading of them, approve nothing.
        `name`: what a session is to be called; said again with the same name, it is the same session.
        """
        require(who, "viewer")
        plain = interpret(text, Names(()))
        if isinstance(plain, Diagnose) and not plain.unread:  # a session looks for itself: no need to look twice
            return await self.start(who, _question(text, plain, namespace), name)
        answered = await self._on(self._answered(text, namespace))
        match answered.reply.intent:
            case Diagnose() as intent:
                return await self.start(who, _question(text, intent, namespace), name)
        if wanted := answered.reply.request:
            return await self.start(who, wanted.model_copy(update={"approval": "ask"}), name)
        return answered

    async def start(self, who: Principal, request: Request, name: str = "") -> str:
        """Begins a session in somebody's name and returns the session's; one that has begun already is not begun again."""
        require(who, "operator" if request.wants != "diagnosis" else "viewer")
        if request.approval == "given":
            require_person(who, "approver")
        if name and self.journal.entries(name):
            return name
        asked = request.model_copy(update={"by": who.id, "roles": roles_of(who)})
        return await self._on(self.room.desk.start(asked, name))

    def entries(self, who: Principal, session: str) -> list[Entry]:
        """What a session has said so far."""
        require(who, "viewer")
        return self.journal.entries(session)

    async def follow(self, who: Principal, session: str, after: int = 0) -> AsyncIterator[Entry]:
        """Its entries as they come, until it is closed and nobody is taking it back."""
        require(who, "viewer")
        while True:
            busy = session in self._undoing
            found = self.journal.entries(session, after)
            for entry in found:
                after = entry.number
                yield entry
            last = found[-1:] or self.journal.entries(session, after - 1)[:1]
            if last and isinstance(last[0].event, Closed) and not busy:
                return
            await asyncio.sleep(POLL_SECONDS)

    async def approve(self, who: Principal, session: str, digest: str) -> None:
        """Lets the plan of that digest be carried out. Raises Refused, ToolFailed."""
        require_person(who, "approver")
        await self._on(self.room.desk.approve(session, digest, who.id))

    async def reject(self, who: Principal, session: str, digest: str, why: str) -> None:
        """Refuses the plan of that digest. Raises Refused, ToolFailed."""
        require_person(who, "approver")
        await self._on(self.room.desk.reject(session, digest, who.id, why))

    async def cancel(self, who: Principal, session: str) -> None:
        """Stops a session. Raises Refused."""
        require(who, "operator")
        await self._on(self.room.desk.cancel(session, who.id))

    async def undo(self, who: Principal, session: str) -> None:
        """Takes back what a closed session did; `follow` tells it. Raises Refused, ToolFailed."""
        require_person(who, "approver")
        if self.waiting_for(session) or session in self._undoing:
            raise ToolFailed(f"Session {session} is not over.")
        self._undoing.add(session)
        try:
            await self._on(self._undo(session, Actor(id=who.id, roles=roles_of(who))))
        finally:
            self._undoing.discard(session)

    def waiting_for(self, session: str) -> str:
        """The digest of the plan that waits for a person; empty where none does."""
        return Desk(self.journal, self.room.desk.engine).waiting_for(session)

    def sessions(self, who: Principal, most: int = 30) -> list[Summary]:
        """The latest sessions, the newest first."""
        require(who, "viewer")
        return self.journal.sessions(most)

    async def fleet(self, who: Principal) -> Fleet:
        """Clusters, accelerators and queues. Raises Refused, ToolFailed."""
        require(who, "viewer")
        return await self._on(self._fleet())

    async def read(self, who: Principal, text: str) -> Answered:
        """The answer to `describe …`, `logs of …`: reads only. Raises Refused, ToolFailed."""
        require(who, "viewer")
        return await self._on(self._answered(text, None))

    async def past(self, who: Principal, query: Query) -> list[Series]:
        """The last quarter of an hour of a metric. Raises Refused, ToolFailed."""
        require(who, "viewer")
        return await self._on(self._past(query))

    async def alerts(self, who: Principal) -> tuple[Alert, ...]:
        """The alerts that fire. Raises Refused, ToolFailed."""
        require(who, "viewer")
        return tuple(a for a in await self._on(self._alerts()) if a.state == "firing")

    async def _alerts(self) -> tuple[Alert, ...]:
        with self.room.tools(Actor(id="reader", roles=("viewer",))) as opened:
            return await opened.sources.metrics.alerts() if opened.sources.metrics else ()

    async def _answered(self, text: str, namespace: str | None) -> Answered:
        with self.room.tools(Actor(id="reader", roles=("viewer",))) as opened:
            return (await ask(text, opened.sources, namespace)).answered

    async def _fleet(self) -> Fleet:
        with self.room.tools(Actor(id="reader", roles=("viewer",))) as opened:
            estate, seen = (await sit_down(opened.sources)).estate, await queues(opened.sources)
            return Fleet(self.room.cluster, self.room.others, estate, seen)

    async def _past(self, query: Query) -> list[Series]:
        with self.room.tools(Actor(id="reader", roles=("viewer",))) as opened:
            if opened.sources.metrics is None:
                raise ToolFailed("No metrics are configured: give --prometheus.")
            now = self.room.clock.now()
            return await opened.sources.metrics.range(query, now - PAST, now, STEP_SECONDS)

    async def _undo(self, session: str, actor: Actor) -> None:
        with self.room.tools(actor) as opened:
            if opened.equipment is None:
                raise ToolFailed("A bundle is a picture: nothing can be undone in it.")
            async for _ in undo(self.room.desk.journal, session, opened.equipment, self.room.clock):
                pass

    async def _on(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))


def _question(text: str, intent: Diagnose, namespace: str | None) -> Request:
    space = namespace or intent.namespace or (intent.entity.namespace if intent.entity else "")
    return Request(question=text, namespace=space or None)


@contextmanager
def house(opening: Callable[[], AbstractContextManager[Room]]) -> Iterator[House]:
    """Opens the room on its thread. Whatever opening it raises is raised here."""
    ready: Future[tuple[Room, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def live() -> None:
        try:
            with opening() as room:
                over = asyncio.Event()
                ready.set_result((room, asyncio.get_running_loop(), over))
                await over.wait()
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=lambda: asyncio.run(live()), name="sessions", daemon=True)
    thread.start()
    room, loop, over = ready.result()
    journal = FileJournal(room.desk.journal.path)
    try:
        yield House(room, journal, loop)
    finally:
        journal.close()
        loop.call_soon_threadsafe(over.set)
        thread.join(10)


__all__ = ["House", "Refused", "Room", "house"]
