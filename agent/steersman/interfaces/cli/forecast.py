"""`steersman forecast`: what will reach its limit, and when; of one thing, its course."""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import sys

from steersman_tools.types import Unreachable

from ...app import sources
from ...outlook import HORIZON, NoSuchThing, Outlook, outlook
from .. import foreseen
from ..style import style_for
from .options import BadSettings, add_source, settings

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "entity", nargs="?", default="", metavar="ENTITY", help="one thing, such as shop/Deployment/cart or cart"
    )
    parser.add_argument(
        "--horizon", type=seconds, default=HORIZON, metavar="TIME", help="how far ahead: 30m, 2h (the default), 1d"
    )
    add_source(parser)
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    parser.add_argument("--json", dest="output", action="store_const", const="json", help="the same as --output json")


def seconds(text: str) -> float:
    """`30m` as seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text.strip())
    if not found or not 60 <= float(found[1]) * _SECONDS[found[2]] <= 7 * 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is no time ahead: write 30m, 2h or 1d (a minute to seven days)")
    return float(found[1]) * _SECONDS[found[2]]


def run(args: argparse.Namespace) -> int:
    try:
        with sources(settings(args)) as opened:
            found = asyncio.run(outlook(opened, args.horizon, args.entity, args.namespace))
    except (BadSettings, Unreachable, NoSuchThing) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1
    show(found, args)
    return 0


def show(found: Outlook, args: argparse.Namespace) -> None:
    """Prints the outlook in the form asked for."""
    if args.output == "json":
        print(foreseen.document(found).model_dump_json(by_alias=True, indent=2))
        return
    size = shutil.get_terminal_size((100, 24))
    print(foreseen.text(found, style_for(sys.stdout), size.columns), end="")
