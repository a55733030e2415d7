"""Whatever is sent to the API, it answers as its description says: schemathesis writes the requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from steersman.interfaces.http.app import build
from steersman.settings import Settings

from .process import Served

SKIPPED = r"^/(mcp|page)|/events$"
"""Another protocol, pages, and streams, which have tests of their own."""
schema = schemathesis.openapi.from_dict(build(Settings(data=Path("/nonexistent")), {}, "").openapi()).exclude(
    path_regex=SKIPPED
)


@pytest.fixture(scope="module")
def session(served: Served) -> str:
    name: str = served.ask("POST", "/v1/sessions", json={}).json()["session"]
    return name


@schema.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_it_answers_as_it_says(case: schemathesis.Case[Any], served: Served, session: str) -> None:
    """No server error, no undeclared status, no other form than described; with and without a session that exists."""
    if "session" in (case.path_parameters or {}) and len(str(case.body)) % 2:
        case.path_parameters["session"] = session
    while True:
        answer = case.call(base_url=served.url, headers={"Authorization": f"Bearer {served.tokens['admin']}"})
        if answer.status_code != 429:
            break
        httpx.get(f"{served.url}/healthz")
    case.validate_response(answer, headers={"Authorization": f"Bearer {served.tokens['admin']}"})
