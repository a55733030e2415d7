"""MCP as an assistant uses it: over HTTP with its token, and on standard streams started by an editor."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from ..world.process import Running, environment
from .process import Served, breaks


async def test_an_assistant_proposes_and_a_person_approves(served: Served) -> None:
    """The plan waits; a wrong code does nothing; the person's code has exactly that plan carried out, in the person's name."""
    breaks(served)
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {served.tokens['robot']}"}, timeout=60) as http,
        Client(streamable_http_client(f"{served.url}/mcp", http_client=http)) as client,
    ):
        found = (await client.call_tool("propose_plan", {"namespace": "books"})).structured_content
        assert found
        session, digest = found["session"], found["digest"]
        assert (found["state"], "service-port-mismatch" in found["causes"], "set-port" in found["plan"]) == (
            "waiting",
            True,
            True,
        )
        wrong = await client.call_tool(
            "approve", {"session": session, "digest": digest, "code": served.tokens["approver"]}
        )
        assert wrong.is_error
        code = served.ask("POST", f"/v1/sessions/{session}/approval-code", "approver", json={"digest": digest}).json()[
            "code"
        ]
        assert not (await client.call_tool("approve", {"session": session, "digest": digest, "code": code})).is_error
        document = served.until(session, "closed")
        assert (document["outcome"], document["decision"]["by"], document["by"]) == ("healed", "approver", "robot")
        again = await client.call_tool("approve", {"session": session, "digest": digest, "code": code})
        assert again.is_error, "a plan is approved once"
        record = (await client.read_resource(f"steersman://sessions/{session}")).contents[0]
        assert '"outcome":"healed"' in record.text  # type: ignore[union-attr]  # it is text
        prompt = await client.get_prompt("postmortem", {"session": session})
        assert "set-port" in prompt.messages[0].content.text  # type: ignore[union-attr]  # it is text


async def test_on_standard_streams(world: Running, tmp_path: Path) -> None:
    """As an editor starts it: the tools are there and look; a viewer's server begins nothing."""
    arguments = [
        "-m",
        "steersman",
        "mcp",
        "--role",
        "viewer",
        "--kubeconfig",
        world.kubeconfig,
        "--data",
        str(tmp_path),
    ]
    async with Client(StdioServerParameters(command=sys.executable, args=arguments, env=environment())) as client:
        listed = await client.call_tool("ask", {"text": "list nodes"})
        assert not listed.is_error
        assert "Node" in str(listed.content)
        assert (await client.call_tool("propose_plan", {})).is_error
        queues = await client.call_tool("queues", {})
        assert "not_checked" in str(queues.content)
        assert {t.uri_template for t in (await client.list_resource_templates()).resource_templates} == {
            "steersman://sessions{?most}", "steersman://sessions/{session}", "steersman://runbooks/{words}",
        }  # fmt: skip
