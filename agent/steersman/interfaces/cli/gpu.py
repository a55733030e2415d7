"""`steersman gpu list|health|place|defrag|idle|forecast|cost|local`: accelerators, who has them, and where work should go. Reads only."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import orjson
from pydantic import TypeAdapter

from steersman_tools.gpu.types import Estate, GpuReadings
from steersman_tools.quantity import amount
from steersman_tools.types import Frozen, ToolFailed

from ...app import sources
from ...gpu.cluster import Wish
from ...gpu.desk import Desk, sit_down
from ...session import Sources
from .. import gpu_text
from .options import BadSettings, add_source, settings

LOCAL = "local"
SCHEMA = "steersman.gpu.{}/v1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    for name, (words, options, _) in PARTS.items():
        one = parts.add_parser(name, help=words, description=words)
        options(one)
        add_source(one)
        one.add_argument(
            "--tenant-label",
            default="",
            metavar="LABEL",
            help="the label that names the tenant (default: the namespace)",
        )
        one.add_argument("-o", "--output", choices=("text", "json"), default="text")
    own = parts.add_parser(LOCAL, help="this machine's own devices, through NVML; no cluster is asked")
    own.add_argument("-o", "--output", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    try:
        if args.part == LOCAL:
            from steersman_tools.gpu import nvml  # noqa: PLC0415  loads the driver's library

            return _say(nvml.read(), args)
        with sources(settings(args)) as opened:
            return asyncio.run(_answer(opened, args))
    except (BadSettings, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1


def _nothing(parser: argparse.ArgumentParser) -> None:
    """No options of its own."""


def _prices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prices", type=Path, metavar="FILE", help="what you pay (default: built-in examples)")


def _idle(parser: argparse.ArgumentParser) -> None:
    _prices(parser)
    parser.add_argument(
        "--least-hours", type=float, default=1.0, metavar="H", help="leave out what is held for less (default: 1)"
    )


def _resource(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--resource", default="", help="the extended resource (default: the one there is most of)")


def _defrag(parser: argparse.ArgumentParser) -> None:
    _resource(parser)
    parser.add_argument(
        "--gpus", type=int, default=0, metavar="N", help="make room for N on one node (default: what waits)"
    )


def _place(parser: argparse.ArgumentParser) -> None:
    _resource(parser)
    parser.add_argument("--gpus", type=int, default=1, metavar="N", help="accelerators a pod (default: 1)")
    parser.add_argument(
        "--pods", type=int, default=1, metavar="N", help="pods of a group, placed together (default: 1)"
    )
    parser.add_argument("--model", default="", help="part of the model's name, such as H100")
    parser.add_argument("--gpu-memory", default="", metavar="SIZE", help="memory that each must have, such as 40Gi")
    parser.add_argument("--cpu", default="", metavar="CORES", help="cores a pod")
    parser.add_argument("--memory", default="", metavar="SIZE", help="memory a pod")
    parser.add_argument("--zone", default="", help="only in this zone")
    parser.add_argument("--priority", type=int, default=0, help="its priority: pods below may be asked to move aside")


async def _list(desk: Desk, args: argparse.Namespace) -> Estate:
    return desk.estate


async def _health(desk: Desk, args: argparse.Namespace) -> Frozen:
    return desk.health()


async def _answer_place(desk: Desk, args: argparse.Namespace) -> Frozen:
    wish = Wish(
        gpus=max(args.gpus, 1),
        pods=max(args.pods, 1),
        resource=args.resource or desk.resource,
        model=args.model,
        memory=amount(args.gpu_memory) / 2**20 if args.gpu_memory else 0.0,
        cpu=amount(args.cpu) if args.cpu else 0.0,
        ram=amount(args.memory) / 2**20 if args.memory else 0.0,
        zone=args.zone,
        priority=args.priority,
    )
    return desk.place(wish)


async def _answer_defrag(desk: Desk, args: argparse.Namespace) -> Frozen:
    return desk.defrag(args.resource, max(args.gpus, 0))


async def _answer_idle(desk: Desk, args: argparse.Namespace) -> Frozen:
    return desk.idle(args.prices, timedelta(hours=args.least_hours))


async def _answer_forecast(desk: Desk, args: argparse.Namespace) -> Frozen:
    return await desk.forecast(args.resource)


async def _answer_cost(desk: Desk, args: argparse.Namespace) -> Frozen:
    return desk.cost(args.prices)


Part: TypeAlias = tuple[
    str,
    Callable[[argparse.ArgumentParser], None],
    Callable[[Desk, argparse.Namespace], Coroutine[None, None, Estate | Frozen]],
]
PARTS: dict[str, Part] = {
    "list": ("accelerators, node by node: what there is and who has it", _nothing, _list),
    "health": ("every device's state, and the causes of what is wrong", _nothing, _health),
    "place": ("the best nodes for a request, and whom to move aside where there is no room", _place, _answer_place),
    "defrag": ("which pods to move so that free devices lie together, and what it costs", _defrag, _answer_defrag),
    "idle": ("devices that are held and not used, with what they cost a day", _idle, _answer_idle),
    "forecast": ("what will be asked for in 15 minutes, and what to add", _resource, _answer_forecast),
    "cost": ("power, money and carbon by tenant and workload; power limits that would save", _prices, _answer_cost),
}


async def _answer(opened: Sources, args: argparse.Namespace) -> int:
    desk = await sit_down(opened, args.namespace, args.tenant_label)
    return _say(await PARTS[args.part][2](desk, args), args)


def _say(found: Estate | Frozen | GpuReadings, args: argparse.Namespace) -> int:
    if args.output == "json":
        body = TypeAdapter(type(found)).dump_python(found, mode="json")
        print(orjson.dumps({"schema": SCHEMA.format(args.part), **body}, option=orjson.OPT_INDENT_2).decode())
    else:
        print(gpu_text.text(found), end="")
    return 0
