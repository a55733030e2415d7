"""`steersman sessions`: what has been asked and done on this machine."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from steersman_tools.types import ToolFailed

from ...app import journal
from ..style import style_for
from .options import BadSettings, add_record, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--most", type=int, default=20, metavar="N", help="the latest N (default 20)")
    add_record(parser)
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    try:
        with journal(settings(args)) as record:
            found = record.sessions(args.most)
    except (BadSettings, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1
    if args.output == "json":
        print(json.dumps([asdict(s) for s in found], default=str, indent=2))
        return 0
    style = style_for(sys.stdout)
    if not found:
        print("No session has been recorded yet: `steersman heal` makes one.")
    for s in found:
        causes = "; ".join(s.causes) or "no cause"
        print(
            f"{s.session}  {s.began:%Y-%m-%d %H:%M}  {s.outcome or style.bold('open'):<14} {s.question or s.wants}  {style.dim(causes)}"
        )
    return 0
