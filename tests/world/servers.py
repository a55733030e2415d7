"""The two servers that the conformance checks ask: the embedded world, and the lab's real control plane."""

from __future__ import annotations

import json
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from steersman_evals.lab.bench import Bench
from steersman_tools.world.api.requests import Request
from steersman_tools.world.api.watching import Watch
from steersman_tools.world.clock import SimulatedClock
from steersman_tools.world.world import World

HERE = Path(__file__).parent
WORLD_FILE = HERE / "conformance.yaml"
AGENT = "conformance"


class Embedded:
    """The world, in process, on a clock that jumps."""

    def __init__(self) -> None:
        self.world = World.from_file(WORLD_FILE, SimulatedClock(), version="v1.20.2")
        self.world.run_for(5)

    def request(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json", **query: str
    ) -> tuple[int, Any]:
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"content-type": content_type, "user-agent": AGENT}
        bare, _, inline = path.partition("?")
        asked = dict(urllib.parse.parse_qsl(inline)) | query
        headers |= {
            k.removeprefix("header_").replace("_", "-").lower(): v for k, v in asked.items() if k.startswith("header_")
        }
        asked = {k: v for k, v in asked.items() if not k.startswith("header_")}
        reply = self.world.api.handle(Request(method, bare, asked, headers, data))
        assert not isinstance(reply, Watch)
        self.world.settle()
        return reply.status, _read(reply.body)  # type: ignore[union-attr]   # no check follows a log

    def until(self, check: Callable[[], bool], seconds: float = 30) -> bool:
        for _ in range(int(seconds * 4)):
            if check():
                return True
            self.world.run_for(0.25)
        return check()

    def furnished(self, ns: str) -> None:
        assert self.until(lambda: self.request("GET", f"/api/v1/namespaces/{ns}/serviceaccounts/default")[0] == 200, 20)

    def watch(self, path: str, act: Callable[[], None], **query: str) -> list[Any]:
        answer = self.world.api.handle(Request("GET", path, {"watch": "1", **query}, {"user-agent": AGENT}))
        if not isinstance(answer, Watch):
            return [_read(answer.body)]  # type: ignore[union-attr]
        lines = list(answer.backlog)
        answer.open(lines.append)
        act()
        self.world.settle()
        answer.close()
        return [json.loads(line) for block in lines for line in block.splitlines()]


class Lab:
    """The lab: a kube-apiserver with its controllers, and simulated nodes."""

    def __init__(self, bench: Bench) -> None:
        self.url = f"https://127.0.0.1:{bench.port}"
        trusted = ssl.create_default_context(cafile=str(bench.directory / "ca.crt"))
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusted)
        )

    def _open(self, method: str, path: str, body: Any, content_type: str, query: dict[str, str], timeout: float) -> Any:
        headers = {"Content-Type": content_type, "Authorization": "Bearer admin-token", "User-Agent": AGENT}
        headers |= {k.removeprefix("header_").replace("_", "-"): v for k, v in query.items() if k.startswith("header_")}
        query = {k: v for k, v in query.items() if not k.startswith("header_")}
        url = self.url + path + (("&" if "?" in path else "?") + urllib.parse.urlencode(query) if query else "")
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.opener.open(urllib.request.Request(url, data=data, method=method, headers=headers), timeout=timeout)

    def request(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json", **query: str
    ) -> tuple[int, Any]:
        try:
            with self._open(method, path, body, content_type, query, 30) as response:
                return response.status, _read(response.read())
        except urllib.error.HTTPError as error:
            return error.code, _read(error.read())

    def until(self, check: Callable[[], bool], seconds: float = 30) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if check():
                return True
            time.sleep(0.25)
        return check()

    def furnished(self, ns: str) -> None:
        """As old servers have it, pods need the token of their ServiceAccount."""
        path = f"/api/v1/namespaces/{ns}/serviceaccounts/default"
        assert self.until(lambda: bool(self.request("GET", path)[1].get("secrets")), 30)

    def watch(self, path: str, act: Callable[[], None], **query: str) -> list[Any]:
        found: list[Any] = []
        ready = threading.Event()

        def follow() -> None:
            try:
                with self._open(
                    "GET", path, None, "application/json", {"watch": "1", "timeoutSeconds": "3", **query}, 10
                ) as response:
                    ready.set()
                    found.extend(json.loads(line) for line in response)
            except urllib.error.HTTPError as error:
                found.append(_read(error.read()))
            finally:
                ready.set()

        thread = threading.Thread(target=follow)
        thread.start()
        ready.wait(2)
        time.sleep(0.3)
        act()
        thread.join(10)
        return found


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except json.JSONDecodeError:
        return body.decode(errors="replace")
