"""`steersman autoscale`: replicas for the load that is coming, planned, judged by policy, approved and undone like a healing."""

from __future__ import annotations

import argparse
import asyncio
import sys
from functools import partial

from steersman_tools.clock import WallClock
from steersman_tools.types import ToolFailed, Unreachable

from ...app import me, sources, tools
from ...desk import desk
from ...gate import BadPolicy, load
from ...session import new_id
from ...types import Request
from .forecast import seconds
from .heal import begin
from .options import BadSettings, add_policy, add_record, add_source, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ahead", type=seconds, default=900.0, metavar="TIME", help="how far ahead (default: 15m, for pods that take minutes)"
    )  # fmt: skip
    add_source(parser)
    parser.add_argument("--yes", action="store_true", help="approve what policy asks about; never what it denies")
    parser.add_argument("--dry-run", action="store_true", help="show the plans and their verdicts, and change nothing")
    add_policy(parser)
    add_record(parser)
    parser.add_argument("-o", "--output", choices=("text", "json", "jsonl"), default="text")


def run(args: argparse.Namespace) -> int:
    try:
        chosen, name = settings(args), new_id(WallClock())
        load(chosen.policy)
        if chosen.bundle:
            raise Unreachable("A bundle is a picture: nothing can be scaled in it. Give --kubeconfig or --context.")
        with sources(chosen) as opened:
            if opened.metrics is None:
                raise Unreachable(f"What is coming is read from metrics, but {opened.no_metrics}.")
        with desk(chosen.data, f"cli-{name}", partial(tools, chosen)) as at_work:
            return asyncio.run(begin(at_work, name, request_of(args), args.output))
    except (BadSettings, BadPolicy, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1


def request_of(args: argparse.Namespace) -> Request:
    """What the flags ask for."""
    return Request(
        namespace=args.namespace,
        wants="scaling",
        ahead_seconds=min(args.ahead, 86400.0),
        approval="given" if args.yes else "ask",
        act="show only" if args.dry_run else "for real",
        by=me().id,
    )
