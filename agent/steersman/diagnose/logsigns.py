"""Reads logs: which lines say what, how often, and since when. The table of signs is log_signs.toml."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from importlib import resources

from steersman_tools.snapshot import Log, LogLine

_UPSTREAM = re.compile(
    r"\b(?:upstream|target|host|addr(?:ess)?|url|endpoint|server)[=:]\s*\"?(?:\w+://)?(?P<host>[\w.-]+):(?P<port>\d+)"
)
_RECENT_SECONDS = 12.0


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

    @property
    def key(self) -> tuple[object, ...]:
        return self.kind, self.host, self.port, self.name, self.upstream


@cache
def _table() -> tuple[tuple[str, tuple[re.Pattern[str], ...]], ...]:
    text = resources.files(__package__).joinpath("log_signs.toml").read_text(encoding="utf-8")
    return tuple((s["kind"], tuple(re.compile(p) for p in s["patterns"])) for s in tomllib.loads(text)["sign"])


def read_line(line: LogLine) -> Sign | None:
    """What the line says, if anything known."""
    for kind, patterns in _table():
        for pattern in patterns:
            if not (found := pattern.search(line.text)):
                continue
            groups = found.groupdict()
            upstream = _UPSTREAM.search(line.text)
            return Sign(
                kind,
                line,
                host=(groups.get("host") or "").rstrip("."),
                port=int(groups["port"]) if groups.get("port") else None,
                name=groups.get("name") or "",
                detail=(groups.get("detail") or "").strip(),
                upstream=(upstream["host"], int(upstream["port"])) if upstream else None,
                first=line.at,
            )
    return None


def read(log: Log) -> list[Sign]:
    """The signs of a log, each with its count and its newest line, the most frequent first."""
    found: dict[tuple[object, ...], Sign] = {}
    for line in log.lines:
        if sign := read_line(line):
            known = found.get(sign.key)
            found[sign.key] = replace(sign, count=known.count + 1, first=known.first) if known else sign
    return sorted(found.values(), key=lambda sign: -sign.count)


def current(signs: list[Sign], now: datetime) -> list[Sign]:
    """Those that are still being written: the last one is recent by the clock, or by the pace at which they come."""
    return [sign for sign in signs if is_current(sign, now)]


def is_current(sign: Sign, now: datetime) -> bool:
    if sign.line.at is None or sign.first is None:
        return True
    pace = (sign.line.at - sign.first) / max(sign.count - 1, 1)
    return now - sign.line.at <= max(timedelta(seconds=_RECENT_SECONDS), 3 * pace)


def last_words(log: Log, most: int = 6) -> tuple[LogLine, ...]:
    """The lines that say why a process ended: from its first complaint on, or simply its last ones."""
    for index, line in enumerate(log.lines):
        if read_line(line) or re.search(r"(?i)\b(?:error|fatal|panic|exception)\b", line.text):
            return log.lines[index : index + most]
    return log.lines[-most:]
