"""Stack traces as one line each: what was thrown and where, so that a trace counts once and fits where a line fits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from steersman_tools.snapshot import LogLine

_PYTHON = "Traceback (most recent call last):"
_PYTHON_FRAME = re.compile(r'^\s+File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<where>\S+))?')
_RAISED = re.compile(r"^\s*(?P<error>[A-Za-z_][\w.]*(?::.*)?)$")
_AT = re.compile(
    r"^\s+at (?=.*(?:\(.*\)|:\d+|:line ))(?P<where>\S[^(\n]*?)(?: ?\((?P<file>[^)]*)\))?(?: in (?P<in>\S+:line \d+))?\s*$"
)
_FROM = re.compile(r"^\s+from (?P<file>[^:\s]+:\d+):in [`'](?P<where>[^']+)'")
_GO_CODE = re.compile(r"^\t(?P<file>\S+\.(?:go|s|cc?):\d+)")
_GO_CALL = re.compile(
    r"^(?:created by )?(?P<where>[\w./*()\[\]…-]+?)\((?:[^()]|\{\.\.\.\})*\)(?: in goroutine \d+)?$|^created by \S+"
)
_RUST_FRAME = re.compile(r"^\s+\d+: (?:0x[0-9a-f]+ - )?(?P<where>\S.*)$")
_FILLER = re.compile(
    r"^\s*$|^goroutine \d+ \[|^\[signal |^\s+\.\.\. \d+ |^\s*\^+\s*$|^\s*[~^]+\s*$|^stack backtrace:$|^exit status \d+$"
    r"|^(?:During handling of the above|The above exception was the direct)"
)
_CAUSED = re.compile(r"^\s*(?:Caused by|caused by):\s*(?P<error>.+)$")


@dataclass(slots=True)
class _Trace:
    """A trace in the making: its head is the line that says what was thrown."""

    head: LogLine
    where: str = ""
    causes: list[str] = field(default_factory=list)

    def line(self) -> LogLine:
        at = f" (at {self.where})" if self.where else ""
        causes = "".join(f", caused by {cause}" for cause in self.causes)
        return LogLine(f"{self.head.text.strip()}{at}{causes}", self.head.at)


def folded(lines: Sequence[LogLine]) -> tuple[LogLine, ...]:
    """The lines of a log with every stack trace as one of them; what is no trace stays as it is."""
    return tuple(line for line, _ in _fold(lines))


def last_trace(lines: Sequence[LogLine]) -> str:
    """The newest stack trace, on one line; empty where there is none."""
    return next((line.text for line, trace in reversed(_fold(lines)) if trace), "")


def _fold(lines: Sequence[LogLine]) -> list[tuple[LogLine, bool]]:
    found: list[tuple[LogLine, bool]] = []
    place = 0
    while place < len(lines):
        if _PYTHON in lines[place].text:
            line, place = _python(lines, place)
            found.append((line, True))
        elif (after := _frames(lines, place)) is not None:
            trace, place = after
            found.append((trace.line(), True))
        else:
            found.append((lines[place], False))
            place += 1
    return found


def _python(lines: Sequence[LogLine], place: int) -> tuple[LogLine, int]:
    """One or several chained tracebacks; the last error is the head, those before it are its causes."""
    causes: list[str] = []
    while True:
        where, head, place = _traceback(lines, place + 1)
        ahead = _skip(lines, place)
        if head is None or ahead >= len(lines) or _PYTHON not in lines[ahead].text or ahead == place:
            first = head or lines[min(place, len(lines)) - 1]
            return _Trace(first, where, causes[::-1]).line(), place
        causes.append(_Trace(head, where).line().text)
        place = ahead


def _traceback(lines: Sequence[LogLine], place: int) -> tuple[str, LogLine | None, int]:
    """Where the innermost frame is, the line that names the error, and the place after it."""
    where = ""
    while place < len(lines):
        text = lines[place].text
        if frame := _PYTHON_FRAME.match(text):
            where = " in ".join(filter(None, (f"{frame['file']}:{frame['line']}", frame["where"])))
        elif text[:1] not in (" ", "\t", ""):
            return (where, lines[place], place + 1) if _RAISED.match(text) else (where, None, place)
        place += 1
    return where, None, place


def _skip(lines: Sequence[LogLine], place: int) -> int:
    while place < len(lines) and _FILLER.match(lines[place].text):
        place += 1
    return place


def _frames(lines: Sequence[LogLine], place: int) -> tuple[_Trace, int] | None:
    """A line that frames follow, as Java, JavaScript, .NET, Ruby, Go and Rust write them; None for any other line."""
    if not lines[place].text.strip() or _frame(lines, place) is not None:
        return None
    trace, at = _Trace(lines[place]), _skip(lines, place + 1)
    if at >= len(lines) or _frame(lines, at) is None or (at - place > 1 and not _goes_on(lines, place + 1, at)):
        return None
    while at < len(lines):
        if (where := _frame(lines, at)) is not None:
            trace.where = trace.where or where
        elif cause := _CAUSED.match(lines[at].text):
            trace.causes.append(cause["error"])
        elif not _FILLER.match(lines[at].text):
            break
        at += 1
    return trace, at


def _goes_on(lines: Sequence[LogLine], start: int, end: int) -> bool:
    """Whether what stands between a head and its first frame is more than blank lines."""
    return any(line.text.strip() for line in lines[start:end]) or _RUST_FRAME.match(lines[end].text) is not None


def _frame(lines: Sequence[LogLine], place: int) -> str | None:
    """Where a line of a trace points to, '' for one that belongs to it and points nowhere; None for any other line."""
    text = lines[place].text
    for shape in (_AT, _FROM):
        if found := shape.match(text):
            groups = found.groupdict()
            file = groups.get("file") or groups.get("in") or ""
            return f"{groups['where'].strip()} {file}".strip()
    if found := _GO_CODE.match(text):
        return found["file"]
    if found := _RUST_FRAME.match(text):
        return found["where"]
    following = lines[place + 1].text if place + 1 < len(lines) else ""
    if _GO_CALL.match(text) and (code := _GO_CODE.match(following)):
        return f"{text.split('(0x')[0].split('({')[0].removesuffix('(...)').removesuffix('()')} {code['file']}"
    return None
