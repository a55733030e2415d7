"""`steersman ask`: one request in plain words, answered at once. It works with no model; with one, more is understood and explained."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import textwrap
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from steersman_tools.types import Frozen, Unreachable

from ...app import sources
from ...ask import Reply, answer, explain, open_case
from ...ask.understand import understand
from ...explanation import Explained
from ...intent import Diagnose
from ...session import Sources
from ...types import Seconds
from .. import render
from ..explanation import lines as explanation_lines
from ..style import Style, style_for
from .options import BadSettings, add_source, settings


class Asked(Frozen):
    """What `--output json` prints."""

    schema_: Literal["steersman.reply/v1"] = Field("steersman.reply/v1", alias="schema")
    question: str
    reply: Reply
    model: str | None = None
    explained: Explained | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="+", help="what you want to know or to have done, in English or Chinese")
    add_source(parser)
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    try:
        with sources(settings(args)) as opened:
            return asyncio.run(_ask(opened, args))
    except (BadSettings, Unreachable) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1


async def _ask(opened: Sources, args: argparse.Namespace) -> int:
    text = " ".join(args.text)
    case = await open_case(opened, args.namespace, text)
    intent = await understand(text, case, opened.aide)
    reply = await answer(intent, case)
    explained = await explain(case, opened.aide) if opened.aide and isinstance(intent, Diagnose) else None
    if args.output == "json":
        name = opened.aide.model.name if opened.aide else None
        asked = Asked(question=text, reply=reply, model=name, explained=explained)
        print(asked.model_dump_json(by_alias=True, indent=2))
    else:
        width = shutil.get_terminal_size((100, 24)).columns
        print("\n".join(_lines(reply, explained, style_for(sys.stdout), width)))
    return 0


def _lines(reply: Reply, explained: Explained | None, style: Style, width: int) -> Iterator[str]:
    yield from textwrap.wrap(style.bold(reply.headline), width)
    if unread := getattr(reply.intent, "unread", ()):
        yield style.dim(f"(I made nothing of: {', '.join(unread)})")
    if reply.diagnosis and (reply.diagnosis.causes or reply.diagnosis.unexplained):
        yield ""
        yield render.text(reply.diagnosis, Seconds(gather=0, diagnose=0), style, width).split("\n", 2)[2].rstrip()
    elif not reply.diagnosis:
        for item in reply.evidence:
            yield from item.text.splitlines()
            yield style.dim(f"{item.id} $ {item.call}")
    for example in reply.nearest:
        yield f"   {example}"
    if reply.command:
        yield style.dim(f"$ {reply.command}")
    if explained:
        yield from explanation_lines(explained, style, width)
