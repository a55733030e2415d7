"""Reads what models mean: tool calls that arrive as JSON in prose, in fences, cut off or doubled, and answers wrapped in chatter."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TypeVar

import orjson
from pydantic import BaseModel, JsonValue, ValidationError

from .base import Call, JsonObject

S = TypeVar("S", bound=BaseModel)
_LONGEST = 20_000
_TRIES = 12
"""How many opening braces of a text are tried."""


class Unfit(Exception):
    """An answer that has not the shape asked for. The text tells the model what to mend."""


def called(text: str, offered: Collection[str]) -> Call | None:
    """The first call of an offered tool that the text holds as JSON; None where it holds none, or only half of one.

    A cut call is not completed: what was cut off may have been the argument that mattered.
    """
    for found in _objects(text[:_LONGEST]):
        call = _as_call(found)
        if call and call.name in offered:
            return call
    return None


def cut_call(text: str, offered: Collection[str]) -> bool:
    """Whether the text begins a call of an offered tool and never ends it."""
    begun = re.search(r'\{\s*"(?:name|tool|function)"\s*:\s*"(\w+)"', text)
    return bool(begun and begun[1] in offered and called(text, offered) is None)


def shaped(text: str, shape: type[S]) -> S:
    """The answer in its shape, wherever in the text it stands. Raises Unfit."""
    problem = "your answer holds no JSON object"
    for found in _objects(text[:_LONGEST]):
        try:
            return shape.model_validate(found)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the object"
            problem = f"{where}: {first['msg']}"
    raise Unfit(problem)


def _objects(text: str) -> Iterator[dict[str, JsonValue]]:
    """The JSON objects of a text, outermost first."""
    start = 0
    for _ in range(_TRIES):
        start = text.find("{", start)
        if start < 0:
            return
        end = _end(text, start)
        found = _parse(text[start:end]) if end else None
        if isinstance(found, dict):
            yield found
            start = end
        else:
            start += 1


def _parse(text: str) -> JsonValue:
    for candidate in (text, _undoubled(text), re.sub(r",\s*([}\]])", r"\1", text)):
        try:
            return orjson.loads(candidate)  # type: ignore[no-any-return]
        except orjson.JSONDecodeError:
            continue
    return None


def _undoubled(text: str) -> str:
    """`{{"name": ...}}` as some chat templates teach it."""
    return text[1:-1] if text.startswith("{{") and text.endswith("}}") else text


def _end(text: str, start: int) -> int:
    """Where the object that begins there ends; 0 when it does not."""
    depth, quoted, escaped = 0, False, False
    for at in range(start, len(text)):
        char = text[at]
        if quoted:
            quoted = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            quoted = True
        elif char in "{[":
            depth += 1
        elif char in "}]":
            depth -= 1
            if not depth:
                return at + 1
    return 0


def _as_call(found: JsonObject) -> Call | None:
    inner = found.get("function") if isinstance(found.get("function"), dict) else found
    assert isinstance(inner, dict) or inner is found
    name = next((v for k in ("name", "tool", "function") if isinstance(v := inner.get(k), str)), None)
    raw = next((v for k in ("arguments", "parameters", "args", "input") if (v := inner.get(k)) is not None), {})
    arguments = _parse(raw) if isinstance(raw, str) else raw
    if name is None or not isinstance(arguments, dict):
        return None
    return Call(id=f"text-{name}", name=name, arguments=arguments)
