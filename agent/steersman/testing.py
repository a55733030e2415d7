"""Fakes for tests of whole sessions: a Durable that outlives a death, and deaths at chosen moments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel

from .durable import Once

T = TypeVar("T", bound=BaseModel)


class Death(BaseException):
    """The process is gone. Nothing catches it."""


@dataclass
class Life:
    """What survives a process, and how many more moments this one has. A moment is just before or just after a piece of work."""

    moments: int | None = None
    """None: it lives on."""
    kept: dict[str, str] = field(default_factory=dict)
    passed: list[str] = field(default_factory=list)
    """The moments that were lived through, by name."""

    def pass_by(self, moment: str) -> None:
        """One more moment. Raises Death when it was the last."""
        self.passed.append(moment)
        if self.moments is not None and len(self.passed) > self.moments:
            raise Death(moment)


class Kept(Once):
    """Keeps results as a database would: a piece of work is lost if death comes between the work and the writing down."""

    def __init__(self, life: Life) -> None:
        super().__init__()
        self._life = life

    async def once(self, name: str, work: Callable[[], Awaitable[T]], of: type[T]) -> T:
        if name in self._life.kept:
            return of.model_validate_json(self._life.kept[name])
        self._life.pass_by(f"before {name}")
        done = await work()
        self._life.pass_by(f"after {name}, unrecorded")
        self._life.kept[name] = done.model_dump_json()
        self._life.pass_by(f"after {name}")
        return of.model_validate_json(self._life.kept[name])
