"""The words that the interpreter knows: phrases.toml, read once, looked up longest first."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

CHINESE = re.compile(r"[\u3400-\u9fff]")
ROOMS = ("change", "ask", "negation", "read", "state", "topic", "kind", "amount", "number", "hours", "filler")
EXAMPLES = "examples"


@dataclass(frozen=True, slots=True)
class Concept:
    """What a phrase means: `change.scale`, `kind.Pod`, `number.3`."""

    room: str
    name: str


@dataclass(frozen=True)
class Lexicon:
    phrases: Mapping[str, Concept]
    longest: int
    """Words of the longest phrase."""
    examples: Mapping[str, tuple[str, ...]]
    """By intent: requests that are understood."""


@cache
def lexicon() -> Lexicon:
    """All of phrases.toml. Of a phrase that stands twice, the first line counts."""
    rooms = tomllib.loads((files(__package__) / "phrases.toml").read_text(encoding="utf-8"))
    phrases: dict[str, Concept] = {}
    for room in ROOMS:
        for name, words in rooms[room].items():
            for phrase in words:
                phrases.setdefault(normal(phrase), Concept(room, name))
    longest = max(len(pieces(p)) for p in phrases)
    return Lexicon(phrases, longest, {k: tuple(v) for k, v in rooms[EXAMPLES].items()})


def normal(text: str) -> str:
    """Lower case, plain quotes, half-width letters, single blanks."""
    halved = "".join(chr(ord(c) - 0xFEE0) if 0xFF01 <= ord(c) <= 0xFF5E else c for c in text.replace("\u3000", " "))
    halved = halved.replace("’", "'").replace("‘", "'").lower()
    return re.sub(r"\s+", " ", halved).strip()


def pieces(text: str) -> list[str]:
    """The words of a normal text; each Chinese character is one."""
    return re.findall(r"[\u3400-\u9fff]|[a-z0-9][a-z0-9._/:'-]*[a-z0-9]|[a-z0-9]|[+-]\d+|/[a-z0-9][\w./-]*", text)


def joined(words: list[str]) -> str:
    """The phrase that the words make: Chinese without blanks."""
    text = " ".join(words)
    return re.sub(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])", "", text)
