"""What the tests of the world share: one embedded server for all conformance checks, and the lab where it is at hand."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from steersman_evals.lab.bench import NoLab, running_lab

from ..conftest import HOW
from .checks import CHECKS, Room, Seen, Server
from .servers import WORLD_FILE, Embedded, Lab

PORT = int(os.environ.get("STEERSMAN_CONFORMANCE_PORT", "17500"))


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
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Seen]]]:
    """The answers of the real control plane: all checks run at once, each in its namespace."""
    place = tmp_path_factory.mktemp("conformance") / "lab"
    try:
        with (
            running_lab(place, PORT, "--world", str(WORLD_FILE), "--no-metrics", wait=0) as started,
            ThreadPoolExecutor(6) as pool,
        ):
            server = Lab(started)
            yield {name: pool.submit(look, server, name, f"c{index}") for index, name in enumerate(CHECKS)}
    except NoLab as error:
        if os.environ.get("CI"):
            pytest.fail(f"CI needs the lab: {error}")
        pytest.skip(f"{error} ({HOW})")
