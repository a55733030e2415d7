"""How fast the API reads while it is busy: 200 readers of event streams, 50 sessions at once, and reads all the while.

`python benchmarks/api.py` starts a world and a server of its own, and prints one line of JSON: p50 and p99 of a read in
milliseconds, errors, and how many events the readers were sent. Everything runs on this machine, the callers too; who reads
and measures is a process of its own, so that its waiting for the 200 readers' own work is not counted as the server's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import quantiles

import httpx

from steersman.interfaces.access.tokens import TokenStore

SPAWN = multiprocessing.get_context("spawn")
READS = ("/v1/sessions", "/v1/sessions/{}", "/v1/sessions/{}/entries", "/healthz")


class Load:
    """Readers, sessions and reads against one server."""

    def __init__(self, url: str, token: str, readers: int, sessions: int) -> None:
        self.url, self.token = url, token
        self.http = httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=120)
        self.readers, self.sessions = readers, sessions
        self.names: list[str] = []
        self.milliseconds: list[float] = []
        self.errors: list[str] = []
        self.events = 0

    async def run(self) -> float:
        """All of it; returns the seconds from the first session's beginning to the last one's end."""
        began = time.perf_counter()
        await asyncio.gather(*(self._begin() for _ in range(self.sessions)))
        over, told = SPAWN.Event(), SPAWN.SimpleQueue()
        reads = SPAWN.Process(target=read, args=(self.url, self.token, self.names, over, told))
        reads.start()
        await asyncio.gather(*(self._follow(self.names[n % len(self.names)]) for n in range(self.readers)))
        seconds = time.perf_counter() - began
        over.set()
        self.milliseconds, errors = await asyncio.to_thread(told.get)
        self.errors += errors
        reads.join()
        await self.http.aclose()
        return seconds

    async def _begin(self) -> None:
        asked = await self.http.post("/v1/sessions", json={"question": "why?"})
        if asked.status_code == 201:
            self.names.append(asked.json()["session"])
        else:
            self.errors.append(f"create {asked.status_code}")

    async def _follow(self, name: str) -> None:
        """One reader, to the end of its session: a bare socket, since 200 connections in one pool of httpx cost seconds."""
        host, port = self.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"GET /v1/sessions/{name}/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {self.token}\r\n\r\n".encode()
        )
        last, status = "", (await reader.readline()).split()[1]
        if status != b"200":
            self.errors.append(f"stream {status.decode()}")
        while status == b"200" and last != "closed" and (line := await reader.readline()):
            if line.startswith(b"event: "):
                self.events, last = self.events + 1, line[7:].decode().strip()
        writer.close()
        if status == b"200" and last != "closed":
            self.errors.append(f"a stream ended with {last!r}")


def read(url: str, token: str, names: list[str], over: Event, told: SimpleQueue[tuple[list[float], list[str]]]) -> None:
    """One read after another, 50 a second, until it is over."""
    milliseconds, errors = list[float](), list[str]()
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=120) as http:
        while not over.is_set():
            path = random.choice(READS).format(random.choice(names))
            began = time.perf_counter()
            answer = http.get(path)
            milliseconds.append((time.perf_counter() - began) * 1000)
            if answer.status_code != 200:
                errors.append(f"{path} {answer.status_code}")
            time.sleep(0.02)
    told.put((milliseconds, errors))


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
