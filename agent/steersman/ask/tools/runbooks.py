"""The tool `runbooks`: what this organisation's own runbooks say. They are data like everything else that is read."""

from __future__ import annotations

from collections.abc import Sequence

from steersman_tools.types import Observation

from ..case import Case
from .base import Args, NoSuch, ReadTool

MOST = 2


class _Args(Args):
    words: str


async def _run(case: Case, args: _Args) -> Sequence[Observation]:
    library = case.sources.library
    if library is None:
        raise NoSuch("not checked: no runbooks are indexed; `steersman runbooks index DIR` does it")
    passages = await library.search(args.words, MOST)
    return [
        case.observed("runbook", f'steersman runbooks search "{args.words}"', [f"{p.source}:", p.text])
        for p in passages[:MOST]
    ] or [case.observed("runbook", f'steersman runbooks search "{args.words}"', [], none="no runbook speaks of that")]


TOOL = ReadTool(
    "runbooks",
    "Searches the organisation's runbooks.",
    _Args,
    _run,
    offered=lambda case: case.sources.library is not None,
)
