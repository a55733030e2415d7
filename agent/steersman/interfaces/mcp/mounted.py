"""MCP over streamable HTTP at `/mcp` of the API: the same tokens, and nobody without one gets as far as the protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from mcp.server.mcpserver import Context
from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ..access import Principal, Unknown, require
from ..http.office import Office, identify
from .server import build

PATH = "/mcp"


class _Door:
    """Lets in who has a token; errors become the API's answers."""

    def __init__(self, inside: ASGIApp) -> None:
        self._inside = inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        require(await identify(request, _token(request.headers.get("authorization", ""))), "viewer")
        await self._inside(scope, receive, send)


def mount(app: FastAPI) -> None:
    """Adds the route. Whoever starts the application also enters `running`."""

    def office() -> Office:
        found: Office = app.state.office
        return found

    async def caller(ctx: Context) -> Principal:
        """Who sent this very message: the header was checked at the door, and is looked up once more here."""
        said = dict(ctx.headers or {}).get("authorization", "")
        if not said:
            raise Unknown("Send a token: `Authorization: Bearer …`.")
        return await office().gatekeeper.principal(_token(said))

    server = build(office, caller)
    # every message brings its token, which no other site knows: there is nothing for a rebound name to gain
    any_name = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    inner = server.streamable_http_app(
        streamable_http_path=PATH, stateless_http=True, json_response=False, transport_security=any_name
    )
    endpoint = next(route.endpoint for route in inner.routes if isinstance(route, Route))
    app.router.routes.append(Route(PATH, _Door(endpoint), methods=["GET", "POST", "DELETE"]))
    app.state.mcp = server


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """Serves MCP for the length of the block."""
    async with app.state.mcp.session_manager.run():
        yield


def _token(header: str) -> str:
    kind, _, token = header.partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""
