"""`kubectl logs`: whose log it is, and its lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .commands import Command
from .parts import LogPart

_DEFAULTED = re.compile(r"Defaulted container \"([^\"]+)\" out of: .*$|Defaulting container name to (\S+)\.$")
_USING = re.compile(r"Found \d+ pods, using pod/(\S+)$")
_PREFIXED = re.compile(r"\[pod/([^/\]]+)/([^/\]]+)\] ?")
_REFUSED = re.compile(r"(?:Error from server|error:|Use 'kubectl describe)", re.I)


def read(command: Command, lines: list[str]) -> Iterator[LogPart]:
    """The logs in an output; none where the server refused."""
    target = command.targets[0] if command.targets else None
    kind, name = (target.kind, target.name) if target else ("", "")
    container = command.container
    kept: list[str] = []
    for line in lines:
        if match := _DEFAULTED.match(line):
            container = container or match[1] or match[2]
        elif match := _USING.match(line):
            kind, name = "Pod", match[1]
        elif not kept and _REFUSED.match(line):
            return
        else:
            kept.append(line)
    if any(_PREFIXED.match(line) for line in kept[:3]):
        yield from _prefixed(command, kept)
    elif name and kept:
        yield LogPart(kind, command.namespace, name, container, command.previous, "\n".join(kept), command.cut)


def _prefixed(command: Command, lines: list[str]) -> Iterator[LogPart]:
    """Lines of several containers, each with its own before it."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        if match := _PREFIXED.match(line):
            found.setdefault((match[1], match[2]), []).append(line[match.end() :])
    for (pod, container), own in found.items():
        yield LogPart("Pod", command.namespace, pod, container, command.previous, "\n".join(own), command.cut)
