"""A session's log with everything taken out that differs between two tellings of one incident: times, names made up on the way, who asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

ASIDE = {
    "session",
    "at",
    "by",
    "roles",
    "question",
    "observed_at",
    "seconds",
    "evidence",
    "written_by",
    "pre_image",
    "receipt",
    "prepared",
}
"""Times, names, and what holds them in passing (resource versions, managed fields, pod names in log lines)."""
LIVED = {"note", "memory"}
"""Words for those who wait, and what a record remembers of earlier incidents: a new record has none."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)|\b\d\d:\d\d:\d\d\b")
_POD = re.compile(r"\b([a-z-]+)-[0-9a-f]{8,10}-[a-z0-9]{5}\b")
_SEVERITY = re.compile(r"severity [\d.]+ → [\d.]+")


def same(entries: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What must be alike whichever face the incident was driven from."""
    return [_bare(entry) for entry in entries if entry["event"]["kind"] not in LIVED]


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _bare(v) for k, v in value.items() if k not in ASIDE}
    if isinstance(value, list):
        return [_bare(v) for v in value]
    if isinstance(value, str):
        return _SEVERITY.sub("severity …", _POD.sub(r"\1-…", _TIME.sub("…", value)))
    return value
