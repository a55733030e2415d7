"""The two forms of the benchmark's error logs as lines: lists by container, and counted patterns as JSON text."""

from __future__ import annotations

import orjson

from steersman_tools.fields import Fields
from steersman_tools.types import Json

_PARTS = {"app": ""}
MOST_REPEATS = 5
"""A pattern that was counted often stands so many times in the log that is made of it."""


def error_lines(answer: Json) -> dict[str, list[str]]:
    """By container ('' is the application's own, `previous` its last run): the lines."""
    if isinstance(answer, str):
        return _of_text(answer)
    if not isinstance(answer, dict):
        return {}
    if "patterns" in answer:
        return {"": _repeated(Fields(answer))}
    return {
        _PARTS.get(part, part): [str(line) for line in lines]
        for part, lines in answer.items()
        if isinstance(lines, list) and lines
    }


def _of_text(text: str) -> dict[str, list[str]]:
    if not text.strip():
        return {}
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {"": text.split("\n")}
    return error_lines(found) if isinstance(found, dict) else {}


def _repeated(view: Fields) -> list[str]:
    """The patterns as lines, the rarest first: the newest lines of a log are what is read."""
    patterns = sorted(view.each("patterns"), key=_count)
    return [line for p in patterns for line in [p.text("sample") or p.text("pattern")] * min(_count(p), MOST_REPEATS)]


def _count(pattern: Fields) -> int:
    return max(pattern.count("count"), pattern.count("occurrences"), 1)
