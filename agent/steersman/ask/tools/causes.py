"""The tool `causes`: one root cause that the engine found, with its evidence and what was ruled out."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from steersman_tools.types import Observation

from ...types import Cause
from ..case import Case
from .base import Args, NoSuch, ReadTool

CITED = 3


class _Args(Args):
    rank: int = Field(1, ge=1, le=20)


async def _run(case: Case, args: _Args) -> Sequence[Observation]:
    causes = case.diagnosis.causes
    if args.rank > len(causes):
        raise NoSuch(f"the engine found {len(causes)} causes")
    cause = causes[args.rank - 1]
    own = case.observed("kubernetes", "steersman investigate --output json", _lines(cause))
    return [own, *(case.evidence[key] for key in cause.cites[:CITED])]


def _lines(cause: Cause) -> list[str]:
    lines = [f"{cause.fault} of {cause.entity} {cause.field}".strip(), cause.summary]
    lines += [f"is: {cause.observed}", f"should be: {cause.expected}", f"do: {cause.advice}"]
    if cause.path:
        lines.append("path: " + " -> ".join(map(str, cause.path)))
    if cause.written_by:
        lines.append(f"written by {cause.written_by.manager} at {cause.written_by.at}")
    return lines + [f"ruled out: {r.fault} of {r.entity}: {r.why}" for r in cause.ruled_out[:4]]


TOOL = ReadTool(
    "causes",
    "One of the engine's root causes in full: what is, what should be, who wrote it, what was ruled out.",
    _Args,
    _run,
    offered=lambda case: bool(case.diagnosis.causes),
)
