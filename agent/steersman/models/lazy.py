"""A model that is opened when it is first asked: a session in which nobody asks it loads no SDK."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from .base import Prompt, S, Tool
from .budget import Meter

if TYPE_CHECKING:
    from .chain import ChatModel


@dataclass(frozen=True)
class LazyModel:
    """A Model at an OpenAI-compatible endpoint."""

    url: str
    key: str
    model: str
    seconds: float

    @property
    def name(self) -> str:
        return self.model or "default"

    @cached_property
    def _opened(self) -> ChatModel:
        from .chain import openai  # noqa: PLC0415  loads LangChain

        return openai(self.url, self.key, self.name, self.seconds)

    async def complete(self, prompt: Prompt, shape: type[S], meter: Meter) -> S:
        return await self._opened.complete(prompt, shape, meter)

    async def converse(self, prompt: Prompt, tools: Sequence[Tool], meter: Meter) -> str:
        return await self._opened.converse(prompt, tools, meter)

    def __repr__(self) -> str:
        return f"LazyModel({self.url!r}, {self.model!r})"  # without the key
