"""How fast the API reads while it is busy: 200 readers of event streams, 50 sessions at once, and reads all the while.

`python benchmarks/api.py` starts a world and a server of its own, and prints one line of JSON: p50 and p99 of a read in
milliseconds, errors, and how many events the readers were sent. Everything runs on this machine, the callers too; who reads
and measures are processes of their own, so that their waiting for the 200 readers' own work is not counted as the server's.
Beside each read stands one of a server that does nothing: what is slow there is the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import quantiles

import httpx

from api_load import Load, Read, read, slowest, stand_idle
from steersman.interfaces.access.tokens import TokenStore

SPAWN = multiprocessing.get_context("spawn")
HOST = "127.0.0.1"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=200, help="who follow the sessions' events")
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--processes", type=int, default=2, help="who read and measure")
    parser.add_argument("--port", type=int, default=18999)
    args = parser.parse_args()
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with closing(TokenStore(data / "access.db")) as store:
            token = store.create("bench", "operator", "person", 1)
            tokens = [store.create(f"read-{n}", "viewer", "machine", 1) for n in range(args.processes)]
        world = _started(stack, "world")
        assert world.stdout
        kubeconfig = world.stdout.readline().strip().removeprefix("export KUBECONFIG=")
        given = ("--port", str(args.port), "--data", str(data), "--kubeconfig", kubeconfig)
        server = _started(stack, "serve", *given)
        _ready(f"http://{HOST}:{args.port}")
        load, before, began = Load(HOST, args.port, token), _seconds_of(server.pid, world.pid), time.perf_counter()
        reads = _measured(load, args.readers, args.sessions, args.port, tokens)
        seconds, after = time.perf_counter() - began, _seconds_of(server.pid, world.pid)
    load.errors += [f"{r.path} {r.status}" for r in reads if r.status != 200]
    cuts, idle = (
        quantiles([r.milliseconds for r in reads], n=100),
        quantiles([r.idle_milliseconds for r in reads], n=100),
    )
    print(json.dumps({
        "readers": args.readers, "sessions": args.sessions, "seconds": round(seconds, 1), "reads": len(reads),
        "read_p50_ms": round(cuts[49], 1), "read_p99_ms": round(cuts[98], 1), "slowest_ms": dict(slowest(reads)),
        "idle_server_p50_ms": round(idle[49], 1), "idle_server_p99_ms": round(idle[98], 1),
        "events_streamed": load.events, "errors": load.errors[:5], "cores": os.cpu_count(),
        "cpu_seconds": {name: round(after[name] - before[name], 1) for name in after},
        "load_average": round(os.getloadavg()[0], 1),
    }))  # fmt: skip


def _measured(load: Load, readers: int, sessions: int, port: int, tokens: list[str]) -> list[Read]:
    """The reads from before the first session begins to the end of the last one."""
    ready, over, told = SPAWN.Semaphore(0), SPAWN.Event(), SPAWN.SimpleQueue()
    idle = SPAWN.Process(target=stand_idle, args=(port + 1,), daemon=True)
    idle.start()
    _answers(port + 1)
    reading = [SPAWN.Process(target=read, args=(HOST, port, port + 1, token, ready, over, told)) for token in tokens]
    for process in reading:
        process.start()
    for _ in reading:
        ready.acquire()
    asyncio.run(load.run(readers, sessions))
    over.set()
    found = [each for _ in reading for each in told.get()]
    for process in reading:
        process.join()
    idle.terminate()
    idle.join()
    return found


def _started(stack: ExitStack, *words: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-m", "steersman", *words], stdout=subprocess.PIPE, text=True)
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return process


def _seconds_of(server: int, world: int) -> dict[str, float]:
    """What the processors have done for each process until now. The engine is the server's child."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    found = {"server": [server], "engine": map(int, children), "world": [world], "callers": [os.getpid()]}
    return {name: sum(map(_processor_seconds, pids)) for name, pids in found.items()}


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    ended = fields[13:15] if pid == os.getpid() else []  # the processes that read were our children
    return sum(map(int, fields[11:13] + ended)) / os.sysconf("SC_CLK_TCK")


def _answers(port: int) -> None:
    for _ in range(600):
        try:
            httpx.get(f"http://{HOST}:{port}/")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the server that does nothing does not answer")


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
