"""`steersman doctor`: what is reachable, what is permitted, and the line that mends the rest."""

from __future__ import annotations

import argparse
import asyncio
import sys

from ...doctor import examine
from ...settings import Settings
from ..style import Style, style_for
from .options import BadSettings, add_source, settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser)


def run(args: argparse.Namespace) -> int:
    try:
        return asyncio.run(_show(settings(args), style_for(sys.stdout)))
    except BadSettings as error:
        print(f"steersman: {error}", file=sys.stderr)
        return 1


async def _show(chosen: Settings, style: Style) -> int:
    broken = False
    marks = {"ok": style.good("ok     "), "missing": style.bold("missing"), "broken": style.bad("broken ")}
    async for check in examine(chosen):
        broken = broken or check.state == "broken"
        print(f"{marks[check.state]} {check.what}: {check.text}")
        if check.mend:
            print(f"        {style.dim(check.mend)}")
    return 1 if broken else 0
