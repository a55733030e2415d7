"""Stand-ins for a model: one that speaks from a script and fails when the script runs out, and one that replays a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import orjson
from pydantic import JsonValue

from .base import Call, Message, Reply, ScriptOver, Shape, ToolSpec

if TYPE_CHECKING:
    from .chain import ChatModel

Heard: TypeAlias = tuple[tuple[Message, ...], tuple[ToolSpec, ...], Shape | None]
Line: TypeAlias = Reply | Exception | Callable[[tuple[Message, ...]], Reply]
"""One line of a script: what is said, what fails, or what is said in answer to what was heard."""


class Script:
    """A Speaker that reads its lines and remembers what it heard."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = list(lines)
        self.heard: list[Heard] = []

    @property
    def left(self) -> int:
        """Lines that were not said."""
        return len(self._lines)

    async def say(self, messages: Sequence[Message], tools: Sequence[ToolSpec], shape: Shape | None) -> Reply:
        self.heard.append((tuple(messages), tuple(tools), shape))
        if not self._lines:
            raise ScriptOver(f"the script is over; the model was asked: {[m.text[:200] for m in messages[-1:]]}")
        line = self._lines.pop(0)
        if isinstance(line, Exception):
            raise line
        return line if isinstance(line, Reply) else line(tuple(messages))


def says(value: JsonValue) -> Reply:
    """A line: text as it is, anything else as JSON."""
    return Reply(text=value if isinstance(value, str) else orjson.dumps(value).decode())


def calls(name: str, /, **arguments: JsonValue) -> Reply:
    """A line: a tool call."""
    return Reply(calls=(Call(id=f"call-{name}", name=name, arguments=arguments),))


def scripted(script: Script) -> ChatModel:
    """A Model that speaks from the script, through the same loop as real ones."""
    from .chain import spoken  # noqa: PLC0415  loads LangChain

    return spoken(script, "scripted")


def ScriptedModel(*lines: Line) -> ChatModel:
    """A Model that says these lines and fails when they run out."""
    return scripted(Script(lines))
