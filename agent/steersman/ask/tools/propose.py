"""The tool `propose_plan`: a wish that the person's own words already hold, put in the form of a change. It carries out nothing."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, ValidationError

from ...intent import Change
from ...models import ToolRefused, ToolSpec
from ...models.base import JsonObject
from ...models.shapes import parameters
from ..case import Case
from ..wishes import Refused, Wish, wished
from .base import Args


class _Args(Args):
    change: Literal["scale", "rollback", "restart", "cordon", "uncordon", "drain"]
    target: str
    number: int | None = Field(None, description="scale: replicas to have; rollback: revision")


class Propose:
    """Offered only where the person asks for something that could be a change."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self.proposed: Change | None = None
        self.spec = ToolSpec(
            name="propose_plan",
            description="Puts the change that the person asked for into form. A person approves it later; it does nothing now.",
            parameters=parameters(_Args),
        )

    @property
    def offered(self) -> bool:
        return Wish.of(self._case.question, self._case.names).spoken and self.proposed is None

    async def use(self, arguments: JsonObject) -> str:
        if not self.offered:
            raise ToolRefused("the person asked for no change")
        try:
            args = _Args.model_validate(arguments)
            self.proposed = wished(self._case, args.change, args.target, args.number)
        except ValidationError as error:
            raise ToolRefused(f"{error.errors()[0]['msg']}") from error
        except Refused as error:
            raise ToolRefused(str(error)) from error
        return "noted; it is shown to the person, who decides. Say: done"
