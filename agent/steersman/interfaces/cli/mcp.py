"""`steersman mcp`: an MCP server on standard input and output, for an assistant or an editor that starts it."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

from steersman_tools.types import ToolFailed, Unreachable

from ...app import me, sources
from ...gate import BadPolicy, load
from ...settings import Settings
from .options import BadSettings, add_policy, add_record, add_source, settings
from .serve import NAMES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--role", choices=("viewer", "operator"), default="operator",
        help="what the assistant may do: viewer only looks, operator also begins sessions (default); it can approve nothing itself",
    )  # fmt: skip
    add_source(parser)
    add_policy(parser)
    add_record(parser)


def run(args: argparse.Namespace) -> int:
    try:
        chosen = settings(args)
        load(chosen.policy)
        with sources(chosen):
            pass  # a wrong kubeconfig is told at once
        given = {name: str(value) for name in NAMES if (value := getattr(args, name, None)) is not None}
        asyncio.run(_serve(chosen, given, args.role))
    except (BadSettings, BadPolicy, Unreachable, ToolFailed) as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(chosen: Settings, given: dict[str, str], role: str) -> None:
    from mcp.server.mcpserver import Context  # noqa: PLC0415  only for those who serve

    from ..access import Principal  # noqa: PLC0415  only for those who serve
    from ..http.meter import Meter  # noqa: PLC0415  only for those who serve
    from ..http.opening import opened  # noqa: PLC0415  only for those who serve
    from ..mcp.server import build  # noqa: PLC0415  only for those who serve
    from ..serving.engine import ready  # noqa: PLC0415  only for those who serve
    from ..serving.verbs import Charter  # noqa: PLC0415  only for those who serve

    who = Principal.model_validate({"id": f"assistant of {me().id}", "role": role, "holder": "machine"})

    async def caller(_: Context) -> Principal:
        return who

    charter = Charter(owner=f"mcp-{os.getpid()}", given=given)
    async with opened(chosen, charter, "", Meter()) as office:
        await ready(office.engine)
        await build(lambda: office, caller).run_stdio_async()
