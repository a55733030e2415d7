"""`steersman watch`: a standing watch that says only what is new or over, and has it put right if it is told to."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable
from functools import partial

from steersman_tools.clock import WallClock
from steersman_tools.types import ToolFailed

from ...app import me, sources, tools
from ...desk import Desk, desk
from ...gate import BadPolicy, load
from ...session import Sources, new_id
from ...settings import Settings
from ...types import Request
from ...vigil import News, watch
from ..style import Style, style_for
from .forecast import seconds
from .heal import begin
from .options import BadSettings, add_policy, add_record, add_source, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--every", type=seconds, default=60.0, metavar="TIME", help="between two looks (default: 1m)")
    parser.add_argument("--rounds", type=int, metavar="N", help="stop after N looks (default: when interrupted)")
    parser.add_argument("--heal", action="store_true", help="start a healing session for each new cause")
    parser.add_argument(
        "--scale", action="store_true", help="start a scaling session when load is coming, or has passed"
    )
    add_source(parser)
    parser.add_argument("--yes", action="store_true", help="approve what policy asks about; never what it denies")
    add_policy(parser)
    add_record(parser)
    parser.add_argument("-o", "--output", choices=("text", "jsonl"), default="text")


def run(args: argparse.Namespace) -> int:
    try:
        chosen = settings(args)
        load(chosen.policy)
        with sources(chosen) as opened:
            return asyncio.run(_watch(opened, chosen, args))
    except (BadSettings, BadPolicy, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1


async def _watch(opened: Sources, chosen: Settings, args: argparse.Namespace) -> int:
    if not opened.metrics and opened.no_metrics:
        print(f"steersman: only objects are watched: {opened.no_metrics}", file=sys.stderr)
    style, first = style_for(sys.stdout), True
    async for news in watch(opened, args.every, args.rounds, args.namespace):
        for each in news:
            print(each.model_dump_json() if args.output == "jsonl" else line(each, style), flush=True)
        if first and not news and args.output == "text":
            print(f"{WallClock().now():%H:%M:%S} {style.good('all quiet')}: only news is told from here on", flush=True)
        first = False
        for request in _wanted(news, args):
            await _session(chosen, request)
    return 0


def line(news: News, style: Style) -> str:
    """`11:50:03 new  cause    memory-leak shop/Deployment/cart: …`."""
    sight, over = news.sight, news.state == "over"
    word = (
        style.good("over") if over else style.bad("new ") if sight.kind in ("cause", "symptom") else style.bold("new ")
    )
    lasted = f" (since {news.since:%H:%M:%S})" if over else ""
    what = f"{sight.what} " if sight.kind in ("cause", "load") else ""
    call = f"\n         {style.dim('$ ' + sight.call)}" if sight.call and not over else ""
    return f"{news.at:%H:%M:%S} {word} {sight.kind:<8} {what}{sight.text}{lasted}{call}"


def _wanted(news: tuple[News, ...], args: argparse.Namespace) -> list[Request]:
    """The sessions that the news call for: one of a kind, for a session goes on until nothing is left."""
    begun = {each.sight.kind for each in news if each.state == "new"}
    made: Callable[..., Request] = partial(
        Request, namespace=args.namespace, approval="given" if args.yes else "ask", by=me().id
    )
    healing = [made(wants="healing")] if args.heal and "cause" in begun else []
    return healing + ([made(wants="scaling")] if args.scale and "load" in begun else [])


async def _session(chosen: Settings, request: Request) -> None:
    """Works at the desk as `heal` and `autoscale` do, in a thread of its own: the desk has its own event loop's engine."""
    name = new_id(WallClock())

    def work() -> None:
        with desk(chosen.data, f"watch-{name}", partial(tools, chosen)) as opened:
            asyncio.run(_follow(opened, name, request))

    await asyncio.to_thread(work)


async def _follow(opened: Desk, name: str, request: Request) -> None:
    await begin(opened, name, request, "text")
