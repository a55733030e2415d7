"""What can be asked of the engine process: one line of JSON each way."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from steersman_tools.types import Frozen

from ...types import Request
from ..access import Role

What: TypeAlias = Literal["causes", "gpus", "queues", "forecasts", "runbooks"]


class Charter(Frozen):
    """The first line to the engine: for whom it works, and the settings that were given as flags."""

    owner: str
    given: dict[str, str]


class Start(Frozen):
    """Begin a session of that name."""

    verb: Literal["start"] = "start"
    session: str
    request: Request


class Approve(Frozen):
    verb: Literal["approve"] = "approve"
    session: str
    digest: str
    by: str


class Reject(Frozen):
    verb: Literal["reject"] = "reject"
    session: str
    digest: str
    by: str
    why: str = ""


class Cancel(Frozen):
    verb: Literal["cancel"] = "cancel"
    session: str
    by: str


class Undo(Frozen):
    """Take back what a closed session did; answered when the first step is on its way."""

    verb: Literal["undo"] = "undo"
    session: str
    by: str
    roles: tuple[Role, ...]


class LookAt(Frozen):
    """A look at the estate; answered with a JSON document."""

    verb: Literal["look"] = "look"
    what: What
    namespace: str | None = None
    entity: str = ""
    """What a forecast is about; for runbooks, the words to look for."""
    horizon_seconds: float = 7200.0


class Tell(Frozen):
    """A request in plain words, answered with a `Told`; nothing is changed."""

    verb: Literal["tell"] = "tell"
    text: str
    namespace: str | None = None


Verb: TypeAlias = Annotated[Start | Approve | Reject | Cancel | Undo | LookAt | Tell, Field(discriminator="verb")]


class Order(Frozen):
    """A line to the engine."""

    number: int
    verb: Verb


class Answer(Frozen):
    """A line from the engine. Number 0: it is ready."""

    number: int
    document: str = ""
    """JSON, where the verb asks for some."""
    error: str = ""
    """One sentence for a person; empty: it went well."""


ORDER: TypeAdapter[Order] = TypeAdapter(Order)
