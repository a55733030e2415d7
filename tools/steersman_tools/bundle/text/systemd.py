"""`systemctl status`: whether a service of a node runs. The node is the host of an ssh before it, or of the journal's lines."""

from __future__ import annotations

import re

from ...snapshot import UnitStatus
from .parts import Reading

_COMMAND = re.compile(
    r"(?:ssh +(?:-\S+ +)*(?:\w+@)?(?P<host>\S+) +)?(?:sudo +)?systemctl +(?:-\S+ +)*status +(?:-\S+ +)*(?P<unit>[\w@.-]+)?"
)
_UNIT = re.compile(r"[●○×*↻] (?P<unit>[\w@.-]+?)\.service(?: - |$)", re.M)
_ACTIVE = re.compile(r"^\s*Active: (?P<state>\w+)(?: \((?P<sub>[\w -]+)\))?", re.M)
_JOURNAL = re.compile(r"^[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d (?P<host>[\w.-]+) \S+\[\d+\]:", re.M)


def is_status(line: str) -> bool:
    return "systemctl" in line and bool(_COMMAND.search(line))


def read(line: str, text: str) -> Reading:
    """The units whose status the output shows. A unit that systemd does not know tells nothing: it may run as a pod."""
    command = _COMMAND.search(line)
    named = re.sub(r"\.service$", "", (command["unit"] or "") if command else "")
    host = (command["host"] or "") if command else ""
    if not host and (journal := _JOURNAL.search(text)):
        host = journal["host"]
    starts = list(_UNIT.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    blocks = [(start["unit"], text[start.start() : end]) for start, end in zip(starts, ends, strict=False)]
    return Reading(
        units=[unit for name, block in blocks or [(named, text)] if name and (unit := status(host, name, block, line))]
    )


def status(node: str, unit: str, text: str, call: str) -> UnitStatus | None:
    """What the text says of a unit; None where it says nothing of whether it runs."""
    if found := _ACTIVE.search(text):
        running = found["state"] in ("active", "reloading", "activating") and found["sub"] != "auto-restart"
        return UnitStatus(node, unit, running, text, call)
    return None
