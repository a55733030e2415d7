"""Limits: of requests, of bodies, and of what is put into a path."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman.interfaces.http.limits import LARGEST_BODY, Buckets, TooMany, Turns

from .process import Served


@given(st.lists(st.floats(0, 5), max_size=60))
def test_no_caller_gets_more_than_the_bucket_holds(waits: list[float]) -> None:
    """Whatever the pauses: never more than the burst and what has flowed in since; another caller does not pay for it."""
    buckets, now, taken = Buckets(per_second=2, burst=5), 100.0, 0
    for wait in waits:
        now += wait
        with suppress(TooMany):
            buckets.take("a", now)
            taken += 1
    assert taken <= 5 + 2 * (now - 100.0) + 1e-6
    assert buckets.left("b", now) == 5


def test_a_read_does_not_wait_for_all_who_begin() -> None:
    """Hundreds come together and a read after them: at most one of them is served before it, and in the end all are."""
    served: list[str] = []

    async def begins(turns: Turns) -> None:
        await turns.take()
        served.append("begun")

    async def reads() -> None:
        served.append("read")

    async def together() -> None:
        turns = Turns()
        await asyncio.gather(*(begins(turns) for _ in range(200)), reads())

    asyncio.run(together())
    assert (served.index("read") <= 1, served.count("begun")) == (True, 200)


@pytest.mark.parametrize("sent", ["whole", "in pieces"])
def test_large_bodies_are_refused(served: Served, sent: str) -> None:
    """With a length or without one, before anybody has read it whole."""
    body = b"x" * (LARGEST_BODY + 1)
    answer = served.ask("POST", "/v1/sessions", "operator", content=iter([body]) if sent == "in pieces" else body)
    assert (answer.status_code, answer.json()["title"]) == (413, "Content Too Large")


@pytest.mark.parametrize(
    "path", ["/v1/sessions/%00", "/v1/sessions/..%2f..%2fetc", "/v1/sessions/" + "x" * 500, "/v1/causes?namespace=../x"]
)
def test_odd_names_are_one_sentence(served: Served, path: str) -> None:
    """Whatever is put in a path: a problem with one sentence, and no traceback."""
    answer = served.ask("GET", path)
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_figures_for_prometheus(served: Served) -> None:
    """Requests by route's template, never by path: names of people's choosing make no series."""
    served.ask("GET", "/v1/sessions/some-name-of-mine")
    text = served.ask("GET", "/metrics").text
    assert 'route="/v1/sessions/{session}"' in text
    assert "some-name-of-mine" not in text
    assert "steersman_engine_ready 1" in text
