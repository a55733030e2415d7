"""Builds JSON from what a text tells: a value that it does not tell leaves no trace."""

from __future__ import annotations

from typing import TypeAlias

from ...types import Json

Object: TypeAlias = "dict[str, Json]"

NOTHING = {"", "<none>", "<unset>", "<nil>", "<unknown>"}
"""What kubectl prints where there is nothing."""


def put(obj: Object, path: str, value: Json) -> None:
    """Sets the value at a dotted path; None, and an empty list or mapping, sets nothing."""
    if value is None or value == [] or value == {}:
        return
    *above, last = path.split(".")
    for step in above:
        inner = obj.get(step)
        if not isinstance(inner, dict):
            obj[step] = inner = {}
        obj = inner
    obj[last] = value


def only(**values: Json) -> Object:
    """A mapping of those values that there are."""
    return {name: value for name, value in values.items() if value is not None and value != [] and value != {}}


def told(text: str) -> str | None:
    """The text, or None where it says that there is nothing."""
    return None if text in NOTHING else text


def number(text: str) -> int | None:
    """A whole number, or None."""
    text = text.strip()
    return int(text) if text.lstrip("-").isdecimal() and text.isascii() and len(text) < 19 else None


def number_or_text(text: str) -> int | str | None:
    """An IntOrString: `8080`, `http`, `25%`."""
    found = number(text)
    return told(text) if found is None else found


def truth(text: str) -> bool | None:
    """`True` and `false` as such; None for anything else."""
    return {"true": True, "false": False, "yes": True, "no": False}.get(text.strip().lower())
