"""Events as kubectl prints them: below a description, as a table, and as a table whose header a pipe has cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .build import NOTHING
from .outline import Described
from .parts import EventPart
from .tables import Row, columns, row
from .times import age
from .words import CLUSTER, kind_named

_AGE = re.compile(r"(\S+)(?: \(x(\d{1,9}) over (\S+)\))?$")
_BARE = re.compile(
    r"(?:(?P<namespace>[a-z0-9][a-z0-9-]*) {2,})?(?P<age><\w+>|[\dydhms]+(?: \(x\d+ over \S+\))?) {2,}(?P<type>Normal|Warning) +"
    r"(?P<reason>\S+) +(?P<kind>[a-z][\w.]*)/(?P<name>\S+) +(?P<message>.*)$"
)
_TYPES = ("Normal", "Warning")


def described_events(text: Described, namespace: str | None) -> Iterator[EventPart]:
    """The events below a description, all about what it describes."""
    name = text.value("Name") or ""
    lines = text.section("Events").lines
    header = next((i for i, line in enumerate(lines) if line.split()[:2] == ["Type", "Reason"]), None)
    if header is None:  # 1.4 and before: FirstSeen LastSeen Count From SubObjectPath Type Reason Message
        header = next((i for i, line in enumerate(lines) if "FirstSeen" in line and "Reason" in line), None)
    if header is None:
        return
    for found in _rows(lines[header], lines[header + 1 :]):
        last, count, first = _span(found.get("Age") or found.get("LastSeen", ""))
        yield EventPart(
            text.kind, namespace, name, found["Type"], found["Reason"], found["Message"],
            count=_count(found.get("Count", "")) or count, last=last,
            first=age(found["FirstSeen"]) if "FirstSeen" in found else first,
            source=found.get("From", "").partition(",")[0], field_path=found.get("SubObjectPath", ""),
        )  # fmt: skip


def _rows(header: str, lines: Sequence[str]) -> Iterator[Row]:
    """The rows up to the first empty line; a line that begins no event goes on with the message before it."""
    names, starts = columns(header)
    last: Row | None = None
    for line in lines:
        if not line or line.isspace():
            break
        found = row(line, names, starts)
        if found and found.get("Type") in _TYPES and "Reason" in found and "Message" in found:
            if last:
                yield last
            last = found
        elif last and not line.lstrip().startswith("--"):
            last["Message"] += f"\n{line.strip()}"
    if last:
        yield last


def table_events(rows: Sequence[Row], namespace: str | None) -> Iterator[EventPart]:
    """The rows of `kubectl get events`, in any of its widths."""
    for found in rows:
        kind, slash, name = found.get("OBJECT", "").partition("/")
        if not slash or found.get("TYPE") not in _TYPES:
            continue
        last, count, first = _span(found.get("LAST SEEN", ""))
        if "FIRST SEEN" in found:
            first = age(found["FIRST SEEN"])
        yield _event(
            kind, name, found.get("NAMESPACE", namespace), found["TYPE"], found.get("REASON", ""),
            found.get("MESSAGE", ""), _count(found.get("COUNT", "")) or count, last, first,
            found.get("SOURCE", "").partition(",")[0], found.get("SUBOBJECT", ""),
        )  # fmt: skip


def bare_events(lines: Sequence[str], namespace: str | None) -> Iterator[EventPart]:
    """Events without a header: LAST SEEN, TYPE, REASON, OBJECT, MESSAGE, and before them perhaps a namespace."""
    for line in lines:
        if found := _BARE.match(line.strip()):
            last, count, first = _span(found["age"])
            yield _event(
                found["kind"], found["name"], found["namespace"] or namespace, found["type"], found["reason"],
                found["message"].rstrip(), count, last, first,
            )  # fmt: skip


def is_bare_event(line: str) -> bool:
    """Whether a line alone can be seen to be one of `kubectl get events`."""
    return bool(_BARE.match(line.strip()))


def _event(
    word: str, name: str, namespace: str | None, kind: str, reason: str, message: str,
    count: int, last: float | None, first: float | None, source: str = "", field_path: str = "",
) -> EventPart:  # fmt: skip
    about = kind_named(word) or word.capitalize()
    where = "" if about in CLUSTER else namespace
    return EventPart(
        about, where, name, kind, reason, message, count, last, first,
        "" if source in NOTHING else source, "" if field_path in NOTHING else field_path,
    )  # fmt: skip


def _span(text: str) -> tuple[float | None, int, float | None]:
    """`2m3s (x4 over 5m)`: when last, how often, when first."""
    found = _AGE.match(text)
    if not found:
        return None, 1, None
    last = age(found[1])
    return last, int(found[2] or 1), age(found[3]) if found[3] else last


def _count(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0
