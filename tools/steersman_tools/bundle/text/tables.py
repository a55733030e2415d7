"""Tables of `kubectl get` as rows of cells. Columns begin where their headers begin; where a text was re-spaced, by gaps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Row: TypeAlias = "dict[str, str]"

_COLUMN = re.compile(r"\S+(?: \S+)*")
_HEADER = re.compile(r"(?:NAMESPACE|NAME|LAST SEEN|FIRST SEEN|LASTSEEN) *(?:$|  | [A-Z])[A-Z0-9 ()_:./%-]*$")
_LONG_NAMES = (
    "NOMINATED NODE", "READINESS GATES", "LAST SEEN", "FIRST SEEN", "ACCESS MODES", "RECLAIM POLICY", "LAST SCHEDULE",
    "NODE SELECTOR", "MIN AVAILABLE", "MAX UNAVAILABLE", "ALLOWED DISRUPTIONS", "CREATED AT", "CPU Requests",
    "CPU Limits", "Memory Requests", "Memory Limits", "Default Request", "Default Limit", "Resource Names",
    "Non-Resource URLs", "Max Limit/Request Ratio",
)  # fmt: skip
_SPREAD = re.compile(r" {2,}")


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns' names, and the rows by them."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def is_header(line: str) -> bool:
    """Whether the line is the head of a table of kubectl."""
    return line.startswith(("NAME", "LAST", "FIRST")) and bool(_HEADER.match(line.rstrip())) and " " in line.strip()


def tables(lines: Sequence[str]) -> Iterator[Table]:
    """The tables of an output, one after the other; lines before the first header belong to none."""
    start: int | None = None
    for index, line in enumerate(lines):
        if is_header(line):
            if start is not None:
                yield _table(lines[start], lines[start + 1 : index])
            start = index
    if start is not None:
        yield _table(lines[start], lines[start + 1 :])


def _table(header: str, lines: Sequence[str]) -> Table:
    names, starts = columns(header)
    rows = (row(line, names, starts) for line in lines if line and not line.isspace())
    return Table(names, tuple(found for found in rows if found))


def columns(header: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The names of the columns, and where they begin; () where single spaces part them, which tells no place."""
    header = header.rstrip()
    if _SPREAD.search(header):
        found = list(_COLUMN.finditer(header))
        return tuple(m[0] for m in found), tuple(m.start() for m in found)
    for name in _LONG_NAMES:
        header = header.replace(name, name.replace(" ", "\0"))
    return tuple(name.replace("\0", " ") for name in header.split()), ()


def row(line: str, names: tuple[str, ...], starts: tuple[int, ...]) -> Row | None:
    """The cells of a line by their columns."""
    if starts and all(start == 0 or start >= len(line) or line[start - 1] == " " for start in starts):
        ends = (*starts[1:], len(line) + 1)
        return {name: line[a:b].strip() for name, a, b in zip(names, starts, ends, strict=True)}
    return spaced(line, names)


def spaced(line: str, names: Sequence[str]) -> Row | None:
    """A row without a place for its cells: by wide gaps, else by any; None where the cells are not as many as columns."""
    cells = _SPREAD.split(line.strip(), maxsplit=len(names) - 1)
    if len(cells) != len(names):
        cells = _words(line, len(names))
    return dict(zip(names, cells, strict=True)) if len(cells) == len(names) else None


def _words(line: str, most: int) -> list[str]:
    """The words of a line, where `5 (2m ago)` is one, and the last column takes what is left."""
    joined = re.sub(r"(\d+) \((\S+) ago\)", "\\1\0(\\2\0ago)", line)
    return [word.replace("\0", " ") for word in joined.split(None, most - 1)]
