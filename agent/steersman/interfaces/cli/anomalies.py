"""`steersman anomalies`: which series left their own past, since when, how sure, what was changed then, and whose trouble it is."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys

from steersman_tools.types import ToolFailed

from ...app import sources
from ...outlook.unusual import unusual
from .. import unusual as told
from ..style import style_for
from .forecast import seconds
from .options import BadSettings, add_source, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "entity", nargs="?", default="", metavar="SERVICE", help="one service, such as shop/Service/cart or cart"
    )
    parser.add_argument(
        "--past", type=seconds, default=7200.0, metavar="TIME", help="how far back its past is read: 30m, 2h (the default), 1d"
    )  # fmt: skip
    add_source(parser)
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    parser.add_argument("--json", dest="output", action="store_const", const="json", help="the same as --output json")


def run(args: argparse.Namespace) -> int:
    try:
        with sources(settings(args)) as opened:
            found = asyncio.run(unusual(opened, args.past / 60, args.entity, args.namespace))
    except (BadSettings, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1
    if args.entity and not found.services:
        print(
            f"steersman: no service that is measured is called {args.entity!r}: `steersman anomalies` shows what is",
            file=sys.stderr,
        )
        return 1
    if args.output == "json":
        print(told.document(found).model_dump_json(by_alias=True, indent=2))
    else:
        width = shutil.get_terminal_size((100, 24)).columns
        print(told.text(found, style_for(sys.stdout), width), end="")
    return 0
