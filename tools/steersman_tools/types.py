"""The vocabulary that every layer shares: how a thing is named, what was seen of it, and what could not be seen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = "Mapping[str, Json]"

_TEXT = re.compile(r"(?:(?P<cluster>.+):)?(?P<namespace>[^/:]*)/(?P<kind>[^/]+)/(?P<name>[^/]+)")


class Frozen(BaseModel):
    """A value that crosses a border: closed, and never changed after it is made."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """The name of one thing: `shop/Service/cart`, `/Node/worker-1`, `quantum/Backend/ibm_fez`; a cluster stands before a colon."""

    namespace: str
    kind: str
    name: str
    cluster: str = ""

    def __str__(self) -> str:
        return f"{self.cluster}{':' if self.cluster else ''}{self.namespace}/{self.kind}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """The thing that a text form names; ValueError when the text has another form."""
        if not (found := _TEXT.fullmatch(text)):
            raise ValueError(f"{text!r} names nothing; the form is namespace/Kind/name")
        return cls(found["namespace"], found["kind"], found["name"], found["cluster"] or "")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: Any) -> Ref:
            return value if isinstance(value, Ref) else cls.parse(str(value))

        return core_schema.no_info_plain_validator_function(
            read,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.to_string_ser_schema(),
        )


Tool: TypeAlias = Literal[
    "kubernetes", "events", "logs", "metrics", "alerts", "node", "gpu", "quantum", "runbook", "mcp"
]


class Observation(Frozen):
    """One look at the world. Nothing found and a failed look are different things, and neither is 'all is well'."""

    tool: Tool
    call: str
    """A command that a person can repeat: a kubectl line, a PromQL query."""
    observed_at: datetime
    text: str
    """What was seen: redacted, bounded."""
    outcome: Literal["data", "no-data", "error"] = "data"


class Evidence(Observation):
    """An observation with the number under which claims cite it, such as `E3`."""

    id: str


class NotChecked(Frozen):
    """Something that was not looked at; it must never be taken for healthy."""

    what: str
    why: str


class ToolFailed(Exception):
    """A tool could not do its work. The text is one sentence for a person; the catcher goes on without the tool."""


class Unreachable(ToolFailed):
    """Nothing answers at all, or it answers nobody. The catcher stops and shows the sentence, or notes it as not checked."""
