"""The seam to language models. `Model` is what the product uses; `Speaker` is what a stand-in for one has to offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, TypeVar

from pydantic import BaseModel, JsonValue

from steersman_tools.types import Frozen

if TYPE_CHECKING:
    from .budget import Meter

S = TypeVar("S", bound=BaseModel)
JsonObject: TypeAlias = Mapping[str, JsonValue]


class Prompt(Frozen):
    """What a model is told: the rules, and the matter at hand."""

    system: str
    user: str


class Call(Frozen):
    """A tool call that a model wishes."""

    id: str
    name: str
    arguments: JsonObject


class Message(Frozen):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str = ""
    calls: tuple[Call, ...] = ()
    call_id: str = ""
    """Of a tool's answer: the call that it answers."""


class ToolSpec(Frozen):
    """What a model is told of a tool."""

    name: str
    description: str
    parameters: JsonObject
    """JSON schema of the arguments."""


class Shape(Frozen):
    """The form that an answer must have."""

    name: str
    parameters: JsonObject
    """JSON schema of the answer."""


class Usage(Frozen):
    """What was used. Tokens are those that the endpoint reports, else our own count."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    money: float | None = None
    """In the currency of the prices in the settings; None where no prices are set."""

    @property
    def tokens(self) -> int:
        return self.tokens_in + self.tokens_out


class Reply(Frozen):
    """One turn of a model."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    usage: Usage | None = None


class ModelFailed(Exception):
    """The model gave nothing usable. The text is one sentence for a person; the catcher goes on without the model."""


class ScriptOver(Exception):
    """A stand-in was asked more often than its script provides for: a test is wrong, and nothing may hide that."""


class ToolRefused(Exception):
    """A call that is not carried out. The text tells the model why and what would be."""


class Tool(Protocol):
    """Something that a model may use: it reads, and returns text that is already fit for a model's eyes."""

    @property
    def spec(self) -> ToolSpec:
        """What the model is told of it."""

    async def use(self, arguments: JsonObject) -> str:
        """The answer. Raises ToolRefused."""


class Speaker(Protocol):
    """One exchange with something that speaks like a language model."""

    async def say(self, messages: Sequence[Message], tools: Sequence[ToolSpec], shape: Shape | None) -> Reply:
        """The next turn of the conversation."""


class Model(Protocol):
    """A language model."""

    @property
    def name(self) -> str:
        """How people know it."""

    async def complete(self, prompt: Prompt, shape: type[S], meter: Meter) -> S:
        """One answer in the shape asked for. Raises Unfit when it has another, ModelFailed, OverBudget."""

    async def converse(self, prompt: Prompt, tools: Sequence[Tool], meter: Meter) -> str:
        """Lets the model use the tools, one a turn, until it says that it is done: its last words.

        Raises ModelFailed, OverBudget; and Looping when it goes in circles. What the tools did stays done.
        """
