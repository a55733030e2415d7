"""The API over HTTP: aiohttp carries requests in, replies, watches and logs out, and lets the world live meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import yaml
from aiohttp import web

from ..types import Json, ToolFailed
from .api.requests import Reply, Request
from .api.status import ApiError
from .api.subresources import LogStream
from .api.watching import Watch
from .exposition import CONTROL, control, page
from .series.exporters import EXPORTERS
from .series.queries import answer as series_answer

if TYPE_CHECKING:
    from .world import World

PROMETHEUS = "/prometheus"
_BOOKMARK_SECONDS = 30.0
_LARGEST = 3 * 1024 * 1024


class PortTaken(ToolFailed):
    """The port cannot be had; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Served:
    """A world that listens."""

    world: World
    url: str
    kubeconfig: Path

    @property
    def prometheus_url(self) -> str:
        """Where the series are queried as Prometheus is, in the product's own questions."""
        return self.url + PROMETHEUS

    @property
    def control_url(self) -> str:
        """Where faults are injected: `POST {control_url}/fault`."""
        return self.url + CONTROL


def kubeconfig_text(url: str) -> str:
    """A kubeconfig for a world at that URL."""
    return yaml.safe_dump({
        "apiVersion": "v1", "kind": "Config", "current-context": "world",
        "clusters": [{"name": "world", "cluster": {"server": url}}],
        "users": [{"name": "admin", "user": {"token": "admin-token"}}],
        "contexts": [{"name": "world", "context": {"cluster": "world", "user": "admin"}}],
    })  # fmt: skip


@contextlib.asynccontextmanager
async def serve(world: World, port: int = 0) -> AsyncIterator[Served]:
    """Serves the world on loopback until the block ends; port 0 takes a free one. Raises PortTaken."""
    app = web.Application(client_max_size=_LARGEST)

    async def entry(request: web.Request) -> web.StreamResponse:
        return await _entry(world, request)

    app.router.add_route("*", "/{path:.*}", entry)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        why = "it is in use" if error.errno == errno.EADDRINUSE else os.strerror(error.errno or 0)
        raise PortTaken(f"Port {port} cannot be had ({why}): choose another one with --port.") from error
    chosen = runner.addresses[0][1]
    url = f"http://127.0.0.1:{chosen}"
    living = asyncio.create_task(world.live())
    with tempfile.TemporaryDirectory(prefix="steersman-world-") as folder:
        path = Path(folder) / "kubeconfig"
        path.write_text(kubeconfig_text(url))
        try:
            yield Served(world, url, path)
        finally:
            living.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await living
            await runner.cleanup()


async def _entry(world: World, request: web.Request) -> web.StreamResponse:
    if request.path == "/metrics" or request.path.startswith("/metrics/"):
        return _metrics(world, request.path.removeprefix("/metrics").strip("/"))
    if request.path.startswith(PROMETHEUS + "/"):
        asked = {**request.query, **{k: str(v) for k, v in (await request.post()).items()}}
        return _json(*series_answer(world.metrics, request.path.removeprefix(PROMETHEUS + "/api/v1/"), asked))
    if request.path.startswith(CONTROL + "/"):
        action = request.path.removeprefix(CONTROL).strip("/")
        return _json(*control(world, request.method, action, await request.read()))
    return await _api(world, request)


def _metrics(world: World, job: str) -> web.Response:
    if (text := page(world, job)) is None:
        return web.Response(status=404, text=f"There is no exporter {job}; there are {', '.join(EXPORTERS)}.\n")
    return web.Response(text=text, content_type="text/plain")


def _json(status: int, value: Json) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/json")


async def _api(world: World, request: web.Request) -> web.StreamResponse:
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return _response(Reply.of(ApiError(413, f"Request entity too large: limit is {_LARGEST}").status, 413))
    headers = {k.lower(): v for k, v in request.headers.items()}
    headers["impersonate-group"] = ",".join(request.headers.getall("Impersonate-Group", ()))
    asked = Request(request.method, request.path, dict(request.query), headers, body)
    answer = world.api.handle(asked)
    world.wake()
    if isinstance(answer, Watch):
        return await _watch(request, answer)
    if isinstance(answer, LogStream):
        return await _follow(request, answer, world)
    return _response(answer)


def _response(reply: Reply) -> web.Response:
    response = web.Response(status=reply.status, body=reply.body, headers={"Content-Type": reply.content_type})
    for text in reply.warnings:
        response.headers.add("Warning", f"299 - {orjson.dumps(text).decode()}")
    if reply.status == 429:
        response.headers["Retry-After"] = "1"
    return response


async def _watch(request: web.Request, watch: Watch) -> web.StreamResponse:
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Transfer-Encoding": "chunked"})
    watch.open(queue.put_nowait)
    loop = asyncio.get_running_loop()
    until = loop.time() + watch.seconds
    try:
        await response.prepare(request)
        if watch.backlog:
            await response.write(b"".join(watch.backlog))
        while (left := until - loop.time()) > 0:
            try:
                async with asyncio.timeout(min(left, _BOOKMARK_SECONDS)):
                    line = await queue.get()
            except TimeoutError:
                line = watch.bookmark if request.query.get("allowWatchBookmarks") in ("1", "true") else b""
            while not queue.empty():
                line += queue.get_nowait()
            if line:
                await response.write(line)
        with contextlib.suppress(ConnectionError):
            await response.write_eof()
    except ConnectionError:
        pass
    finally:
        watch.close()
    return response


async def _follow(request: web.Request, log: LogStream, world: World) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    try:
        await response.prepare(request)
        await response.write(log.first)
        shown = world.clock.now().timestamp()
        while log.goes_on():
            await asyncio.sleep(0.2)
            now = world.clock.now().timestamp()
            if lines := log.more(shown):
                await response.write(lines)
            shown = now
    except (ConnectionError, ApiError):
        pass
    return response
