"""SIGKILL after every event of a repair by the real command, with its real record and database; another process goes on."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from tests.world.process import Running, environment, running_world

FAULT = "wrong-target-port"
SERVICES = "/api/v1/namespaces/books/services"


def services(world: Running) -> dict[str, Any]:
    """What their owners wrote, and how often each was written."""
    items = world.ask(SERVICES)["items"]
    return {item["metadata"]["name"]: item["spec"] for item in items}


def entries(data: Path) -> list[dict[str, Any]]:
    if not (data / "sessions.db").exists():
        return []
    with closing(sqlite3.connect(f"file:{data / 'sessions.db'}?mode=ro", uri=True, timeout=10)) as db:
        try:
            return [json.loads(body) for (body,) in db.execute("SELECT body FROM entries ORDER BY number")]
        except sqlite3.OperationalError:
            return []  # the file is there, its table is not yet


def steersman(world: Running, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "steersman", *arguments, "--kubeconfig", world.kubeconfig]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment(), start_new_session=True
    )


def killed_after(count: int, world: Running, data: Path) -> bool:
    """Starts a repair and kills it as soon as its record has so many entries; False when it was over before."""
    process = steersman(world, "heal", "--yes", "--data", str(data))
    until = time.monotonic() + 60
    while len(entries(data)) < count and process.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    output, _ = process.communicate()
    last = entries(data)[-1]["event"]
    if alive and last["kind"] != "closed":
        return True
    assert last.get("outcome") == "healed", output  # it was over, and had not merely given up
    return False


def test_sigkill_after_every_event(tmp_path: Path) -> None:
    """Whatever had been told when the process died is told again unchanged; the change is made once; undo takes it back."""
    with ThreadPoolExecutor(3) as pool:  # most of a repair is waiting for its verification
        killed = list(pool.map(partial(killed_and_resumed, tmp_path), range(1, 12)))
    assert all(killed[:8])
    assert not killed[-1]


def killed_and_resumed(folder: Path, count: int) -> bool:
    """One world, one repair, one kill after so many entries; False when it was over before."""
    with running_world() as world:
        world.ask("/world/fault", {"name": FAULT})
        until_seen(world)
        broken = services(world)
        data = folder / str(count)
        if killed := killed_after(count, world, data):
            goes_on(world, data, broken)
        return killed


def goes_on(world: Running, data: Path, broken: dict[str, Any]) -> None:
    told = entries(data)
    session = told[0]["session"]
    output, _ = (resumed := steersman(world, "resume", session, "--data", str(data))).communicate(timeout=90)
    after = entries(data)
    assert resumed.returncode == 0, output
    assert after[: len(told)] == told
    assert after[-1]["event"]["outcome"] == "healed", output
    assert [e["event"]["kind"] for e in after].count("done") == 1
    assert services(world) != broken
    output, _ = (undone := steersman(world, "undo", session, "--data", str(data))).communicate(timeout=90)
    assert undone.returncode == 0, output
    assert services(world) == broken


def until_seen(world: Running) -> None:
    """The fault shows as soon as somebody has called in vain."""
    for _ in range(30):
        (looked := steersman(world, "investigate", "--fail-on-findings")).communicate(timeout=90)
        if looked.returncode == 2:
            return
        time.sleep(0.5)
    raise AssertionError("the fault is not seen")
