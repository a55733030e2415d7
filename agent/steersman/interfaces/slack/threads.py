"""What the bot must remember across restarts: which thread holds which session, and what was dealt with already."""

from __future__ import annotations

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

    def close(self) -> None:
        self._db.close()

    def first(self, key: str) -> bool:
        """Whether this is the first time that the key is met; from now on it is not. Slack delivers again what it thinks lost."""
        return self._db.execute("INSERT OR IGNORE INTO seen VALUES (?)", (key,)).rowcount == 1

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
