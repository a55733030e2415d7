"""`steersman slack`: the Slack bot, until stopped."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from steersman_tools.types import ToolFailed

from ...gate import BadPolicy
from .options import BadSettings, add_policy, add_record, add_source, settings

if TYPE_CHECKING:
    from ..talk.house import House  # loads what `--help` does not need


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    parser.add_argument(
        "--roles", type=Path, metavar="FILE", help="who may do what (docs/slack.md); without it nobody may"
    )
    parser.add_argument("--alerts", metavar="CHANNEL", help="the ID of the channel where new alerts are posted")
    parser.add_argument("--http", type=int, metavar="PORT", help="signed HTTP on this port instead of Socket Mode")
    parser.add_argument("--host", default="127.0.0.1", help="the address for --http (default 127.0.0.1)")
    add_policy(parser)
    parser.add_argument("--demo", nargs="?", const="wrong-target-port", metavar="FAULT", help="the embedded world")
    add_record(parser)


def run(args: argparse.Namespace) -> int:
    from slack_sdk.errors import SlackApiError, SlackClientError  # noqa: PLC0415  `--help` needs none of it

    from ..talk.house import house  # noqa: PLC0415
    from ..talk.rooms import cluster, embedded  # noqa: PLC0415

    try:
        chosen = settings(args)
        opening = partial(embedded, args.demo) if args.demo else partial(cluster, chosen, "slack")
        token = _needed("SLACK_BOT_TOKEN")
        second = _needed("SLACK_SIGNING_SECRET" if args.http is not None else "SLACK_APP_TOKEN")
        with house(opening) as opened:
            asyncio.run(_serve(opened, args, chosen.data, token, second))
    except KeyError:
        print(f"steersman: There is no fault {args.demo!r}; see steersman demo --list.", file=sys.stderr)
    except SlackApiError as error:
        print(f"steersman: Slack refuses the token: {error.response['error']}.", file=sys.stderr)
    except (BadSettings, BadPolicy, ToolFailed, SlackClientError) as error:
        print(f"steersman: {error}", file=sys.stderr)
    return 1


async def _serve(opened: House, args: argparse.Namespace, data: Path, token: str, second: str) -> None:
    from contextlib import closing  # noqa: PLC0415

    from ..slack.bot import Bot, client  # noqa: PLC0415
    from ..slack.people import load_people  # noqa: PLC0415
    from ..slack.serving import http, socket  # noqa: PLC0415
    from ..slack.threads import Threads  # noqa: PLC0415

    with closing(Threads(data / "slack.db")) as threads:
        web = client(token, os.environ.get("SLACK_API_URL", ""))
        name = (await web.auth_test())["user"]
        bot = Bot(opened, load_people(args.roles), threads, web)
        app = bot.app(second if args.http is not None else "")
        async with http(app, args.host, args.http) if args.http is not None else socket(app, second):
            print(f"steersman is @{name} in Slack; stop with Ctrl+C", flush=True)
            await bot.take_up()
            if args.alerts:
                await bot.watch(args.alerts)
            await asyncio.Event().wait()


def _needed(name: str) -> str:
    if not (value := os.environ.get(name)):
        raise ToolFailed(f"Set {name} (docs/slack.md says where Slack shows it).")
    return value
