"""Someone without the role sees and approves nothing: every route of the API, the page and MCP, for everyone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from steersman.interfaces.http.app import build
from steersman.settings import Settings

from .process import HOLDERS, Served

DIGEST = {"digest": "0" * 16}
ALL = frozenset({"viewer", "operator", "approver", "admin", "robot"})
OPERATE = ALL - {"viewer"}
APPROVE = frozenset({"approver", "admin"})
EVERYBODY = ALL | {""}
S = "/v1/sessions/{session}"

TABLE: dict[tuple[str, str], tuple[frozenset[str], Any]] = {
    ("POST", "/v1/sessions"): (OPERATE, {"wants": "diagnosis"}),
    ("GET", "/v1/sessions"): (ALL, None),
    ("GET", S): (ALL, None),
    ("GET", f"{S}/entries"): (ALL, None),
    ("GET", f"{S}/events"): (ALL, None),
    ("POST", f"{S}/approve"): (APPROVE, DIGEST),
    ("POST", f"{S}/reject"): (APPROVE, DIGEST),
    ("POST", f"{S}/approval-code"): (APPROVE, DIGEST),
    ("POST", f"{S}/cancel"): (OPERATE, None),
    ("POST", f"{S}/undo"): (APPROVE, None),
    ("GET", "/v1/causes"): (ALL, None),
    ("GET", "/v1/gpus"): (ALL, None),
    ("GET", "/v1/queues"): (ALL, None),
    ("GET", "/v1/forecasts"): (ALL, None),
    ("POST", "/v1/alerts"): (OPERATE, {"version": "4", "alerts": []}),
    ("GET", "/v1/incidents"): (ALL, None),
    ("GET", "/v1/models"): (ALL, None),
    ("POST", "/v1/chat/completions"): (ALL, {"messages": [{"role": "user", "content": "help"}]}),
    ("GET", "/healthz"): (EVERYBODY, None),
    ("GET", "/readyz"): (EVERYBODY, None),
    ("GET", "/metrics"): (ALL, None),
}
"""Every route with who may use it, and a body that it takes."""


def rows() -> Iterator[tuple[str, str, str]]:
    for method, path in TABLE:
        for who in ("", *HOLDERS):
            yield method, path, who


def test_the_table_has_every_route() -> None:
    """A route that is added without a line here fails this test."""
    described = build(Settings(data=Path("/nonexistent")), {}, "").openapi()["paths"]
    assert {(m.upper(), path) for path, methods in described.items() for m in methods} == set(TABLE)


@pytest.mark.parametrize(("method", "path", "who"), list(rows()))
def test_every_route_lets_in_whom_it_says_and_nobody_else(served: Served, method: str, path: str, who: str) -> None:
    """401 without a token, 403 without the role; whoever has it is let through to what the route itself says."""
    allowed, body = TABLE[method, path]
    answer = served.ask(method, path.format(session="no-such-session"), who, json=body)
    if who in allowed:
        assert answer.status_code not in (401, 403), answer.text
        if "{session}" in path:
            assert answer.status_code == 404
    else:
        assert answer.status_code == (403 if who else 401)
        assert set(answer.json()) <= {"title", "status", "detail", "error"}


@pytest.mark.parametrize("who", ["operator", "robot"])
def test_approval_beforehand_is_an_approval(served: Served, who: str) -> None:
    """`approval: given` is refused to those whose word approves nothing."""
    asked = {"wants": "healing", "approval": "given"}
    assert served.ask("POST", "/v1/sessions", who, json=asked).status_code == 403


TOOLS: dict[str, tuple[frozenset[str], dict[str, Any]]] = {
    "investigate": (OPERATE, {}),
    "propose_plan": (OPERATE, {}),
    "propose_change": (OPERATE, {"wanted": "scale nobody to 2"}),
    "approve": (OPERATE, {"session": "x", "digest": "0" * 16, "code": "x"}),
    "ask": (ALL, {"text": "help"}),
    "causes": (ALL, {}),
    "gpus": (ALL, {}),
    "queues": (ALL, {}),
    "forecasts": (ALL, {}),
    "runbooks": (ALL, {"words": "disk"}),
    "sessions": (ALL, {}),
    "session": (ALL, {"session": "x"}),
}


@pytest.mark.parametrize("who", list(HOLDERS))
async def test_every_mcp_tool_lets_in_whom_it_says(served: Served, who: str) -> None:
    """An assistant with a viewer's token begins nothing; none approves without a person's code."""
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {served.tokens[who]}"}, timeout=60) as http,
        Client(streamable_http_client(f"{served.url}/mcp", http_client=http)) as client,
    ):
        assert {tool.name for tool in (await client.list_tools()).tools} == set(TOOLS)
        for name, (allowed, arguments) in TOOLS.items():
            answer = await client.call_tool(name, arguments)
            refused = answer.is_error and "this needs the role" in str(answer.content)
            assert refused == (who not in allowed), (name, answer)


def test_mcp_without_a_token_is_no_mcp(served: Served) -> None:
    """Nobody gets as far as the protocol."""
    hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert served.ask("POST", "/mcp", "", json=hello).status_code == 401


PAGES = {"approve": APPROVE, "reject": APPROVE, "undo": APPROVE, "code": APPROVE, "cancel": OPERATE}


@pytest.mark.parametrize("who", ["", *HOLDERS])
def test_the_page_lets_in_whom_it_says(served: Served, who: str) -> None:
    """The forms of the page ask for the same roles as the API; without signing in there is only the way in."""
    session = served.ask("POST", "/v1/sessions", "operator", json={}).json()["session"]
    with httpx.Client(base_url=served.url, follow_redirects=False, timeout=30) as browser:
        if not who:
            assert browser.get(f"/sessions/{session}").headers["location"] == f"/?to=/sessions/{session}"
            assert session not in browser.get("/").text
            assert browser.post(f"/page/sessions/{session}/approve", data=DIGEST).status_code == 303
            return
        assert browser.post("/page/login", data={"token": served.tokens[who]}).status_code == 303
        page = browser.get(f"/sessions/{session}").text
        csrf = {"csrf": page.split('name="csrf" value="')[1].split('"')[0]}
        for word, allowed in PAGES.items():
            assert browser.post(f"/page/sessions/{session}/{word}", data=DIGEST).status_code == 403, "no form of ours"
            answer = browser.post(f"/page/sessions/{session}/{word}", data=DIGEST | csrf)
            assert (answer.status_code == 403) == (who not in allowed), (word, answer.status_code, answer.text)
        answer = browser.post("/page/sessions", data={"wants": "diagnosis"} | csrf)
        assert (answer.status_code == 403) == (who not in OPERATE)
