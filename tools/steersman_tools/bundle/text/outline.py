"""The outline of a `kubectl describe` text: titled sections whose lines are kept until somebody asks for what is in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .build import NOTHING
from .tables import Row, columns, row

_TITLE = re.compile(r"([A-Z][A-Za-z0-9 /()_-]{0,60}?):(?: +(.*))?$")
_ENTRY = re.compile(r"( *)([^\s:][^:]*):(?: +(.*))?$")
_RULE = re.compile(r" *-{2,}(?: +-{2,})*")


@dataclass(slots=True)
class Section:
    """A title, what stands beside it, and the lines below it as they are."""

    title: str
    value: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def entries(self) -> list[Section]:
        """The sections one level below."""
        return entries(self.lines)

    @property
    def texts(self) -> list[str]:
        """The value and the lines below it, one text each; a section of `<none>` has none."""
        found = [self.value] if self.value else []
        found += [text for line in self.lines if (text := line.strip())]
        return [] if found[:1] and found[0] in NOTHING else found


@dataclass(slots=True)
class Described:
    """The description of one object. `odd` collects what could not be understood."""

    kind: str
    sections: list[Section]
    body: list[str] = field(default_factory=list)
    """What follows `Data ====`, where names and values are anybody's."""
    odd: list[str] = field(default_factory=list)

    def section(self, *titles: str) -> Section:
        """The first section with one of the titles, which changed over the years; an empty one if there is none."""
        return next((s for s in self.sections if s.title in titles), _ABSENT)

    def has(self, *titles: str) -> bool:
        return any(s.title in titles for s in self.sections)

    def value(self, *titles: str) -> str | None:
        """What stands beside the title; None for `<none>`, `<unset>` and nothing."""
        text = self.section(*titles).value
        return None if text in NOTHING else text


_ABSENT = Section("")


def objects(text: str) -> Iterator[list[str]]:
    """The lines of each object in a text of one or many descriptions."""
    lines = text.split("\n")
    starts = [i for i, line in enumerate(lines) if line.startswith("Name:") and _begins(lines, i)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield lines[start:end]


def _begins(lines: list[str], index: int) -> bool:
    """Whether a description begins there: the line may also stand in somebody's data."""
    follows = (
        "Namespace:",
        "Labels:",
        "Priority:",
        "Roles:",
        "Selector:",
        "Annotations:",
        "IsDefaultClass:",
        "Value:",
        "StorageClass:",
    )
    after = lines[index + 1] if index + 1 < len(lines) else ""
    before = index == 0 or not lines[index - 1].strip() or not any(line.startswith("Name:") for line in lines[:index])
    return before and (after.startswith(follows) or index == 0)


def described(lines: Sequence[str], kind: str) -> Described:
    """The sections of one object's description."""
    lines, body = _apart(lines)
    sections: list[Section] = []
    current = Section("")
    last = False
    for line in lines:
        if line[:1] not in ("", " ") and not last and (found := _TITLE.match(line)):
            current = Section(found[1], (found[2] or "").rstrip())
            sections.append(current)
            last = found[1] == "Events"
        else:
            current.lines.append(line)
    return Described(kind, sections, body)


def _apart(lines: Sequence[str]) -> tuple[Sequence[str], list[str]]:
    """The description without its data, and the data: of ConfigMaps and Secrets."""
    for index, line in enumerate(lines):
        if line.rstrip() == "Data" and index + 1 < len(lines) and lines[index + 1].startswith("==="):
            rest = list(lines[index + 2 :])
            end = next((i for i in range(len(rest) - 1, -1, -1) if rest[i].startswith("Events:")), len(rest))
            return [*lines[:index], *rest[end:]], rest[:end]
    return lines, []


def entries(lines: Sequence[str]) -> list[Section]:
    """`key: value` lines of the least indentation, each with what is indented below it."""
    found: list[Section] = []
    base = -1
    for line in lines:
        if not line or line.isspace():
            if found:
                found[-1].lines.append(line)
            continue
        indent = len(line) - len(line.lstrip(" "))
        if base < 0:
            base = indent
        if indent <= base and (match := _ENTRY.match(line)):
            found.append(Section(match[2], (match[3] or "").rstrip()))
        elif found:
            found[-1].lines.append(line)
    return found


def grid(lines: Sequence[str]) -> list[Row]:
    """A table inside a description: a header, perhaps a rule of dashes, and rows up to the first empty line."""
    shown = iter(lines)
    header = next((line for line in shown if line.strip()), "")
    names, starts = columns(header)
    rows: list[Row] = []
    for line in shown:
        if not line or line.isspace():
            break
        if not _RULE.fullmatch(line.rstrip()) and (found := row(line, names, starts)):
            rows.append(found)
    return rows
