"""Where sessions are started, followed, approved and resumed, from any process and any face: all through their record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from steersman_tools.clock import WallClock
from steersman_tools.types import ToolFailed

from .app import Tools
from .durable_dbos import Recorded, Workflows, workflows
from .gate import Actor, BadPolicy
from .journal import FileJournal, Summary
from .remedy import Decision
from .session import Session, new_id
from .types import Asked, Closed, Entry, Failed, Request

POLL_SECONDS = 0.2
Opener = Callable[[FileJournal], AbstractContextManager[Tools]]


@dataclass(frozen=True)
class Desk:
    """All sessions of one record."""

    journal: FileJournal
    engine: Workflows

    async def start(self, request: Request, session: str = "") -> str:
        """Begins a session and returns its name; what it does is read with `follow`."""
        name = session or new_id(WallClock())
        await self.engine.start(name, request.model_dump_json())
        return name

    async def follow(self, session: str, after: int = 0) -> AsyncIterator[Entry]:
        """The entries of a session from the one after that number on, as they come, until it is closed."""
        while True:
            for entry in self.journal.entries(session, after):
                after = entry.number
                yield entry
                if isinstance(entry.event, Closed):
                    return
            await asyncio.sleep(POLL_SECONDS)

    async def approve(self, session: str, digest: str, by: str) -> None:
        """Lets the plan of that digest be carried out. Raises ToolFailed when the session waits for no such plan."""
        self._waiting(session, digest)
        await self.engine.decide(session, Decision(kind="approved", digest=digest, by=by, at=WallClock().now()))

    async def reject(self, session: str, digest: str, by: str, why: str = "") -> None:
        """Refuses the plan of that digest. Raises ToolFailed when the session waits for no such plan."""
        self._waiting(session, digest)
        await self.engine.decide(
            session, Decision(kind="rejected", digest=digest, by=by, why=why, at=WallClock().now())
        )

    async def cancel(self, session: str, by: str) -> None:
        """Stops a session; what it has done stays on record and can be undone."""
        await self.engine.cancel(session)
        kept = self.journal.entries(session)
        if kept and not isinstance(kept[-1].event, Closed):
            closed = Closed(outcome="failed", text=f"cancelled by {by}")
            self.journal.append(Entry(session=session, number=kept[-1].number + 1, at=WallClock().now(), event=closed))

    async def resume(self, session: str) -> None:
        """Goes on with a session whose process has died."""
        await self.engine.resume(session)

    def sessions(self, most: int = 50) -> list[Summary]:
        """The latest sessions, the newest first."""
        return self.journal.sessions(most)

    def waiting_for(self, session: str) -> str:
        """The digest of the plan that the session waits to have approved; empty when it waits for none."""
        digest = ""
        for entry in self.journal.entries(session):
            match entry.event.kind:
                case "verdict":
                    digest = entry.event.digest if entry.event.effect == "ask" else ""
                case "approval" | "closed" | "started":
                    digest = ""
        return digest

    def _waiting(self, session: str, digest: str) -> None:
        if self.waiting_for(session) != digest:
            raise ToolFailed(
                f"Session {session} does not wait for plan {digest}: it has changed, was decided, or is over."
            )


@contextmanager
def desk(data: Path, owner: str, opener: Opener, database: str = "") -> Iterator[Desk]:
    """The desk of a data folder. `owner` names the process: what it left unfinished is taken up again."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def work(session: str, request: str) -> str:
        with closing(FileJournal(data / "sessions.db")) as record:
            return await _run(session, Request.model_validate_json(request), record, opener)

    with (
        closing(FileJournal(data / "sessions.db")) as record,
        workflows(database or data / "workflows.db", owner, work) as engine,
    ):
        yield Desk(record, engine)


async def _run(session: str, request: Request, record: FileJournal, opener: Opener) -> str:
    """One session inside its workflow."""
    try:
        with opener(record) as opened:
            gear = opened.equipment
            if gear and request.by:
                gear = replace(gear, actor=Actor(id=request.by, roles=request.roles))
            made = Session(opened.sources, id=session, journal=record, equipment=gear, durable=Recorded())
            await made.run(request)
    except (ToolFailed, BadPolicy) as error:
        now, kept = WallClock().now(), record.entries(session)
        number = kept[-1].number if kept else 0
        events = (*(() if kept else (Asked(request=request),)), Failed(text=str(error)), Closed(outcome="failed"))
        for event in events:
            number += 1
            record.append(Entry(session=session, number=number, at=now, event=event))
    return "closed"
