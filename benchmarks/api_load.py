"""The load of `api.py`: sessions that are begun, readers that follow them, and processes that read and measure."""

from __future__ import annotations

import asyncio
import http.client
import json
import random
import time
from collections.abc import Callable, Iterator
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event, Semaphore
from typing import NamedTuple

import httpx

READS = ("/healthz", "/v1/sessions", "/v1/sessions/{}", "/v1/sessions/{}/entries")
PAUSE_SECONDS = 0.02


class Read(NamedTuple):
    """One read, and beside it one of a server that does nothing: what that took is the machine's, not the API's."""

    path: str
    status: int
    milliseconds: float
    idle_milliseconds: float


def read(
    host: str, port: int, idle: int, token: str, ready: Semaphore, over: Event, told: SimpleQueue[list[Read]]
) -> None:
    """One read after another, until it is over: all that can be read, as soon as there are sessions."""
    ask, ask_idle, names, found = _asking(host, port, token), _asking(host, idle, token), list[str](), list[Read]()
    ask("/healthz")
    ask_idle("/")
    ready.release()
    while not over.is_set():
        form = random.choice(READS if names else READS[:2])
        began = time.perf_counter()
        status, body = ask(form.format(random.choice(names) if names else ""))
        between = time.perf_counter()
        ask_idle("/")
        found.append(Read(form, status, (between - began) * 1000, (time.perf_counter() - between) * 1000))
        if form == "/v1/sessions" and status == 200:
            names = [line["session"] for line in json.loads(body)]
        time.sleep(PAUSE_SECONDS)
    told.put(found)


def _asking(host: str, port: int, token: str) -> Callable[[str], tuple[int, bytes]]:
    """Asks over one connection; of the standard library, which costs the machine that is measured the least."""
    connection, headers = http.client.HTTPConnection(host, port, timeout=120), {"Authorization": f"Bearer {token}"}

    def ask(path: str) -> tuple[int, bytes]:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    return ask


def stand_idle(port: int) -> None:
    """A server that does nothing, until it is ended: what a read of it takes is the least that the machine can do now."""
    asyncio.run(_stand_idle(port))


async def _stand_idle(port: int) -> None:
    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():  # whoever has gone sends no more lines
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            await writer.drain()
        writer.close()

    await (await asyncio.start_server(answered, "127.0.0.1", port)).serve_forever()


class Load:
    """Sessions that are all begun at once, and readers that follow them from their first entry to their last."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self.host, self.port, self.token = host, port, token
        self.errors: list[str] = []
        self.events = 0

    async def run(self, readers: int, sessions: int) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with httpx.AsyncClient(
            base_url=f"http://{self.host}:{self.port}", headers=headers, timeout=120
        ) as client:
            names = [name for name in await asyncio.gather(*(self._begin(client) for _ in range(sessions))) if name]
        await asyncio.gather(*(self._follow(names[n % len(names)]) for n in range(readers)))

    async def _begin(self, client: httpx.AsyncClient) -> str:
        asked = await client.post("/v1/sessions", json={"question": "why?"})
        if asked.status_code == 201:
            return str(asked.json()["session"])
        self.errors.append(f"create {asked.status_code}")
        return ""

    async def _follow(self, name: str) -> None:
        """One reader, to the end of its session: a bare socket, since 200 connections in one pool of httpx cost seconds."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        writer.write(
            f"GET /v1/sessions/{name}/events HTTP/1.1\r\nHost: {self.host}\r\nAuthorization: Bearer {self.token}\r\n\r\n".encode()
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


def slowest(reads: list[Read]) -> Iterator[tuple[str, float]]:
    """The slowest read of each path."""
    for path in READS:
        if times := [r.milliseconds for r in reads if r.path == path]:
            yield path, round(max(times), 1)
