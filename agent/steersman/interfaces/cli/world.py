"""`steersman world`: the embedded cloud, served until stopped: a playground, and a server for other projects' tests."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from steersman_tools.types import ToolFailed
from steersman_tools.world.running import prepared, run_world


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=_port, default=0, metavar="N", help="the port on 127.0.0.1 (default: a free one)"
    )
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument("--world", type=Path, metavar="FILE", help="a world file (default: an example shop)")
    begin.add_argument("--bundle", type=Path, metavar="DIR", help="a recorded cluster to go on from")


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number up to 65535")
    return int(text)


def run(args: argparse.Namespace) -> int:
    try:
        asyncio.run(_serve(args))
    except ToolFailed as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(args: argparse.Namespace) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    world = await prepared(args.world, args.bundle)
    await run_world(world, args.port, lambda line: print(line, flush=True), stop)
