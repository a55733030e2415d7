"""`steersman demo`: the whole loop on the embedded world, for somebody who has seen nothing of it yet."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys

from steersman_tools.world.faults import Fault, catalogue, named

from ...app import me, playground, practice
from ...journal import FileJournal
from ...types import Request
from ..style import style_for
from .follow import Answer, follow
from .options import BadSettings, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fault", metavar="NAME", help="what to break (default: something at random; see --list)")
    parser.add_argument("--list", action="store_true", help="list what can be broken")
    parser.add_argument("--yes", action="store_true", help="approve the plan without asking")
    parser.add_argument("-o", "--output", choices=("text", "json", "jsonl"), default="text")


def run(args: argparse.Namespace) -> int:
    style = style_for(sys.stdout)
    if args.list:
        for fault in catalogue():
            print(f"{fault.name:<20} {fault.title}{style.dim('  (everything looks well)') if fault.silent else ''}")
        return 0
    try:
        fault = named(args.fault) if args.fault else random.choice(catalogue())
    except KeyError:
        names = ", ".join(f.name for f in catalogue())
        print(f"steersman: There is no fault {args.fault!r}: choose one of {names}.", file=sys.stderr)
        return 1
    try:
        with practice(settings(args)) as record:
            return asyncio.run(_play(fault, args, record))
    except BadSettings as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1


async def _play(fault: Fault, args: argparse.Namespace, record: FileJournal | None) -> int:
    style = style_for(sys.stdout)
    if args.output == "text":
        print(
            f"{style.bold('A small cloud')} runs in this process: a bookshop on Kubernetes, with its users, metrics and GPUs."
        )
        print("Ten quiet minutes pass, then something happens that steersman is not told ...\n", flush=True)
    session, by = playground(fault.name, record), me().id
    request = Request(
        question="what is wrong?",
        wants="healing",
        approval="given" if args.yes or not sys.stdin.isatty() else "ask",
        by=by,
    )

    async def decide(digest: str, answer: Answer) -> bool:
        if answer == "yes":
            session.approve(digest, by)
        else:
            session.reject(digest, by, "not approved at the terminal")
        return True

    status = await follow(session.id, session.start(request), request, args.output, decide)
    if args.output == "text":
        print(f"\n{style.bold('What had happened')} {fault.story} ({fault.fault} of {fault.entity})")
        print(style.dim("More: steersman demo --list; your own cluster: steersman investigate, which only reads."))
    return 0 if status == 3 else status
