"""Reads logs: which lines say what, how often, and since when. The table of signs is log_signs.toml."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, lru_cache
from importlib import resources

from steersman_tools.snapshot import Log, LogLine

from .literals import required
from .stacks import folded

_UPSTREAM = re.compile(
    r"\b(?:upstream|target|host|addr(?:ess)?|url|endpoint|server)[=:]\s*\"?(?:\w+://)?(?P<host>[\w.-]+):(?P<port>\d+)"
)
BUSY_SECONDS, RARE_SECONDS = 6.0, 15.0
"""How long after its last line a sign still counts: one that comes often, and one that came once or twice."""
KEPT_SECONDS = 600.0
"""The same in a log of which only the complaints were kept."""
QUIET_LINES = 25
"""How many other lines end a sign in a log that has no times."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What one kind of line says: `count` lines, the newest of which is `line`."""

    kind: str
    line: LogLine
    host: str = ""
    port: int | None = None
    name: str = ""
    detail: str = ""
    upstream: tuple[str, int] | None = None
    """The address that the application says it called, where the line names one beside the one it dialled."""
    count: int = 1
    first: datetime | None = None
    began: int = 0
    """The place of its first line in the log."""
    ended: int = 0
    """How many lines follow its last one."""

    @property
    def key(self) -> tuple[object, ...]:
        return self.kind, self.host, self.port, self.name, self.upstream


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A pattern with the words of which a line must contain one."""

    kind: str
    words: tuple[str, ...]
    search: re.Pattern[str]


@cache
def _table() -> tuple[_Pattern, ...]:
    text = resources.files(__package__).joinpath("log_signs.toml").read_text(encoding="utf-8")
    pairs = [(s["kind"], re.compile(p)) for s in tomllib.loads(text)["sign"] for p in s["patterns"]]
    return tuple(_Pattern(kind, required(pattern), pattern) for kind, pattern in pairs)


@cache
def _words() -> re.Pattern[str]:
    """Any word of any pattern: most lines have none, and one search tells."""
    return re.compile("|".join(sorted({re.escape(word) for pattern in _table() for word in pattern.words or ("",)})))


def read_line(line: LogLine) -> Sign | None:
    """What the line says, if anything known."""
    found = _read_text(line.text)
    return replace(found, line=line, first=line.at) if found else None


@lru_cache(maxsize=20_000)
def _read_text(text: str) -> Sign | None:
    lower = text.lower()
    if not _words().search(lower):
        return None
    for one in _table():
        if one.words and not any(word in lower for word in one.words):
            continue
        if found := one.search.search(text):
            groups = found.groupdict()
            upstream = _UPSTREAM.search(text)
            return Sign(
                one.kind,
                LogLine(text),
                host=(groups.get("host") or "").rstrip("."),
                port=int(groups["port"]) if groups.get("port") else None,
                name=groups.get("name") or "",
                detail=(groups.get("detail") or "").strip(),
                upstream=(upstream["host"], int(upstream["port"])) if upstream else None,
            )
    return None


def read(log: Log) -> list[Sign]:
    """The signs of a log, each with its count and its newest line, the most frequent first."""
    found: dict[tuple[object, ...], Sign] = {}
    for place, line in enumerate(log.lines):
        if sign := read_line(line):
            known = found.get(sign.key)
            left = len(log.lines) - place - 1
            found[sign.key] = (
                replace(sign, count=known.count + 1, first=known.first, began=known.began, ended=left)
                if known
                else replace(sign, began=place, ended=left)
            )
    return sorted(found.values(), key=lambda sign: -sign.count)


def current(log: Log, now: datetime) -> list[Sign]:
    """The signs that are still being written, by the clock or, in a log without times, by what has been written since."""
    until = min(log.until or now, now)
    if log.filtered:
        return [s for s in read(log) if s.line.at is None or until - s.line.at <= timedelta(seconds=KEPT_SECONDS)]
    return [sign for sign in read(log) if is_current(sign, until)]


def is_current(sign: Sign, now: datetime) -> bool:
    if sign.line.at is None or sign.first is None:
        return sign.ended <= QUIET_LINES
    if sign.count < 3:
        return now - sign.line.at <= timedelta(seconds=RARE_SECONDS)
    pace = (sign.line.at - sign.first) / (sign.count - 1)
    return now - sign.line.at <= max(timedelta(seconds=BUSY_SECONDS), 3 * pace)


def last_words(log: Log, most: int = 6) -> tuple[LogLine, ...]:
    """The lines that say why a process ended: from its first complaint on, or simply its last ones."""
    lines = folded(log.lines)
    for index, line in enumerate(lines):
        if read_line(line) or re.search(r"(?i)\b(?:error|fatal|panic|exception)\b", line.text):
            return lines[index : index + most]
    return lines[-most:]
