"""What the bot must remember across restarts: which thread holds which session, and what was dealt with already."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Thread:
    """Where a session is told: the channel, its thread, and the one message that is edited."""

    session: str
    channel: str
    thread: str
    message: str


@dataclass(frozen=True)
class Heard:
    """What somebody said, until it is answered."""

    key: str
    """Slack's own name for it: the same however often it is delivered."""
    user: str
    channel: str
    thread: str
    text: str

    @property
    def session(self) -> str:
        """What the session that it begins is called, also if it is begun a second time after a crash."""
        return f"slack-{hashlib.sha256(self.key.encode()).hexdigest()[:16]}"


class Threads:
    """The bot's memory in one SQLite file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        self._db.execute("CREATE TABLE IF NOT EXISTS seen (key TEXT PRIMARY KEY)")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS threads (session TEXT PRIMARY KEY, channel TEXT, thread TEXT, message TEXT, told INTEGER)"
        )

        self._db.execute(
            "CREATE TABLE IF NOT EXISTS inbox (key TEXT PRIMARY KEY, user TEXT, channel TEXT, thread TEXT, text TEXT)"
        )

    def close(self) -> None:
        self._db.close()

    def first(self, key: str) -> bool:
        """Whether this is the first time that the key is met; from now on it is not. Slack delivers again what it thinks lost."""
        return self._db.execute("INSERT OR IGNORE INTO seen VALUES (?)", (key,)).rowcount == 1

    def hear(self, heard: Heard) -> bool:
        """As `first`; and until `answered`, what was said is among the `unanswered`, whatever dies meanwhile."""
        self._db.execute("BEGIN IMMEDIATE")
        new = self.first(heard.key)
        if new:
            row = (heard.key, heard.user, heard.channel, heard.thread, heard.text)
            self._db.execute("INSERT INTO inbox VALUES (?, ?, ?, ?, ?)", row)
        self._db.execute("COMMIT")
        return new

    def answered(self, heard: Heard) -> None:
        """It needs nothing more."""
        self._db.execute("DELETE FROM inbox WHERE key = ?", (heard.key,))

    def unanswered(self) -> list[Heard]:
        """What an earlier process took and did not get to answer."""
        return [Heard(*row) for row in self._db.execute("SELECT key, user, channel, thread, text FROM inbox")]

    def told_where(self, session: str) -> bool:
        """Whether the session has its message."""
        return self._db.execute("SELECT 1 FROM threads WHERE session = ?", (session,)).fetchone() is not None

    def forget(self, prefix: str, but: set[str]) -> None:
        """Keys of that prefix other than those may be met anew: an alert that was resolved can fire again."""
        for (key,) in self._db.execute("SELECT key FROM seen WHERE key LIKE ? || '%'", (prefix,)).fetchall():
            if key not in but:
                self._db.execute("DELETE FROM seen WHERE key = ?", (key,))

    def keep(self, thread: Thread) -> None:
        """Remembers where a session is told."""
        row = (thread.session, thread.channel, thread.thread, thread.message)
        self._db.execute("INSERT OR REPLACE INTO threads VALUES (?, ?, ?, ?, 0)", row)

    def told(self, session: str) -> None:
        """Its message is final."""
        self._db.execute("UPDATE threads SET told = 1 WHERE session = ?", (session,))

    def open(self) -> list[Thread]:
        """Those whose message is not final."""
        rows = self._db.execute("SELECT session, channel, thread, message FROM threads WHERE told = 0")
        return [Thread(*row) for row in rows]
