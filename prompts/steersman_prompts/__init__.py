"""Prompts for language models, one file each; none is written in Python.

A file begins with a line `version: N` and an empty line; `{name}` in it is a value that must be given.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_VALUE = re.compile(r"\{([a-z_]+)\}")


class BadPrompt(Exception):
    """A prompt that does not exist, or was not given its values. A mistake in the program, not of a person."""


@cache
def _file(name: str) -> tuple[int, str]:
    path = files(__package__) / f"{name}.md"
    if not path.is_file():
        raise BadPrompt(f"there is no prompt {name!r}")
    head, _, text = path.read_text(encoding="utf-8").partition("\n\n")
    if not head.startswith("version: "):
        raise BadPrompt(f"{name}.md does not begin with its version")
    return int(head.removeprefix("version: ")), text.strip()


def names() -> tuple[str, ...]:
    """All prompts."""
    return tuple(sorted(p.name.removesuffix(".md") for p in files(__package__).iterdir() if p.name.endswith(".md")))


def version(name: str) -> int:
    """The prompt's version: it rises whenever the words change."""
    return _file(name)[0]


def render(name: str, **values: str) -> str:
    """The prompt with its values. Raises BadPrompt when one is missing or nobody asked for it."""
    text = _file(name)[1]
    wanted = set(_VALUE.findall(text))
    if missing := wanted - values.keys():
        raise BadPrompt(f"prompt {name!r} lacks {', '.join(sorted(missing))}")
    if unknown := values.keys() - wanted:
        raise BadPrompt(f"prompt {name!r} has no place for {', '.join(sorted(unknown))}")
    return _VALUE.sub(lambda found: values[found[1]], text)
