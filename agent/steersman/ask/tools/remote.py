"""Tools of MCP servers as a model uses them: named after their server, their words cut short, their answers fenced like any data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from steersman_tools.mcp_client import McpConnection, RemoteTool
from steersman_tools.types import ToolFailed, Unreachable
from steersman_tools.untrusted import fenced, plain

from ...models import Tool, ToolRefused, ToolSpec
from ...models.base import JsonObject
from ..case import Case
from .base import MODEL_CHARACTERS

MOST = 6
WORDS = 160
"""Characters of a description: a server may describe its tool, not instruct the model."""


@dataclass(frozen=True)
class Remote:
    """One tool of a server."""

    case: Case
    server: McpConnection
    tool: RemoteTool

    @property
    def spec(self) -> ToolSpec:
        words = " ".join(plain(self.tool.description).split())[:WORDS]
        return ToolSpec(
            name=f"{self.server.name}_{self.tool.name}",
            description=f"(external) {words}",
            parameters=self.tool.parameters,
        )

    async def use(self, arguments: JsonObject) -> str:
        case = self.case
        sent = orjson.loads(case.vault.hide(orjson.dumps(dict(arguments)).decode()))
        try:
            text = await self.server.call(self.tool.name, sent)
        except ToolFailed as error:
            raise ToolRefused(case.shown(str(error))) from error
        call = f"mcp {self.server.name} {self.tool.name} {orjson.dumps(sent).decode()}"
        evidence = case.cite(case.observed("mcp", call, text.splitlines()))
        return fenced(f"{evidence.id} {case.shown(call)}", case.shown(evidence.text)[:MODEL_CHARACTERS])


async def remote_tools(case: Case, servers: Sequence[McpConnection]) -> tuple[list[Tool], str]:
    """The allowed tools of the servers, and a line that says which servers did not answer."""
    found: list[Tool] = []
    silent: list[str] = []
    for server in servers:
        try:
            tools = await server.tools()
        except Unreachable as error:
            silent.append(str(error))
            continue
        found += [Remote(case, server, t) for t in tools if re.fullmatch(r"[A-Za-z0-9_-]{1,40}", t.name)]
    return found[:MOST], " ".join(silent)
