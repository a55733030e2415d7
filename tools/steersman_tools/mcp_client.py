"""The bridge to MCP servers: the tools that the settings allow, and what they answer. Everything from there is somebody else's text.

A connection is opened for each listing and each call and closed after it: nothing of a server outlives its answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pydantic import JsonValue

from .types import ToolFailed, Unreachable

if TYPE_CHECKING:
    from mcp import StdioServerParameters
    from mcp.server import MCPServer

LARGEST_SCHEMA = 1_500
"""Characters: a tool that needs more words than that is not for a small budget."""
_KEPT = ("type", "properties", "required", "enum", "items", "description", "minimum", "maximum")

JsonObject: TypeAlias = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class RemoteTool:
    """A tool of a server, as far as a model is told of it."""

    name: str
    description: str
    parameters: JsonObject


@dataclass(frozen=True)
class McpConnection:
    """A server: where it is, which tools it may offer, and how long it may take. `server` in memory is for tests."""

    name: str
    url: str | None = None
    command: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    seconds: float = 20.0
    server: MCPServer | None = None

    async def tools(self) -> tuple[RemoteTool, ...]:
        """The tools that are allowed and that it has. Raises Unreachable."""
        from mcp import Client  # noqa: PLC0415  loads the SDK

        try:
            async with asyncio.timeout(self.seconds), Client(self._target()) as client:
                found = (await client.list_tools()).tools
        except Exception as error:  # a foreign server can raise anything through the SDK
            raise Unreachable(f"MCP server {self.name} does not answer ({type(error).__name__}).") from error
        kept = [
            RemoteTool(t.name, t.description or t.name, _schema(t.input_schema)) for t in found if t.name in self.allow
        ]
        return tuple(t for t in kept if len(str(t.parameters)) <= LARGEST_SCHEMA)

    async def call(self, tool: str, arguments: JsonObject) -> str:
        """What the tool says. Raises ToolFailed, also for a tool that is not allowed."""
        from mcp import Client  # noqa: PLC0415  loads the SDK

        if tool not in self.allow:
            raise ToolFailed(f"the settings do not allow {tool} of MCP server {self.name}.")
        try:
            async with asyncio.timeout(self.seconds), Client(self._target()) as client:
                answer = await client.call_tool(tool, dict(arguments))
        except Exception as error:
            raise Unreachable(f"MCP server {self.name} does not answer ({type(error).__name__}).") from error
        text = "\n".join(text for block in answer.content if (text := getattr(block, "text", "")))
        if answer.is_error:
            raise ToolFailed(f"{tool} of MCP server {self.name} failed: {text[:200]}")
        return text

    def _target(self) -> MCPServer | StdioServerParameters | str:
        from mcp import StdioServerParameters  # noqa: PLC0415  loads the SDK

        if self.server is not None:
            return self.server
        if self.url:
            return self.url
        if not self.command:
            raise ToolFailed(f"MCP server {self.name} has neither url nor command; set one in the settings.")
        return StdioServerParameters(command=self.command[0], args=list(self.command[1:]))


def _schema(schema: JsonValue) -> JsonObject:
    """The schema without titles, formats and other words."""
    plain = _plain(schema)
    return plain if isinstance(plain, dict) else {"type": "object", "properties": {}}


def _plain(node: JsonValue, *, names: bool = False) -> JsonValue:
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node[:80] if isinstance(node, str) else node
    return {k: _plain(v, names=k == "properties") for k, v in node.items() if names or k in _KEPT}
