"""Which lines of a log say the same: patterns with their counts and times, so that evidence says how often and since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from steersman_tools.snapshot import Log, LogLine

from .stacks import folded

if TYPE_CHECKING:
    from drain3.drain import Drain

SIMILAR = 0.5
"""The part of its words that a line shares with a pattern it belongs to (Drain's own default is 0.4)."""
DEPTH, CHILDREN, MOST = 4, 50, 300
WILD = "<*>"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Lines that say the same but for what varies: `text` has <*> where they differ."""

    text: str
    count: int
    newest: LogLine
    first: datetime | None = None

    @property
    def last(self) -> datetime | None:
        return self.newest.at


def patterns(lines: Sequence[LogLine]) -> tuple[Pattern, ...]:
    """The patterns of a log, the most frequent first; a stack trace counts as one line."""
    return tuple(sorted(_mine(tuple(lines)).patterns.values(), key=lambda pattern: -pattern.count))


def pattern_of(line: LogLine, log: Log) -> Pattern | None:
    """What a line of the log has in common with others; None where it is not a line of it."""
    mined = _mine(log.lines)
    number = mined.member_of.get(line.text)
    return mined.patterns[number] if number is not None else None


@dataclass(frozen=True, slots=True)
class _Mined:
    patterns: Mapping[int, Pattern]
    member_of: Mapping[str, int]
    """By the text of a line: the number of its pattern."""


@lru_cache(maxsize=64)
def _mine(lines: tuple[LogLine, ...]) -> _Mined:
    tree = _tree()
    found: dict[int, Pattern] = {}
    members: dict[str, int] = {}
    for line in folded(lines):
        if not line.text.strip():
            continue
        cluster, _ = tree.add_log_message(line.text)
        number, text = cluster.cluster_id, cluster.get_template()
        known = found.get(number)
        members[line.text] = number
        found[number] = (
            replace(known, text=text, count=known.count + 1, newest=line, first=known.first or line.at)
            if known
            else Pattern(text, 1, line, line.at)
        )
    return _Mined(found, members)


def _tree() -> Drain:
    from drain3.drain import Drain  # noqa: PLC0415  0.2 s that only logs need

    return Drain(depth=DEPTH, sim_th=SIMILAR, max_children=CHILDREN, max_clusters=MOST, param_str=WILD)
