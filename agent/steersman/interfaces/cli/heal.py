"""`steersman heal`: diagnoses, plans, asks, acts, verifies, and takes back what did not help."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from steersman_tools.types import ToolFailed

from ...app import Tools, journal, tools
from ...gate import BadPolicy
from ...session import Session
from ...types import Closed, Diagnosed, Entry, Judged, Planned, Request
from ..document import healing
from ..story import Story
from ..style import style_for
from .options import BadSettings, add_source, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", nargs="?", default="", help="what is wrong (optional)")
    add_source(parser)
    parser.add_argument("--yes", action="store_true", help="approve what policy asks about; never what it denies")
    parser.add_argument("--dry-run", action="store_true", help="show the plan and its verdicts, and change nothing")
    parser.add_argument("--rehearse", action="store_true", help="play each plan on a copy of the cluster first")
    parser.add_argument(
        "--policy", type=Path, metavar="FILE", help="the policy (default: the built-in one, which asks)"
    )
    parser.add_argument(
        "--max-attempts", type=int, default=3, metavar="N", help="give up after N plans that did not help"
    )
    parser.add_argument("-o", "--output", choices=("text", "json", "jsonl"), default="text")


def run(args: argparse.Namespace) -> int:
    try:
        chosen = settings(args)
        with journal(chosen) as record, tools(chosen, record) as opened:
            return asyncio.run(_heal(Session(opened.sources, journal=record, equipment=opened.equipment), args, opened))
    except (BadSettings, BadPolicy, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1


def request_of(args: argparse.Namespace, by: str) -> Request:
    """What the flags ask for."""
    return Request(
        question=args.question,
        namespace=args.namespace,
        wants="healing",
        approval="given" if args.yes else "ask",
        act="show only" if args.dry_run else "for real",
        rehearse="first" if args.rehearse else "no",
        max_attempts=min(max(args.max_attempts, 1), 10),
        by=by,
    )


async def _heal(session: Session, args: argparse.Namespace, opened: Tools) -> int:
    by = opened.equipment.actor.id if opened.equipment else ""
    return await follow(session, request_of(args, by), args.output, by)


async def follow(session: Session, request: Request, output: str, by: str) -> int:
    """Shows a session that heals, asks where a person must decide, and returns the exit status."""
    story = Story(style_for(sys.stdout))
    entries: list[Entry] = []
    plan: Planned | None = None
    async for entry in session.start(request):
        entries.append(entry)
        event = entry.event
        if output == "jsonl":
            print(entry.model_dump_json(), flush=True)
        elif output == "text" and (told := story.tell(entry)):
            print(told, flush=True)
        if isinstance(event, Planned):
            plan = event
        if (
            isinstance(event, Judged)
            and event.effect == "ask"
            and request.approval == "ask"
            and request.act == "for real"
            and plan
        ):
            await _ask(session, plan, by)
    closed = next((e.event for e in reversed(entries) if isinstance(e.event, Closed)), None)
    if output == "json":
        print(healing(session.id, request.question, entries).model_dump_json(by_alias=True, indent=2))
    if closed is None or closed.outcome == "failed":
        return 1 if not any(isinstance(e.event, Diagnosed) for e in entries) else 3
    if closed.outcome in ("undone", "refused"):
        return 3
    left = next((e.event.diagnosis for e in reversed(entries) if isinstance(e.event, Diagnosed)), None)
    return 3 if closed.outcome == "nothing-to-do" and left and left.causes and request.act == "for real" else 0


async def _ask(session: Session, plan: Planned, by: str) -> None:
    digest = plan.plan.digest
    if not sys.stdin.isatty():
        session.reject(digest, by, "nobody could be asked: run it on a terminal, or with --yes")
        return
    answer = await asyncio.to_thread(input, f"Approve plan {digest}? [y/N] ")
    if answer.strip().lower() in ("y", "yes"):
        session.approve(digest, by)
    else:
        session.reject(digest, by, "not approved at the terminal")
