"""A `steersman serve` process for tests, with a token for each role: what a team starts, and how others talk to it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from steersman.interfaces.access import ROLES
from steersman.interfaces.access.tokens import TokenStore

from ..world.process import Place, Running, environment

HOLDERS: dict[str, tuple[str, str]] = {**{role: (role, "person") for role in ROLES}, "robot": ("admin", "machine")}
"""The name of each token with what it is: one a role, and a program that has every role."""


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Served:
    """A server on a cluster."""

    world: Place
    data: Path
    port: int
    tokens: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts the process and waits until it is ready."""
        command = [sys.executable, "-m", "steersman", "serve", "--port", str(self.port), "--data", str(self.data)]
        self.process = subprocess.Popen(
            [*command, "--kubeconfig", self.world.kubeconfig], env=environment(), stdout=subprocess.DEVNULL
        )
        until = time.monotonic() + 180
        while time.monotonic() < until:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            time.sleep(0.1)
        raise AssertionError("the server is not ready after three minutes")

    def kill(self) -> None:
        """What a crash, or the kernel short of memory, does."""
        assert self.process
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        assert self.process
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)

    def ask(self, method: str, path: str, by: str = "admin", **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[by]}"} if by else {}
        return httpx.request(method, self.url + path, headers=headers | more.pop("headers", {}), timeout=60, **more)

    def healing(self, by: str = "operator", **more: str) -> str:
        """A session that heals, up to where it waits for approval; returns its name."""
        asked = self.ask("POST", "/v1/sessions", by, json={"wants": "healing", **more})
        assert asked.status_code == 201, asked.text
        session: str = asked.json()["session"]
        self.until(session, "waiting")
        return session

    def until(self, session: str, state: str, seconds: float = 120) -> dict[str, Any]:
        """The session's document as soon as it is in that state."""
        end = time.monotonic() + seconds
        while True:
            seen: dict[str, Any] = self.ask("GET", f"/v1/sessions/{session}").json()
            if seen["state"] == state:
                return seen
            assert time.monotonic() < end, f"session {session} is {seen['state']}, not {state}: {seen}"
            assert seen["state"] == "running" or state == "closed", seen
            time.sleep(0.1)


@contextmanager
def serving(world: Place, data: Path) -> Iterator[Served]:
    """A server for the length of the block."""
    served = Served(world, data, free_port())
    with closing(TokenStore(data / "access.db")) as store:
        for name, (role, holder) in HOLDERS.items():
            served.tokens[name] = store.create(name, role, holder, 1)  # type: ignore[arg-type]  # of the table above
    served.start()
    try:
        yield served
    finally:
        served.stop()


def breaks(served: Served, fault: str = "wrong-target-port") -> None:
    """Breaks the world, and waits until what can be seen of it has stopped changing."""
    assert isinstance(served.world, Running)
    served.world.ask("/world/fault", {"name": fault})
    settled(served)


def settled(served: Served) -> None:
    """Waits until what can be seen of a fault has stopped changing."""
    seen: list[Any] = []
    until = time.monotonic() + 90
    while len(seen) < 3 or not seen[-1] or seen[-1] != seen[-2] or seen[-2] != seen[-3]:
        assert time.monotonic() < until, f"nothing is seen: {seen[-1:]}"
        session = served.ask("POST", "/v1/sessions", json={"question": "is it broken?"}).json()["session"]
        found = served.until(session, "closed")["diagnosis"]
        seen.append([(c["fault"], c["entity"], c["explains"], c["path"], c["confidence"]) for c in found["causes"]])
        time.sleep(1)
