"""`steersman undo SESSION`: takes back what a finished session did."""

from __future__ import annotations

import argparse
import asyncio
import sys

from steersman_tools.clock import WallClock
from steersman_tools.types import ToolFailed

from ...app import journal, providers, queues, tools
from ...gate import BadPolicy
from ...journal import FileJournal
from ...session import Equipment, undo
from ..story import Story
from ..style import style_for
from .options import BadSettings, add_record, add_source, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", help="the session, as `steersman sessions` names it")
    add_record(parser)
    add_source(parser)


def run(args: argparse.Namespace) -> int:
    try:
        chosen = settings(args)
        quantum = bool(providers(chosen))
        with journal(chosen) as record, queues(chosen) if quantum else tools(chosen, record) as opened:
            if opened.equipment is None:
                raise ToolFailed("A bundle is a picture: nothing can be undone in it.")
            return asyncio.run(_undo(args.session, record, opened.equipment))
    except (BadSettings, BadPolicy, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1


async def _undo(session: str, record: FileJournal, equipment: Equipment) -> int:
    story, outcome = Story(style_for(sys.stdout)), ""
    async for entry in undo(record, session, equipment, WallClock()):
        print(story.tell(entry), flush=True)
        outcome = entry.event.outcome if entry.event.kind == "closed" else outcome
    return 0 if outcome == "undone" else 3
