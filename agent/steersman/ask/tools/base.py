"""What every reading tool is: a name, a sentence, arguments, and a function from a case to observations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from steersman_tools.types import Observation, Ref, ToolFailed
from steersman_tools.untrusted import fenced

from ...intent.names import WORKLOADS
from ...intent.things import preferred
from ...models import ToolRefused, ToolSpec
from ...models.base import JsonObject
from ...models.shapes import parameters
from ..case import Case

MODEL_CHARACTERS = 1_000
"""Of one answer, as a model sees it."""


class Args(BaseModel):
    """Arguments of a tool: closed, and small."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NoSuch(Exception):
    """What is asked about does not exist, or is not known. The text is one sentence that says so."""


@dataclass(frozen=True)
class ReadTool:
    """One tool. `run` raises NoSuch, or ToolFailed."""

    name: str
    description: str
    args: type[Args]
    run: Callable[[Case, Any], Awaitable[Sequence[Observation]]]
    offered: Callable[[Case], bool] = lambda case: True

    @property
    def spec(self) -> ToolSpec:
        return ToolSpec(name=self.name, description=self.description, parameters=parameters(self.args))


class Bound:
    """A reading tool over one case, as a model uses it."""

    def __init__(self, tool: ReadTool, case: Case) -> None:
        self._tool, self._case, self.spec = tool, case, tool.spec

    @property
    def offered(self) -> bool:
        return self._tool.offered(self._case)

    async def use(self, arguments: JsonObject) -> str:
        try:
            args = self._tool.args.model_validate({k: v for k, v in arguments.items() if v not in (None, "")})
        except ValidationError as error:
            first = error.errors()[0]
            raise ToolRefused(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        try:
            observations = await self._tool.run(self._case, args)
        except (NoSuch, ToolFailed) as error:
            raise ToolRefused(str(error)) from error
        return "\n".join(self._one(o) for o in observations) or "no data"

    def _one(self, observation: Observation) -> str:
        evidence = self._case.cite(observation)
        text = self._case.shown(observation.text)[:MODEL_CHARACTERS]
        return fenced(f"{evidence.id} {self._case.shown(evidence.call)}", text)


def thing(case: Case, word: str, kinds: Sequence[str] = ()) -> Ref:
    """The thing that a name means here. Raises NoSuch, naming what comes near."""
    found = [r for r in case.names.called(word.strip().lower()) if not kinds or r.kind in kinds]
    refs = preferred(found)
    if len(refs) == 1:
        return refs[0]
    if refs:
        raise NoSuch(f"{word} may be {' or '.join(map(str, refs[:4]))}: say which")
    near = case.names.like(word.rsplit("/", 1)[-1].lower())
    raise NoSuch(f"there is no {word}" + (f"; near it: {', '.join(near)}" if near else ""))


__all__ = ["WORKLOADS", "Args", "Bound", "NoSuch", "ReadTool", "thing"]
