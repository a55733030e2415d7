"""Finds kubectl's commands and outputs in files: a terminal's scrollback, a file named after its command, a map of both."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...types import Json
from .clean import plain
from .commands import parse

_PROMPT = re.compile(
    r"^(?:```\w*|>|\s*)?\s*(?:(?:\([\w .-]+\) ?)?(?:\[?[\w.-]+@[\w.-]+[^\n$#%>]{0,80}\]?|PS [^\n>]{0,80}|[\w./~:-]{0,60})? ?[$#%>❯➜] ?)?"
    r"(?P<command>(?:sudo |ssh \S+ |watch (?:-n ?\d+ )?|time )*(?:kubectl|oc|k|kubens|systemctl) .+)$"
)
_LIKELY = re.compile(r"kubectl|systemctl|kubens|(?:^|[$#%>❯➜] ?)(?:oc|k) ")
_CONTINUES = re.compile(r"\\\s*$")
_FENCE = re.compile(r"^\s*```\w*\s*$")
_VERBS = {"get", "describe", "events", "logs", "log", "version", "config", "status", "top"}
LONG_LINE = 2_000


def pairs_in(text: str, name: str = "") -> list[tuple[str, str]]:
    """(command, output) pairs of a text; one without any command is the output of the command that the file is named after."""
    text = plain(text)
    pairs: list[tuple[str, list[str]]] = []
    before: list[str] = []
    unfinished = False
    for line in text.split("\n"):
        if unfinished and pairs:
            pairs[-1] = (f"{pairs[-1][0].rstrip(' ' + chr(92))} {line.strip()}", [])
            unfinished = bool(_CONTINUES.search(line))
        elif command := _command(line):
            pairs.append((command, []))
            unfinished = bool(_CONTINUES.search(line))
        elif not _FENCE.match(line):
            (pairs[-1][1] if pairs else before).append(line)
    found = [(command, _bare("\n".join(lines))) for command, lines in pairs]
    if not found and "".join(before).strip():
        return [(command_of(name), "\n".join(before))]
    return found


def _command(line: str) -> str:
    """The command of a line of a terminal; '' where the line is none."""
    if len(line) > LONG_LINE or not _LIKELY.search(line):
        return ""
    match = _PROMPT.match(line)
    if not match:
        return ""
    words = match["command"].split()
    return match["command"].strip() if _VERBS & set(words[:8]) else ""


def _bare(text: str) -> str:
    """The output without the prompt that waits below it."""
    lines = text.rstrip().split("\n")
    while (
        lines
        and len(lines[-1]) < 120
        and re.fullmatch(r"\S*@\S*[$#%] ?|[$#%] ?|\$ exit|exit|logout", lines[-1].strip())
    ):
        lines.pop()
    return "\n".join(lines)


def command_of(name: str) -> str:
    """The command that a file is named after: `kubectl-get-pods-o-wide.txt`, `describe_pod_web-5d.txt`; '' for any other name."""
    stem = re.sub(r"\.(?:txt|log|out|md|text|yaml|yml)$", "", name)
    spaced = (
        stem if " " in stem else re.sub(r"_+", " ", stem) if "_" in stem else re.sub(r"-(?=-?\w)", " ", stem, count=3)
    )
    line = spaced if spaced.startswith("kubectl ") else f"kubectl {spaced}"
    command = parse(line)
    known = command is not None and (command.verb in ("get", "describe", "events", "logs", "log"))
    return (
        line
        if known and command is not None and (command.verb == "events" or any(t.kind for t in command.targets))
        else ""
    )


def recorded(document: Json) -> Iterator[tuple[str, str]]:
    """The pairs of a JSON object whose keys are commands and whose values are what they printed."""
    if isinstance(document, dict) and document and all(_is_recorded(k, v) for k, v in document.items()):
        yield from ((key, value) for key, value in document.items() if isinstance(value, str))


def _is_recorded(key: str, value: Json) -> bool:
    return isinstance(value, str) and key.startswith(("kubectl ", "oc "))


def sounds_like_kubectl(text: str) -> bool:
    """Whether a file is worth reading as kubectl's words, by its beginning."""
    head = text[:20_000]
    return bool(
        re.search(r"(?m)^.{0,120}\b(?:kubectl|oc) +(?:-n|--namespace|get|describe|logs|events)\b", head)
        or re.search(r"(?m)^(?:NAMESPACE +)?(?:NAME|LAST SEEN) +[A-Z]", head)
        or re.search(r"(?m)^Name: +\S+\n(?:Namespace|Labels|Roles|Priority|Annotations):", head)
    )
