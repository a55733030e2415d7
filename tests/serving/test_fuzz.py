"""Whatever is sent to the API, it answers as its description says: schemathesis writes the requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import ignored_auth

from steersman.interfaces.http.app import build
from steersman.settings import Settings

from .process import Served

SKIPPED = r"^/(mcp|page)|/events$"
"""Another protocol, pages, and streams, which have tests of their own."""
DESCRIPTION = build(Settings(data=Path("/nonexistent")), {}, "").openapi()
for route in DESCRIPTION["paths"].values():
    for operation in route.values():
        operation.pop("security", None)  # every request here brings a token, whatever schemathesis leaves out
schema = schemathesis.openapi.from_dict(DESCRIPTION).exclude(path_regex=SKIPPED)
REFUSED = (400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429)
schema.config.checks.negative_data_rejection.expected_statuses = [str(status) for status in REFUSED]
"""Schemathesis leaves out 413: a body that is too long is refused for its size before its form is looked at."""


@pytest.fixture(scope="module")
def session(served: Served) -> str:
    name: str = served.ask("POST", "/v1/sessions", json={}).json()["session"]
    return name


@schema.parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_it_answers_as_it_says(case: schemathesis.Case[Any], served: Served, session: str) -> None:
    """No server error, no undeclared status, no other form than described; with and without a session that exists."""
    if case.meta and case.meta.generation.mode.is_positive and "session" in (case.path_parameters or {}):
        case.path_parameters["session"] = session
    while True:
        answer = case.call(base_url=served.url, headers={"Authorization": f"Bearer {served.tokens['admin']}"})
        if answer.status_code != 429:
            break
        httpx.get(f"{served.url}/healthz")
    case.validate_response(answer, excluded_checks=[ignored_auth])  # test_roles.py asks every route without a token
