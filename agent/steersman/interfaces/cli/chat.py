"""`steersman chat`: the terminal UI, or with --plain the same conversation in lines."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from functools import partial

from steersman_tools.types import ToolFailed

from ...app import me
from ...gate import BadPolicy
from .options import BadSettings, add_policy, add_record, add_source, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", nargs="*", help="what to ask first")
    add_source(parser)
    parser.add_argument(
        "--demo", nargs="?", const="wrong-target-port", metavar="FAULT", help="talk to the embedded world"
    )
    parser.add_argument("--plain", action="store_true", help="lines instead of a screen: for screen readers and pipes")
    parser.add_argument("--read-only", action="store_true", help="ask and look; heal and approve nothing")
    add_policy(parser)
    add_record(parser)


def run(args: argparse.Namespace) -> int:
    from ..access import Principal  # noqa: PLC0415  `--help` needs none of it
    from ..talk.house import house  # noqa: PLC0415
    from ..talk.rooms import cluster, embedded  # noqa: PLC0415

    who = Principal(id=me().id, role="viewer" if args.read_only else "approver", holder="person")
    first = " ".join(args.question)
    try:
        opening = partial(embedded, args.demo) if args.demo else partial(cluster, settings(args), "cli-chat")
        with house(opening) as opened:
            served = "TEXTUAL_DRIVER" in os.environ  # `textual serve`: the browser is the terminal
            if args.plain or not (served or sys.stdout.isatty()):
                from ..talk.plain import linear  # noqa: PLC0415

                asyncio.run(linear(opened, who, args.namespace, first))
                return 0
            from rich.console import Console  # noqa: PLC0415

            from ..tui.app import Chat  # noqa: PLC0415  loads Textual

            few = Console().color_system == "standard"
            Chat(opened, who, args.namespace, first, "sixteen" if few else "all").run()
            return 0
    except KeyError:
        print(f"steersman: There is no fault {args.demo!r}; see steersman demo --list.", file=sys.stderr)
    except (BadSettings, BadPolicy, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
    return 1
