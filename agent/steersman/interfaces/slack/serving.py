"""How the bot hears Slack: Socket Mode (no door to the outside), or signed HTTP requests."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp


@asynccontextmanager
async def socket(app: AsyncApp, token: str) -> AsyncIterator[None]:
    """Connected, and connected again when the connection drops."""
    handler = AsyncSocketModeHandler(app, token)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # bolt's
    try:
        yield
    finally:
        with contextlib.suppress(Exception):  # the connection may be gone already; nothing is left to do
            await handler.close_async()  # type: ignore[no-untyped-call]  # bolt's


@asynccontextmanager
async def http(app: AsyncApp, host: str, port: int) -> AsyncIterator[int]:
    """Listens for Slack at /slack/events; gives the port."""
    runner = web.AppRunner(app.web_app("/slack/events"))
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
