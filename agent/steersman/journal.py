"""The record of everything that sessions did: append-only, each line bound to the one before by a hash.

One SQLite file for all sessions of a machine. It is the audit log, the history, and what a replay reads.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from .types import Entry, Request

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
  line INTEGER PRIMARY KEY, session TEXT NOT NULL, number INTEGER NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL,
  body TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL, UNIQUE (session, number));
CREATE TABLE IF NOT EXISTS head (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), line INTEGER NOT NULL, hash TEXT NOT NULL);
"""
_FIRST = "0" * 64


class Journal(Protocol):
    """Where a session's entries are kept."""

    def append(self, entry: Entry) -> Entry:
        """Keeps the entry; one of the same session and number that is there already is returned instead."""

    def entries(self, session: str, after: int = 0) -> list[Entry]:
        """The entries of a session, in order, from the one after that number on."""


class NoJournal:
    """Keeps entries for the life of the process: for questions that change nothing, and for tests."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], Entry] = {}

    def append(self, entry: Entry) -> Entry:
        return self._kept.setdefault((entry.session, entry.number), entry)

    def entries(self, session: str, after: int = 0) -> list[Entry]:
        return [e for (s, n), e in sorted(self._kept.items()) if s == session and n > after]


@dataclass(frozen=True, slots=True)
class Summary:
    """A session in one line."""

    session: str
    began: datetime
    question: str
    wants: str
    outcome: str
    """Empty while it is open."""
    causes: tuple[str, ...]


class FileJournal:
    """The journal of this machine."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            os.close(
                os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
            )  # pre-images may hold what is nobody else's business
        self.path = path
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    def append(self, entry: Entry) -> Entry:
        body = entry.model_dump_json()
        self._db.execute("BEGIN IMMEDIATE")
        try:
            kept = self._db.execute(
                "SELECT body FROM entries WHERE session = ? AND number = ?", (entry.session, entry.number)
            ).fetchone()
            if kept:
                self._db.execute("ROLLBACK")
                return Entry.model_validate_json(kept[0])
            line, previous = self._db.execute("SELECT line, hash FROM head").fetchone() or (0, _FIRST)
            digest = _hash(previous, line + 1, body)
            self._db.execute(
                "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (line + 1, entry.session, entry.number, entry.at.isoformat(), entry.event.kind, body, previous, digest),
            )
            self._db.execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?)", (line + 1, digest))
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        return entry

    def entries(self, session: str, after: int = 0) -> list[Entry]:
        rows = self._db.execute(
            "SELECT body FROM entries WHERE session = ? AND number > ? ORDER BY number", (session, after)
        )
        return [Entry.model_validate_json(body) for (body,) in rows]

    def bodies(self, session: str, after: int = 0) -> list[tuple[int, str, str]]:
        """Number, kind and JSON of a session's entries after that one: for those who pass them on and need not read them."""
        rows = self._db.execute(
            "SELECT number, kind, body FROM entries WHERE session = ? AND number > ? ORDER BY number", (session, after)
        )
        return rows.fetchall()

    def latest(self, most: int) -> list[tuple[str, int]]:
        """The names of the latest sessions with the number of their last entry, the newest first."""
        rows = self._db.execute(
            "SELECT a.session, (SELECT MAX(number) FROM entries b WHERE b.session = a.session) FROM entries a "
            "WHERE a.number = 1 ORDER BY a.line DESC LIMIT ?",
            (most,),
        )
        return rows.fetchall()

    def last(self, session: str) -> int:
        """The number of the session's last entry; 0 where there is no such session."""
        return self._db.execute("SELECT MAX(number) FROM entries WHERE session = ?", (session,)).fetchone()[0] or 0

    def changes(self) -> int:
        """A number that is another one as soon as some other connection, in any process, has written."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def since(self, moment: datetime, *kinds: str) -> list[Entry]:
        """The entries of all sessions since then, of those kinds."""
        marks = ",".join("?" * len(kinds))
        rows = self._db.execute(
            f"SELECT body FROM entries WHERE at >= ? AND kind IN ({marks}) ORDER BY line",
            (moment.isoformat(), *kinds),
        )
        return [Entry.model_validate_json(body) for (body,) in rows]

    def closed(self, after: int = 0) -> list[tuple[int, str]]:
        """The sessions that were closed, or closed again, after that line, each with the line where they were."""
        return self._db.execute(
            "SELECT MAX(line), session FROM entries WHERE kind = 'closed' AND line > ? GROUP BY session ORDER BY 1",
            (after,),
        ).fetchall()

    def sessions(self, most: int = 50) -> list[Summary]:
        """The latest sessions, the newest first."""
        rows = self._db.execute(
            "SELECT session FROM entries WHERE number = 1 ORDER BY line DESC LIMIT ?", (most,)
        ).fetchall()
        return [summary for (name,) in rows if (summary := _summary(self.entries(name)))]

    def export(self) -> Iterator[str]:
        """Every line as JSON, with its hashes."""
        for line, body, previous, digest in self._db.execute(
            "SELECT line, body, previous, hash FROM entries ORDER BY line"
        ):
            yield f'{{"line":{line},"previous":"{previous}","hash":"{digest}","entry":{body}}}'

    def flaws(self) -> list[str]:
        """What is wrong with the chain: lines that were changed, are missing, or stand in another order. Empty: nothing."""
        found, previous, expected = [], _FIRST, 1
        for line, body, before, digest in self._db.execute(
            "SELECT line, body, previous, hash FROM entries ORDER BY line"
        ):
            if line != expected:
                found.append(f"line {expected} is missing")
            if before != previous and line == expected:
                found.append(f"line {line} does not follow line {line - 1}: one of them was changed, or the order was")
            if _hash(before, line, body) != digest:
                found.append(f"line {line} was changed")
            previous, expected = digest, line + 1
        line, digest = self._db.execute("SELECT line, hash FROM head").fetchone() or (0, _FIRST)
        if line != expected - 1 or digest != previous:
            found.append(f"the end is missing: the last line was {line}")
        return found


def _hash(previous: str, line: int, body: str) -> str:
    return hashlib.sha256(f"{previous}\n{line}\n{body}".encode()).hexdigest()


def _summary(entries: list[Entry]) -> Summary | None:
    if not entries or entries[0].event.kind != "question":
        return None
    request: Request = entries[0].event.request
    outcome, causes = "", tuple[str, ...]()
    for entry in entries:
        if entry.event.kind == "closed":
            outcome = entry.event.outcome
        if entry.event.kind == "diagnosis" and not causes:
            causes = tuple(f"{c.fault} {c.entity}" for c in entry.event.diagnosis.causes)
    return Summary(entries[0].session, entries[0].at, request.question, request.wants, outcome, causes)


def closing_journal(path: Path) -> closing[FileJournal]:
    """The journal at that path, for a `with` block."""
    return closing(FileJournal(path))
