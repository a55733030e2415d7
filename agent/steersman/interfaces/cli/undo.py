"""`steersman undo SESSION`: takes back what a finished session did."""

from __future__ import annotations

import argparse
import asyncio
import sys

from steersman_tools.clock import WallClock
from steersman_tools.types import ToolFailed

from ...app import Tools, journal, queues, tools
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
        with journal(chosen) as record:
            done = [e.event.receipt for e in record.entries(args.session) if e.event.kind == "done"]
            queued = any(r.prepared.target.kind == "QuantumJob" for r in done)  # its queue may stand without a cluster
            with queues(chosen) if queued else tools(chosen, record) as opened:
                if opened.equipment is None:
                    raise ToolFailed("A bundle is a picture: nothing can be undone in it.")
                return asyncio.run(_undo(args.session, record, opened, opened.equipment))
    except (BadSettings, BadPolicy, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1


async def _undo(session: str, record: FileJournal, opened: Tools, equipment: Equipment) -> int:
    story, outcome = Story(style_for(sys.stdout)), ""
    try:
        async for entry in undo(record, session, equipment, WallClock()):
            print(story.tell(entry), flush=True)
            outcome = entry.event.outcome if entry.event.kind == "closed" else outcome
    finally:
        for provider in opened.sources.providers:
            await provider.close()
    return 0 if outcome == "undone" else 3
