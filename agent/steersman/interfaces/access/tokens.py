"""Bearer tokens, kept as hashes only, and the key that signs what the server itself hands out (cookies, approval codes)."""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, cast

from steersman_tools.types import ToolFailed

from . import Principal, Role

PREFIX = "steersman_"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS tokens (
  name TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, role TEXT NOT NULL, holder TEXT NOT NULL, created TEXT NOT NULL, expires TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS keys (name TEXT PRIMARY KEY, key BLOB NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A token as it is listed: never the token itself, which nobody has but its holder."""

    name: str
    role: Role
    holder: Literal["person", "machine"]
    created: datetime
    expires: datetime


class TokenStore:
    """The tokens of one data folder."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        self._db = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    def create(self, name: str, role: Role, holder: Literal["person", "machine"], days: float) -> str:
        """A new token, shown this once. 256 random bits need no slow hash. Raises ToolFailed when the name is taken."""
        token = PREFIX + secrets.token_urlsafe(32)
        now = datetime.now(UTC)
        line = (name, _hash(token), role, holder, now.isoformat(), (now + timedelta(days=days)).isoformat())
        try:
            self._db.execute("INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?)", line)
        except sqlite3.IntegrityError as error:
            raise ToolFailed(f"There is a token of {name} already: revoke it first, or choose another name.") from error
        return token

    def revoke(self, name: str) -> None:
        """Ends a token at once. Raises ToolFailed when there is none of that name."""
        if self._db.execute("DELETE FROM tokens WHERE name = ?", (name,)).rowcount == 0:
            raise ToolFailed(f"There is no token of {name}; see `steersman token list`.")

    def list(self) -> list[TokenLine]:
        rows = self._db.execute("SELECT name, role, holder, created, expires FROM tokens ORDER BY name")
        return [TokenLine(n, r, h, datetime.fromisoformat(c), datetime.fromisoformat(e)) for n, r, h, c, e in rows]

    def holder_of(self, token: str) -> Principal | None:
        """Whose token it is; None when nobody's, or when its time is up."""
        return self._principal("hash", _hash(token))

    def named(self, name: str) -> Principal | None:
        """The holder of the token of that name, as long as it is valid."""
        return self._principal("name", name)

    def key(self) -> str:
        """The key for signatures, made when it is first asked for."""
        self._db.execute("INSERT OR IGNORE INTO keys VALUES ('signing', ?)", (secrets.token_hex(32),))
        return str(self._db.execute("SELECT key FROM keys WHERE name = 'signing'").fetchone()[0])

    def _principal(self, column: Literal["hash", "name"], value: str) -> Principal | None:
        row = self._db.execute(
            f"SELECT name, role, holder, expires FROM tokens WHERE {column} = ?", (value,)
        ).fetchone()
        if row is None or datetime.fromisoformat(row[3]) <= datetime.now(UTC):
            return None
        return Principal(id=row[0], role=cast(Role, row[1]), holder=row[2])


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
