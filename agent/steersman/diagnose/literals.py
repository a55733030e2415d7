"""What a line must contain for a pattern to match it: a look for a few plain words spares most of the work of reading logs."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

# the parser's own tree, which typeshed knows in some versions only
op = import_module("re._constants")
parser = import_module("re._parser")

LEAST = 3
"""Shorter words stand in nearly every line."""


def required(pattern: re.Pattern[str]) -> tuple[str, ...]:
    """Words, in lower case, of which every match contains one; empty where there are none that all matches have."""
    return tuple(sorted(_of_sequence(parser.parse(pattern.pattern, pattern.flags)) or ()))


def _of_sequence(items: Any) -> frozenset[str] | None:
    """The best set of words of a sequence: that whose shortest word is the longest."""
    found: list[frozenset[str]] = []
    run = ""
    for code, value in items:
        if code is op.LITERAL:
            run += chr(value).lower()
            continue
        found.append(frozenset({run}))
        run = ""
        if inner := _of_item(code, value):
            found.append(inner)
    found.append(frozenset({run}))
    good = [words for words in found if all(len(word) >= LEAST for word in words)]
    return max(good, key=lambda words: (min(len(word) for word in words), -len(words))) if good else None


def _of_item(code: Any, value: Any) -> frozenset[str] | None:
    if code is op.SUBPATTERN:
        return _of_sequence(value[3])
    if code is op.BRANCH:
        parts = [_of_sequence(branch) for branch in value[1]]
        return frozenset().union(*(p for p in parts if p)) if all(parts) else None
    if code in (op.MAX_REPEAT, op.MIN_REPEAT) and value[0] > 0:
        return _of_sequence(value[2])
    return None
