"""A server that is killed and started again: sessions, approvals and streams go on where they were."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from steersman.interfaces.client import Client
from steersman.types import Entry, Verified

from ..world.process import Running
from .process import Served, breaks, serving


def test_everything_resumes(world: Running, tmp_path: Path) -> None:
    """Killed while one session waits and again while it acts: nothing is told or done twice, and readers miss nothing."""
    with serving(world, tmp_path) as served:
        breaks(served)
        session = served.healing(question="first")
        seen: list[Entry] = []
        reader = threading.Thread(target=lambda: seen.extend(events(served, session)))
        reader.start()
        served.kill()
        time.sleep(1)
        served.start()
        digest = served.ask("GET", f"/v1/sessions/{session}").json()["waits_for"]
        assert (
            served.ask("POST", f"/v1/sessions/{session}/approve", "approver", json={"digest": digest}).status_code
            == 202
        )
        done = False
        while not done:
            time.sleep(0.1)
            kinds = [e["event"]["kind"] for e in served.ask("GET", f"/v1/sessions/{session}/entries").json()]
            done = "done" in kinds
        assert "closed" not in kinds
        served.kill()
        served.start()
        document = served.until(session, "closed")
        reader.join(30)
        assert not reader.is_alive()
        assert document["outcome"] == "healed", document["text"]
        assert [e.number for e in seen] == list(range(1, document["last"] + 1))
        assert [e.event.kind for e in seen].count("done") == 1
        assert any(isinstance(e.event, Verified) and e.event.healed for e in seen)
        assert document["decision"]["by"] == "approver"
        undoes(served, session)


def events(served: Served, session: str) -> list[Entry]:
    with Client(served.url, served.tokens["viewer"]) as client:
        return list(client.events(session))


def undoes(served: Served, session: str) -> None:
    """Undone once; a second time there is nothing left."""
    path = f"/v1/sessions/{session}/undo"
    assert served.ask("POST", path, "approver").status_code == 202
    document = served.until(session, "closed")
    assert (document["outcome"], [step["undone"] for step in document["steps"]]) == ("undone", [True])
    refused = served.ask("POST", path, "approver")
    assert (refused.status_code, "nothing that is not already taken back" in refused.text) == (409, True)


def test_a_dead_engine_is_started_again(served: Served) -> None:
    """The engine alone is killed: the server says so while it lasts, and takes up work again."""

    engine = _child(served)
    os.kill(engine, signal.SIGKILL)
    until = time.monotonic() + 60
    while (answer := served.ask("GET", "/readyz", "")).status_code == 200 and time.monotonic() < until:
        time.sleep(0.02)
    assert answer.status_code == 503
    assert served.ask("POST", "/v1/sessions", "operator", json={}).status_code == 503
    assert served.ask("GET", "/v1/sessions", "viewer").status_code == 200
    while served.ask("GET", "/readyz", "").status_code != 200:
        assert time.monotonic() < until
        time.sleep(0.1)
    session = served.ask("POST", "/v1/sessions", "operator", json={}).json()["session"]
    assert served.until(session, "closed")["outcome"] == "answered"


def _child(served: Served) -> int:
    assert served.process
    path = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children")
    if not path.exists():
        pytest.skip("this system does not list a process's children")
    return int(path.read_text().split()[0])
