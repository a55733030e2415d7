"""The JSON document of an investigation, as scripts read it: schema `steersman.investigation/v1` (docs/json.md)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from steersman_tools.types import Evidence, Frozen, NotChecked

from ..types import Cause, Diagnosed, Seconds, Unexplained


class Investigation(Frozen):
    """What `--output json` prints."""

    schema_: Literal["steersman.investigation/v1"] = Field("steersman.investigation/v1", alias="schema")
    session: str
    question: str
    healthy: bool
    causes: tuple[Cause, ...]
    unexplained: tuple[Unexplained, ...]
    evidence: tuple[Evidence, ...]
    not_checked: tuple[NotChecked, ...]
    seconds: Seconds
    model: str | None = None


def investigation(session: str, question: str, event: Diagnosed) -> Investigation:
    """The document of a diagnosis."""
    found = event.diagnosis
    return Investigation(
        session=session,
        question=question,
        healthy=found.healthy,
        causes=found.causes,
        unexplained=found.unexplained,
        evidence=found.evidence,
        not_checked=found.not_checked,
        seconds=event.seconds,
    )
