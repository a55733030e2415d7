"""What the API takes and gives beside what sessions are made of, with the examples that stand in its description."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from fastapi import Path, Query
from pydantic import BeforeValidator, ConfigDict, Field, Strict

from steersman_tools.types import Frozen

from ...gpu.health import HealthReport
from ...types import Request

SessionName: TypeAlias = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}$", description="A session's name.", examples=["20260314-150901-9f2c11aa"])
]
Namespace: TypeAlias = Annotated[
    str | None, Query(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", description="One namespace; none: all of them.")
]
Digest: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$", examples=["4be3f19a02c7d581"])]
Whole: TypeAlias = Annotated[
    int, BeforeValidator(lambda n: int(n) if isinstance(n, float) and n.is_integer() else n), Strict()
]
"""JSON has one kind of number: 3.0 is 3, and "3" is none."""
_EXAMPLES = {"examples": [{"question": "why is checkout slow?", "namespace": "shop", "wants": "healing"}]}


class NewSession(Frozen):
    """What a session is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_EXAMPLES)  # type: ignore[typeddict-item]  # JSON

    question: str = Field("", max_length=2000)
    namespace: str | None = Field(None, pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")
    wants: Literal["diagnosis", "healing", "scaling"] = "diagnosis"
    """Scaling: replicas for the load that is coming. A change is asked for in words, in a chat or by an assistant."""
    approval: Literal["ask", "given"] = "ask"
    """Given: what policy asks about is approved beforehand; this needs a person with the role approver."""
    act: Literal["for real", "show only"] = "for real"
    rehearse: Literal["no", "first", "must-hold"] = "no"
    max_attempts: Whole = Field(3, ge=1, le=10)

    def request(self) -> Request:
        """The same as the engine takes it; who asks is added there."""
        return Request(**dict(self))


class Approval(Frozen):
    """A person's word on exactly one plan: the digest is that of the plan that was read."""

    digest: Digest


class Rejection(Frozen):
    """A person's word against exactly one plan."""

    digest: Digest
    why: str = Field("", max_length=1000, examples=["wait for the end of the sale"])


class ApprovalCode(Frozen):
    """What an assistant hands in for the person who asked for it (MCP tool `approve`)."""

    code: str
    minutes: int
    """So long it is good for."""


class Gpus(Frozen):
    """Accelerators: `estate` as `steersman gpu list --output json` has it, `health` as `steersman gpu health` does."""

    estate: dict[str, object]
    health: HealthReport


class Taken(Frozen):
    """What became of a delivery of alerts."""

    class Line(Frozen):
        """One incident of it."""

        incident: str
        session: str
        what: Literal["begun", "joined", "known", "resolved"]

    incidents: tuple[Line, ...]


class Health(Frozen):
    """Whether the server works, and since when it does not."""

    status: Literal["ok", "starting", "down"]
    detail: str = ""
