"""`steersman investigate`: reads, judges, and says what is wrong."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys

from steersman_tools.types import Unreachable

from ...app import sources
from ...explanation import Explained
from ...remedy import Plan
from ...session import Session, Sources
from ...types import Diagnosed, Entry, Failed, Planned, Progress, Remembered, Request
from .. import explanation, markdown, render
from ..document import explained, investigation
from ..story import plan_text
from ..style import style_for
from .options import BadSettings, add_source, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("question", nargs="?", default="", help="what you want to know (optional)")
    add_source(parser)
    add_output(parser)


def add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", choices=("text", "json", "jsonl", "markdown"), default="text")
    parser.add_argument("--fail-on-findings", action="store_true", help="exit with status 2 when causes were found")


def run(args: argparse.Namespace) -> int:
    try:
        with sources(settings(args)) as opened:
            return asyncio.run(show(opened, args))
    except (BadSettings, Unreachable) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1


async def show(opened: Sources, args: argparse.Namespace) -> int:
    """Runs one investigation and prints it in the form asked for."""
    session = Session(opened)
    request = Request(question=args.question, namespace=args.namespace)
    answer: Diagnosed | None = None
    plan: Plan | None = None
    said: Explained | None = None
    seen = Remembered()
    style, width = style_for(sys.stdout), shutil.get_terminal_size((100, 24)).columns
    async for entry in session.start(request):
        if args.output == "jsonl":
            print(entry.model_dump_json(), flush=True)
        if isinstance(entry.event, Failed):
            clear_progress()
            print(f"steersman: {entry.event.text}", file=sys.stderr)
            return 1
        if isinstance(entry.event, Diagnosed):
            answer = entry.event
            if args.output == "text":  # at once: a model may take its time
                clear_progress()
                print(render.text(answer.diagnosis, answer.seconds, style, width), end="", flush=True)
        if isinstance(entry.event, Remembered):
            seen = entry.event
        if isinstance(entry.event, Planned):
            plan = entry.event.plan
        if isinstance(entry.event, Explained):
            said = entry.event
        progress(entry)
    clear_progress()
    if answer is None:
        return 1
    if args.output == "text":
        if seen.recalls:
            print("\n" + "\n".join(render.recalled(seen, style, width)))
        if plan and plan.steps:
            print(
                f"\n{plan_text(plan, style)}\n{style.dim('steersman heal carries it out, if policy and you allow it')}"
            )
        if said:
            print("\n".join(explanation.lines(said, style, width)))
    elif args.output == "markdown":
        print(markdown.text(answer.diagnosis, answer.seconds, request.question), end="")
    elif args.output == "json":
        document = investigation(session.id, request.question, answer, plan, seen.recalls)
        print((explained(document, said) if said else document).model_dump_json(by_alias=True, indent=2))
    return 2 if args.fail_on_findings and answer.diagnosis.causes else 0


def progress(entry: Entry) -> None:
    """A line that replaces itself, on a terminal only."""
    if isinstance(entry.event, Progress) and sys.stderr.isatty():
        print(f"\r\033[K{entry.event.text} ...", end="", file=sys.stderr, flush=True)


def clear_progress() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
