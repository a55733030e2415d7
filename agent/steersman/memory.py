"""Incident memory: every closed session of the journal as a record that can be compared with what is wrong now.

The journal is the truth. What stands here is drawn from it, only from what is new, and may be deleted at any time.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from .experience import ALIKE, Experience, Incident, Recall, Signature, Tally, Tried, likeness
from .journal import FileJournal
from .types import Diagnosed, Diagnosis, Done, Entry, Planned, Started, Undone, Verified

MOST = 3
_LATEST = 2000
"""Incidents that are compared, the newest first."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS incidents (session TEXT PRIMARY KEY, line INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tried (session TEXT NOT NULL, fault TEXT NOT NULL, plan TEXT NOT NULL, worked INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS read_up_to (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), line INTEGER NOT NULL);
"""
_WORD = re.compile(r"[a-z]{3,}")
_COMMON = frozenset(("and", "are", "for", "has", "its", "not", "that", "the", "there", "this", "was", "with"))


class IncidentMemory:
    """What the sessions of one journal have taught."""

    def __init__(self, journal: FileJournal) -> None:
        self._journal = journal
        self._path = journal.path.with_name("memory.db")

    def like(self, found: Signature, session: str = "") -> tuple[Recall, ...]:
        """The incidents most like this one, the most alike first, without the session itself."""
        with self._open() as db:
            rows = db.execute("SELECT body FROM incidents ORDER BY line DESC LIMIT ?", (_LATEST,)).fetchall()
        known = (Incident.model_validate_json(body) for (body,) in rows)
        recalls = (Recall(incident=i, likeness=likeness(found, i.signature)) for i in known if i.session != session)
        return tuple(sorted((r for r in recalls if r.likeness >= ALIKE), key=lambda r: -r.likeness)[:MOST])

    def experience(self, fault: str) -> Experience:
        """How the remedies for a fault have done."""
        with self._open() as db:
            rows = db.execute(
                "SELECT plan, SUM(worked), COUNT(*) FROM tried WHERE fault = ? GROUP BY plan ORDER BY plan", (fault,)
            ).fetchall()
        tallies = tuple(Tally(plan=plan, worked=worked, failed=count - worked) for plan, worked, count in rows)
        return Experience(fault=fault, tallies=tallies)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """The records, brought up to date; damaged ones are made anew."""
        try:
            db = self._updated(str(self._path))
        except sqlite3.OperationalError:  # a folder that may only be read, or a lock that is never let go
            db = self._updated(":memory:")
        except sqlite3.DatabaseError:
            for path in self._path.parent.glob(f"{self._path.name}*"):
                path.unlink(missing_ok=True)
            db = self._updated(str(self._path))
        try:
            yield db
        finally:
            db.close()

    def _updated(self, where: str) -> sqlite3.Connection:
        db = sqlite3.connect(where, timeout=30)
        try:
            db.executescript(_SCHEMA)
            (line,) = db.execute("SELECT COALESCE(MAX(line), 0) FROM read_up_to").fetchone()
            for last, session in self._journal.closed(after=line):
                line = max(line, last)
                _keep(db, last, record(self._journal.entries(session)))
            db.execute("INSERT OR REPLACE INTO read_up_to VALUES (1, ?)", (line,))
            db.commit()
        except BaseException:
            db.close()
            raise
        return db


def _keep(db: sqlite3.Connection, line: int, incident: Incident | None) -> None:
    if incident is None:
        return
    db.execute("DELETE FROM tried WHERE session = ?", (incident.session,))
    db.execute(
        "INSERT OR REPLACE INTO incidents VALUES (?, ?, ?)", (incident.session, line, incident.model_dump_json())
    )
    counted = [t for t in incident.tried if t.result != "not done"]
    db.executemany(
        "INSERT INTO tried VALUES (?, ?, ?, ?)",
        [(incident.session, t.fault, t.plan, int(t.result == "worked")) for t in counted],
    )


def record(entries: Sequence[Entry]) -> Incident | None:
    """A closed session as it is remembered; None where nothing was wrong in it."""
    events = [entry.event for entry in entries]
    first = next((e.diagnosis for e in events if isinstance(e, Diagnosed)), None)
    if first is None or first.healthy:
        return None
    outcome = next((e.outcome for e in reversed(events) if e.kind == "closed"), "")
    plans = {e.plan.digest: e.plan for e in events if isinstance(e, Planned)}
    started = {e.digest for e in events if isinstance(e, Started | Done)}
    healed = {e.digest for e in events if isinstance(e, Verified) and e.healed}
    undone = {e.digest for e in events if isinstance(e, Undone)}
    tried = tuple(
        Tried(
            plan=plan.name,
            fault=plan.fault,
            entity=plan.entity,
            result="not done" if digest not in started else "worked" if digest in healed - undone else "taken back",
            words=plan.steps[0].action.words[:200],
        )
        for digest, plan in plans.items()
        if plan.steps
    )
    question = next((e.request.question for e in events if e.kind == "question"), "")
    return Incident(
        session=entries[0].session, at=entries[0].at, question=question, signature=signature(first), tried=tried,
        outcome=outcome,
    )  # fmt: skip


def signature(found: Diagnosis) -> Signature:
    """What can be compared of a diagnosis."""
    texts = [c.summary for c in found.causes] + [u.text for u in found.unexplained]
    names = {part for c in found.causes for part in _WORD.findall(c.entity.name.lower())}
    words = {word for text in texts for word in _WORD.findall(text.lower())} - names - _COMMON
    return Signature(
        faults=tuple(c.fault for c in found.causes),
        entities=tuple(c.entity for c in found.causes) or tuple(u.entity for u in found.unexplained),
        words=tuple(sorted(words)),
    )
