"""How fast the API reads while it is busy: 200 readers of event streams, 50 sessions at once, and reads all the while.

`python benchmarks/api.py` starts a world and a server of its own, and prints one line of JSON: p50 and p99 of a read in
milliseconds, errors, and how many events the readers were sent. Everything runs on this machine, the callers too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import quantiles

import httpx

from steersman.interfaces.access.tokens import TokenStore

READS = ("/v1/sessions", "/v1/sessions/{}", "/v1/sessions/{}/entries", "/healthz")


class Load:
    """Readers, sessions and reads against one server."""

    def __init__(self, url: str, token: str, readers: int, sessions: int) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=readers)
        self.http = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=120, limits=limits
        )
        self.readers, self.sessions = readers, sessions
        self.names: list[str] = []
        self.milliseconds: list[float] = []
        self.errors: list[str] = []
        self.events = 0

    async def run(self) -> float:
        """All of it; returns the seconds from the first session's beginning to the last one's end."""
        began = time.perf_counter()
        await asyncio.gather(*(self._begin() for _ in range(self.sessions)))
        streams = [asyncio.create_task(self._read(self.names[n % len(self.names)])) for n in range(self.readers)]
        reads = asyncio.create_task(self._reads())
        await asyncio.gather(*streams)
        seconds = time.perf_counter() - began
        reads.cancel()
        await asyncio.gather(reads, return_exceptions=True)
        await self.http.aclose()
        return seconds

    async def _begin(self) -> None:
        asked = await self.http.post("/v1/sessions", json={"question": "why?"})
        if asked.status_code == 201:
            self.names.append(asked.json()["session"])
        else:
            self.errors.append(f"create {asked.status_code}")

    async def _read(self, name: str) -> None:
        """One reader, to the end of its session."""
        last = ""
        async with self.http.stream("GET", f"/v1/sessions/{name}/events") as answer:
            if answer.status_code != 200:
                self.errors.append(f"stream {answer.status_code}")
                return
            async for line in answer.aiter_lines():
                if line.startswith("event: "):
                    self.events, last = self.events + 1, line[7:]
        if last != "closed":
            self.errors.append(f"a stream ended with {last!r}")

    async def _reads(self) -> None:
        """One read after another, 50 a second."""
        while True:
            path = random.choice(READS).format(random.choice(self.names))
            began = time.perf_counter()
            answer = await self.http.get(path)
            self.milliseconds.append((time.perf_counter() - began) * 1000)
            if answer.status_code != 200:
                self.errors.append(f"{path} {answer.status_code}")
            await asyncio.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--port", type=int, default=18999)
    args = parser.parse_args()
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        world = subprocess.Popen([sys.executable, "-m", "steersman", "world"], stdout=subprocess.PIPE, text=True)
        stack.callback(world.wait)
        stack.callback(world.terminate)
        assert world.stdout
        kubeconfig = world.stdout.readline().strip().removeprefix("export KUBECONFIG=")
        with closing(TokenStore(data / "access.db")) as store:
            token = store.create("bench", "operator", "person", 1)
        command = [
            sys.executable,
            "-m",
            "steersman",
            "serve",
            "--port",
            str(args.port),
            "--data",
            str(data),
            "--kubeconfig",
            kubeconfig,
        ]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        stack.callback(server.wait)
        stack.callback(server.terminate)
        url = f"http://127.0.0.1:{args.port}"
        _ready(url)
        load = Load(url, token, args.readers, args.sessions)
        seconds = asyncio.run(load.run())
    cuts = quantiles(load.milliseconds, n=100)
    print(json.dumps({
        "readers": args.readers, "sessions": args.sessions, "seconds": round(seconds, 1), "reads": len(load.milliseconds),
        "read_p50_ms": round(cuts[49], 1), "read_p99_ms": round(cuts[98], 1), "events_streamed": load.events, "errors": load.errors[:5],
        "cores": os.cpu_count(), "load_average": round(os.getloadavg()[0], 1),
    }))  # fmt: skip


def _ready(url: str) -> None:
    for _ in range(1800):
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit("the server is not ready after three minutes")


if __name__ == "__main__":
    main()
