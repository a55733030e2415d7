"""`steersman ask`: one request in plain words. It works with no model; with one, more is understood and explained.

What is asked for to be changed goes the way of every change: plan, policy, approval, verification, undo.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import textwrap
from collections.abc import Iterator
from functools import partial
from typing import Literal

from pydantic import Field

from steersman_tools.clock import WallClock
from steersman_tools.types import ToolFailed

from ...app import me, sources, tools
from ...asking import Answered, Asking
from ...asking import ask as ask_it
from ...explanation import Explained
from ...gate import BadPolicy, load
from ...session import Sources, new_id
from ...settings import Settings
from ...types import Request, Seconds
from .. import foreseen, gpu_text, render
from ..document import Healing, healing
from ..explanation import lines as explanation_lines
from ..style import Style, style_for
from .options import BadSettings, add_policy, add_record, add_source, settings


class Asked(Answered):
    """What `--output json` prints."""

    schema_: Literal["steersman.reply/v1"] = Field("steersman.reply/v1", alias="schema")
    model: str | None = None
    explained: Explained | None = None
    change: Healing | None = None
    """Of a change: its plan, what policy says, and what became of it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="+", help="what you want to know or to have done, in English or Chinese")
    add_source(parser)
    doing = parser.add_argument_group("where something is to be changed")
    doing.add_argument("--yes", action="store_true", help="approve what policy asks about; never what it denies")
    doing.add_argument("--dry-run", action="store_true", help="show the plan and its verdicts, and change nothing")
    add_policy(doing)
    add_record(doing)
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    text = " ".join(args.text)
    try:
        chosen = settings(args)
        with sources(chosen) as opened:
            asked = asyncio.run(_ask(text, opened, args))
        request = asked.reply.request
        if request is None or chosen.bundle:
            _last(asked, args)
            return 0
        return _change(asked, request, chosen, args)
    except (BadSettings, BadPolicy, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1


async def _ask(text: str, opened: Sources, args: argparse.Namespace) -> Asked:
    """The answer; on a terminal what needs no model is there before the model is asked."""
    asking = await ask_it(text, opened, args.namespace)
    style, width = style_for(sys.stdout), shutil.get_terminal_size((100, 24)).columns
    if args.output == "text":
        print("\n".join(_lines(asking.answered, style, width)), flush=True)
    explained = await _explained(asking, args)
    if args.output == "text" and explained:
        print("\n".join(explanation_lines(explained, style, width)))
    name = opened.aide.model.name if opened.aide else None
    return Asked(**dict(asking.answered), model=name, explained=explained)


async def _explained(asking: Asking, args: argparse.Namespace) -> Explained | None:
    waiting = args.output == "text" and sys.stderr.isatty() and asking.explains
    if waiting:
        print("asking the model ...\r", end="", file=sys.stderr, flush=True)
    explained = await asking.explained()
    if waiting:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    return explained


def _last(asked: Asked, args: argparse.Namespace) -> None:
    if args.output == "json":
        print(asked.model_dump_json(by_alias=True, indent=2))
    elif asked.reply.request:
        print("A bundle is a picture: nothing can be changed in it.")


def _change(asked: Asked, wanted: Request, chosen: Settings, args: argparse.Namespace) -> int:
    """A session that does what was asked for, as far as policy and people allow it.

    `--yes` approves what was understood without a model; what a model has read, a person has to see as a plan first.
    """
    from ...desk import desk  # noqa: PLC0415  loads DBOS, which a question does not need
    from .heal import watch  # noqa: PLC0415  likewise

    load(chosen.policy)
    name = new_id(WallClock())
    request = wanted.model_copy(
        update={
            "approval": "given" if args.yes and not getattr(asked.reply.intent, "read_by", "") else "ask",
            "act": "show only" if args.dry_run else "for real",
            "by": me().id,
        }
    )

    async def go() -> int:
        await opened.start(request, name)
        return await watch(opened, name, request, "text" if args.output == "text" else "quiet")

    with desk(chosen.data, f"cli-{name}", partial(tools, chosen)) as opened:
        code = asyncio.run(go())
        if args.output == "json":
            made = healing(name, request.question, opened.journal.entries(name))
            print(asked.model_copy(update={"change": made}).model_dump_json(by_alias=True, indent=2))
    return code


def _lines(answered: Answered, style: Style, width: int) -> Iterator[str]:
    reply = answered.reply
    yield from textwrap.wrap(style.bold(reply.headline), width)
    if unread := getattr(reply.intent, "unread", ()):
        yield style.dim(f"(I made nothing of: {', '.join(unread)})")
    if reply.diagnosis and (reply.diagnosis.causes or reply.diagnosis.unexplained):
        yield ""
        yield render.text(reply.diagnosis, Seconds(gather=0, diagnose=0), style, width).split("\n", 2)[2].rstrip()
    elif answered.outlook:
        yield foreseen.text(answered.outlook, style, width).rstrip()
    elif answered.gpus:
        yield "\n".join(gpu_text.text(each) for each in answered.gpus).rstrip()
    elif not reply.diagnosis:
        for item in reply.evidence:
            yield from item.text.splitlines()
            yield style.dim(f"{item.id} $ {item.call}")
    for example in reply.nearest:
        yield f"   {example}"
    if reply.command and not reply.request:
        yield style.dim(f"$ {reply.command}")
