"""What kubectl says instead of an answer: that there is nothing, that one may not look, or that something went wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .words import kind_named

_NONE = re.compile(r"No resources found(?: in (\S+) namespace)?\.?$")
_NOT_FOUND = re.compile(r"Error from server \(NotFound\): ([\w.-]+) \"([^\"]+)\" not found$", re.I)
_FORBIDDEN = re.compile(
    r"Error from server \(Forbidden\): .*?cannot \w+ resource \"([\w./-]+)\".*?(?:in the namespace \"([^\"]+)\"|at the cluster scope)",
    re.I,
)
_OTHER = re.compile(
    r"(?:Error from server|error:|Unable to connect to the server|The connection to the server|No resources found|"
    r"Unable to use a TTY|Error: )",
    re.I,
)
_GONE = re.compile(r"Pod '([^']+)': error 'pods \"[^\"]+\" not found', but found events\.$")
_NOISE = re.compile(r"Warning: |WARNING: |[WIE]\d{4} \d\d:\d\d:\d\d\.\d+ ")


@dataclass(slots=True)
class Answer:
    """An output, with what is no part of the answer taken out and understood."""

    lines: list[str] = field(default_factory=list)
    nothing_in: str | None = None
    """The namespace in which there is nothing, '' where that is not named."""
    not_found: list[tuple[str, str]] = field(default_factory=list)
    forbidden: list[tuple[str, str, str]] = field(default_factory=list)
    """Kind (or the plural where it is unknown), namespace, and the server's words."""
    failures: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return bool(self.forbidden or self.failures)


def answer(lines: Sequence[str]) -> Answer:
    """The output sorted into what was answered and what was said beside it."""
    found = Answer()
    for line in lines:
        first = line[:1]
        if first not in "EeNUTPWI" or not first or not _remark(line.rstrip(), found):
            found.lines.append(line)
    return found


def _remark(line: str, found: Answer) -> bool:
    """Whether the line is a remark and no answer; what it says is noted."""
    if match := _NONE.match(line):
        found.nothing_in = match[1] or ""
    elif match := _NOT_FOUND.match(line):
        found.not_found.append((kind_named(match[1]), match[2]))
    elif match := _GONE.match(line):
        found.not_found.append(("Pod", match[1]))
    elif match := _FORBIDDEN.match(line):
        found.forbidden.append((kind_named(match[1]) or match[1], match[2] or "", line))
    elif _OTHER.match(line):
        found.failures.append(line)
    else:
        return bool(_NOISE.match(line))
    return True
