"""The record: what was told is told again, and whoever changes it afterwards is found out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from steersman.journal import FileJournal
from steersman.types import Entry, Progress

NOW = datetime(2026, 3, 14, 15, 9, tzinfo=UTC)


def entry(number: int, session: str = "s", text: str = "") -> Entry:
    return Entry(session=session, number=number, at=NOW, event=Progress(text=text or f"step {number}"))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[FileJournal]:
    with closing(FileJournal(tmp_path / "sessions.db")) as made:
        for number in range(1, 6):
            made.append(entry(number))
            made.append(entry(number, "other"))
        yield made


def test_an_untouched_record_has_no_flaw(journal: FileJournal) -> None:
    assert journal.flaws() == []
    assert len(list(journal.export())) == 10
    assert journal.path.stat().st_mode & 0o077 == 0


def test_what_was_told_is_told_again(journal: FileJournal) -> None:
    """A process that goes on where another died says the same numbers: the record's own words are returned."""
    assert journal.append(entry(3, text="something else")) == entry(3)
    assert journal.entries("s") == [entry(n) for n in range(1, 6)]
    assert journal.entries("s", after=4) == [entry(5)]
    assert journal.flaws() == []


TAMPERED = {
    "changed": "UPDATE entries SET body = replace(body, 'step 3', 'step 4') WHERE line = 5",
    "changed with its hash": "UPDATE entries SET body = replace(body, 'step 3', 'step 4'), hash = 'f00d' WHERE line = 5",
    "missing": "DELETE FROM entries WHERE line = 5",
    "the first missing": "DELETE FROM entries WHERE line = 1",
    "the last missing": "DELETE FROM entries WHERE line = 10",
    "the last missing, and the rest renumbered": "UPDATE entries SET line = line + 100 WHERE line > 5",
    "reordered": "UPDATE entries SET line = CASE line WHEN 3 THEN -7 ELSE 3 END WHERE line IN (3, 7); UPDATE entries SET line = 7 WHERE line = -7",
    "swapped bodies": "UPDATE entries SET body = (SELECT body FROM entries e WHERE e.line = 13 - entries.line) WHERE line IN (6, 7)",
}  # fmt: skip


@pytest.mark.parametrize("statements", TAMPERED.values(), ids=TAMPERED)
def test_tampering_is_found(journal: FileJournal, statements: str) -> None:
    """A line that was changed, taken away, or put elsewhere."""
    with closing(sqlite3.connect(journal.path)) as db:
        for statement in statements.split(";"):
            db.execute(statement)
        db.commit()
    assert journal.flaws()
