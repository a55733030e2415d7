"""Notices when a model goes in circles: the same call again, nearly the same, or A-B-A-B."""

from __future__ import annotations

import difflib
import re

import orjson

from .base import Call

NEAR = 0.93
"""Two calls of one tool whose arguments are this alike are the same call in other clothes."""
SAME = 2
"""How often the same call may be repeated before it is a circle."""


class Looping(Exception):
    """The model repeats itself. The text says what it repeats."""


class LoopDetector:
    """Watches the calls of one conversation."""

    def __init__(self) -> None:
        self._calls: list[str] = []

    def watch(self, call: Call) -> bool:
        """Notes the call; True when it was made before, so that the answer is not worth repeating. Raises Looping."""
        key = _key(call)
        again = [known for known in self._calls if _alike(known, key)]
        self._calls.append(key)
        if len(again) >= SAME:
            raise Looping(f"it called {call.name} with the same arguments {len(again) + 1} times")
        if len(self._calls) >= 4:
            a, b, c, d = self._calls[-4:]
            if _alike(a, c) and _alike(b, d) and not _alike(a, b):
                raise Looping(f"it went to and fro between {a.split()[0]} and {b.split()[0]}")
        return bool(again)


def _key(call: Call) -> str:
    arguments = {k: v for k, v in call.arguments.items() if v not in (None, "", [])}
    text = orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS).decode().lower()
    return f"{call.name} {re.sub(r'[^a-z0-9一-鿿/.]+', ' ', text).strip()}"


def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    (tool, _, mine), (its_tool, _, its) = one.partition(" "), other.partition(" ")
    if tool != its_tool or re.findall(r"\d+|/\S+", mine) != re.findall(r"\d+|/\S+", its):
        return False  # another number or another thing is another question
    return difflib.SequenceMatcher(None, mine, its).ratio() >= NEAR
