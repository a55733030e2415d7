"""`steersman show SESSION`: a session told again from its record."""

from __future__ import annotations

import argparse
import sys

from steersman_tools.types import ToolFailed

from ...app import journal
from ..document import healing
from ..story import Story
from ..style import style_for
from .options import BadSettings, add_record, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", help="the session, as `steersman sessions` names it")
    add_record(parser)
    parser.add_argument("-o", "--output", choices=("text", "json", "jsonl"), default="text")


def run(args: argparse.Namespace) -> int:
    try:
        with journal(settings(args)) as record:
            entries = record.entries(args.session)
    except (BadSettings, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1
    if not entries:
        print(f"steersman: There is no session {args.session}; see `steersman sessions`.", file=sys.stderr)
        return 1
    if args.output == "json":
        first = entries[0].event
        print(
            healing(args.session, first.request.question if first.kind == "question" else "", entries).model_dump_json(
                by_alias=True, indent=2
            )
        )
        return 0
    story = Story(style_for(sys.stdout))
    for entry in entries:
        if args.output == "jsonl":
            print(entry.model_dump_json())
        elif told := story.tell(entry):
            print(f"{story.style.dim(f'{entry.at:%H:%M:%S}')} {told}")
    return 0
