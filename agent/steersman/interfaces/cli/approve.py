"""`steersman approve SESSION`, `reject`, `resume`: goes on with a session that waits, or whose process has died."""

from __future__ import annotations

import argparse
import asyncio
import sys
from functools import partial

from steersman_tools.types import ToolFailed

from ...app import me, tools
from ...desk import Desk, desk
from ...gate import BadPolicy
from ...types import Request
from .heal import watch
from .options import BadSettings, add_policy, add_record, add_source, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("session", help="the session, as `steersman sessions` names it")
    add_source(parser)
    parser.add_argument("--digest", help="the plan that you have read (default: the one that the session waits for)")
    add_policy(parser)
    add_record(parser)
    parser.add_argument("-o", "--output", choices=("text", "json", "jsonl"), default="text")


def run(args: argparse.Namespace) -> int:
    return go_on(args, "approve")


def go_on(args: argparse.Namespace, what: str) -> int:
    """Opens the desk as the session's owner, says what there is to say, and follows it to its end."""
    try:
        chosen = settings(args)
        with desk(chosen.data, f"cli-{args.session}", partial(tools, chosen)) as opened:
            return asyncio.run(_go_on(opened, args, what))
    except (BadSettings, BadPolicy, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1


async def _go_on(opened: Desk, args: argparse.Namespace, what: str) -> int:
    entries = opened.journal.entries(args.session)
    if not entries:
        raise ToolFailed(f"There is no session {args.session}; see `steersman sessions`.")
    first = entries[0].event
    request = first.request if first.kind == "question" else Request(wants="healing")
    if entries[-1].event.kind == "closed":
        raise ToolFailed(f"Session {args.session} is over: {entries[-1].event.outcome}.")
    waits = opened.waiting_for(args.session)
    if what != "resume":
        digest = args.digest or waits
        if not digest:
            raise ToolFailed(f"Session {args.session} waits for no approval.")
        if what == "approve":
            await opened.approve(args.session, digest, me().id)
        else:
            await opened.reject(args.session, digest, me().id, "rejected at the command line")
        request = request.model_copy(update={"approval": "given"})  # do not ask here what has just been answered
    return await watch(opened, args.session, request, args.output)
