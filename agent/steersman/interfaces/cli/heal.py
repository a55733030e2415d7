"""`steersman heal`: diagnoses, plans, asks, acts, verifies, and takes back what did not help."""

from __future__ import annotations

import argparse
import asyncio
import sys
from functools import partial

from steersman_tools.clock import WallClock
from steersman_tools.types import ToolFailed, Unreachable

from ...app import me, sources, tools
from ...desk import Desk, desk
from ...gate import BadPolicy, load
from ...session import new_id
from ...types import Failed, Request
from .follow import Answer, follow
from .options import BadSettings, add_policy, add_record, add_source, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", nargs="?", default="", help="what is wrong (optional)")
    add_source(parser)
    parser.add_argument("--yes", action="store_true", help="approve what policy asks about; never what it denies")
    parser.add_argument("--dry-run", action="store_true", help="show the plan and its verdicts, and change nothing")
    parser.add_argument("--rehearse", action="store_true", help="play each plan on a copy of the cluster first")
    add_policy(parser)
    parser.add_argument(
        "--max-attempts", type=int, default=3, metavar="N", help="give up after N plans that did not help"
    )
    add_record(parser)
    parser.add_argument("-o", "--output", choices=("text", "json", "jsonl"), default="text")


def run(args: argparse.Namespace) -> int:
    try:
        chosen, name = settings(args), new_id(WallClock())
        load(chosen.policy)
        if chosen.bundle:
            raise Unreachable("A bundle is a picture: nothing can be healed in it. Give --kubeconfig or --context.")
        with sources(chosen):
            pass  # a wrong kubeconfig is told at once, before anything is recorded
        with desk(chosen.data, f"cli-{name}", partial(tools, chosen)) as opened:
            return asyncio.run(begin(opened, name, request_of(args), args.output))
    except (BadSettings, BadPolicy, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1


def request_of(args: argparse.Namespace) -> Request:
    """What the flags ask for."""
    return Request(
        question=args.question,
        namespace=args.namespace,
        wants="healing",
        approval="given" if args.yes else "ask",
        act="show only" if args.dry_run else "for real",
        rehearse="first" if args.rehearse else "no",
        max_attempts=min(max(args.max_attempts, 1), 10),
        by=me().id,
    )


async def begin(opened: Desk, name: str, request: Request, output: str) -> int:
    """Starts a session at the desk and follows it."""
    await opened.start(request, name)
    return await watch(opened, name, request, output)


async def watch(opened: Desk, name: str, request: Request, output: str) -> int:
    """Follows a session at the desk to its end, or to where it waits for somebody who is not here."""

    async def decide(digest: str, answer: Answer) -> bool:
        match answer:
            case "yes":
                await opened.approve(name, digest, me().id)
            case "no":
                await opened.reject(name, digest, me().id, "not approved at the terminal")
            case "nobody":
                print(f"steersman: session {name} waits for approval: steersman approve {name}", file=sys.stderr)
                return False
        return True

    code = await follow(name, opened.follow(name), request, output, decide)
    first = [e.event for e in opened.journal.entries(name) if isinstance(e.event, Failed)]
    if code == 1 and first and output == "json":
        print(f"steersman: {first[0].text}", file=sys.stderr)
    return code
