"""The reading side: sessions as their record shows them, whoever writes it. A reader that is ahead of the record waits here."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from steersman_tools.types import ToolFailed

from ...journal import FileJournal
from ...types import Entry
from .views import SessionDocument, SessionLine, document_of, line_of

WATCH_SECONDS = 0.05
KEPT = 512
"""So many sessions are kept ready; the others are read again from the record."""


class NoSession(ToolFailed):
    """There is no session of that name."""


class Line(NamedTuple):
    """One entry as it stands in the record."""

    number: int
    kind: str
    body: str


class Ready(NamedTuple):
    """A session as it was at its last entry, and the JSON of its document."""

    last: int
    line: SessionLine
    document: SessionDocument
    json: bytes


@dataclass
class Board:
    """All sessions of one record."""

    journal: FileJournal
    streams: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _ready: OrderedDict[str, Ready] = field(default_factory=OrderedDict)

    def lines(self, most: int = 50) -> list[SessionLine]:
        """The latest sessions, the newest first."""
        return [self._at(session, last).line for session, last in self.journal.latest(most)]

    def get(self, session: str) -> Ready:
        """One session. Raises NoSession."""
        if not (last := self.journal.last(session)):
            raise NoSession(f"There is no session {session}.")
        return self._at(session, last)

    def entries(self, session: str) -> list[Entry]:
        """All its entries. Raises NoSession."""
        if not (found := self.journal.entries(session)):
            raise NoSession(f"There is no session {session}.")
        return found

    async def begun(self, session: str, seconds: float = 10.0) -> Ready:
        """The session, which has just been ordered, as soon as it has its first entry. Raises NoSession."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.journal.last(session):
                    await self._news.wait()
        return self.get(session)

    async def settled(self, session: str, seconds: float = 120.0) -> Ready:
        """The session when it is closed or waits for a person, or when so many seconds have passed. Raises NoSession."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.get(session).line.state == "running":
                    await self._news.wait()
        return self.get(session)

    async def follow(self, session: str, after: int = 0, beat: float = 15.0) -> AsyncIterator[Line | None]:
        """The entries from the one after that number on, until the session is closed; None where nothing came for so many seconds."""
        self.streams += 1
        try:
            while True:
                news = self._news
                found = [Line(*row) for row in self.journal.bodies(session, after)]
                for line in found:
                    after = line.number
                    yield line
                if found[-1].kind == "closed" if found else self._closed(session, after):
                    return
                try:
                    await asyncio.wait_for(news.wait(), beat)
                except TimeoutError:
                    yield None
        finally:
            self.streams -= 1

    def _closed(self, session: str, after: int) -> bool:
        """Whether nothing is to come after that number."""
        before = self.journal.bodies(session, self.journal.last(session) - 1)
        return bool(before) and before[-1][1] == "closed" and before[-1][0] <= after

    async def watch(self) -> None:
        """Wakes whoever waits when somebody has written; runs until cancelled."""
        seen = self.journal.changes()
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if (now := self.journal.changes()) != seen:
                seen = now
                self._news.set()
                self._news = asyncio.Event()

    def _at(self, session: str, last: int) -> Ready:
        kept = self._ready.get(session)
        if kept is None or kept.last != last:
            entries = self.journal.entries(session)
            document = document_of(entries)
            kept = Ready(entries[-1].number, line_of(entries), document, document.model_dump_json().encode())
        self._ready[session] = kept
        self._ready.move_to_end(session)
        if len(self._ready) > KEPT:
            self._ready.popitem(last=False)
        return kept


@asynccontextmanager
async def watched(journal: FileJournal) -> AsyncIterator[Board]:
    """A board that is told of what is written, for the length of the block."""
    board = Board(journal)
    watcher = asyncio.create_task(board.watch())
    try:
        yield board
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
