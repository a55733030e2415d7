"""The tools of a model, one file each. They read what the session gathered, and logs and metrics; none can write."""

from __future__ import annotations

from collections.abc import Sequence

from ...models import Tool
from ..case import Case
from . import causes, changes, describe, estate, listing, logs, metric, problems, runbooks, topology
from .base import Bound, ReadTool
from .propose import Propose

READ_TOOLS: tuple[ReadTool, ...] = (
    problems.TOOL,
    causes.TOOL,
    describe.TOOL,
    logs.TOOL,
    metric.TOOL,
    changes.TOOL,
    topology.TOOL,
    runbooks.TOOL,
    estate.TOOL,
    listing.TOOL,
)


def toolbox(case: Case) -> Sequence[Tool]:
    """All tools over the case; which of them is offered at a turn, each says itself."""
    return (*(Bound(tool, case) for tool in READ_TOOLS), Propose(case))
