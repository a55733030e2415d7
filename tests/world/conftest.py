"""What the tests of the world share: one embedded server for all conformance checks, and the lab where it is at hand."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from .checks import CHECKS, Room, Seen, Server
from .servers import LAB, Embedded, Lab

PORT = 17500


def look(server: Server, name: str, ns: str) -> Seen:
    """What one check sees of a server, in a namespace of its own; the namespace's name reads NS."""
    server.request("POST", "/api/v1/namespaces", {"metadata": {"name": ns}})
    server.furnished(ns)
    seen = CHECKS[name].run(Room(server, ns))
    server.request("DELETE", f"/api/v1/namespaces/{ns}")
    text = json.dumps(seen)
    for form in ('"{}"', "/{}/", "{}/", "_{}("):
        text = text.replace(form.format(ns), form.format("NS"))
    return json.loads(text)


@pytest.fixture(scope="session")
def embedded() -> Embedded:
    return Embedded()


@pytest.fixture(scope="session")
def lab() -> Iterator[dict[str, Future[Seen]]]:
    """The answers of the real control plane: all checks run at once, each in its namespace."""
    if not LAB.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("the lab is not beside the checkout (../shared/lab)")
        pytest.skip(
            "the lab is not beside the checkout (../shared/lab): the real half of the conformance checks is left out"
        )
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        server = Lab(Path(folder), PORT)
        try:
            server.up()
            with ThreadPoolExecutor(6) as pool:
                yield {name: pool.submit(look, server, name, f"c{index}") for index, name in enumerate(CHECKS)}
        finally:
            server.down()
