"""`steersman world` as a person meets it: a server that other programs use, and one sentence where something is wrong."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from steersman.interfaces.cli import main

from .process import Running, running_world, steersman


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with running_world() as started:
        yield started


def until(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 40
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.25)


def investigation(running: Running) -> Any:
    done = steersman(
        "investigate", "--kubeconfig", running.kubeconfig, "--prometheus", running.url + "/prometheus", "-o", "json"
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_first_five_minutes(running: Running) -> None:
    """A newcomer's way: the world is well; a fault is injected; the same command that serves real clusters names it."""
    until(lambda: running.ask("/world/state")["pods"]["ready"] == 23)
    until(lambda: not running.ask("/prometheus/api/v1/alerts")["data"]["alerts"])
    found = investigation(running)
    assert found["healthy"], found["causes"]
    assert found["not_checked"] == []
    assert running.ask("/world/fault", {"name": "wrong-target-port"}) == {"ok": True}
    until(lambda: any(e["error_ratio"] for e in running.ask("/world/state")["entries"].values()))
    cause = investigation(running)["causes"][0]
    assert (cause["rank"], cause["fault"], cause["entity"]) == (1, "service-port-mismatch", "books/Service/payment")


def test_doctor_is_content(running: Running) -> None:
    """Everything that the product asks a cluster and Prometheus for is there."""
    done = steersman("doctor", "--kubeconfig", running.kubeconfig, "--prometheus", running.url + "/prometheus")
    assert done.returncode == 0, done.stdout


def test_a_taken_port_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence says what to do."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert main(["world", "--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert said == f"steersman: Port {port} cannot be had (it is in use): choose another one with --port.\n"


@pytest.mark.parametrize(
    ("option", "content", "words"),
    [
        ("--world", "[1", "cannot be used"),
        ("--world", "nodes: 5", "nodes must be a list"),
        ("--world", "noodles: []", "there is no setting 'noodles'"),
        ("--world", "- 1", "it must be a mapping"),
        ("--world", "manifests: [nowhere]", "nowhere"),
        ("--world", "load: [{rps: 1, sevice: a/b:80}]", "sevice"),
        ("--world", "nodes: [{zone: a}]", "name"),
        ("--bundle", "nothing in here", "There are no Kubernetes objects"),
    ],
)
def test_a_bad_file_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, content: str, words: str
) -> None:
    """No traceback, whatever the file holds."""
    file = tmp_path / "given"
    file.write_text(content)
    assert main(["world", option, str(file)]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert said.startswith("steersman: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--port", "99999"], ["--port", "x"], ["--world", "a", "--bundle", "b"]])
def test_wrong_usage_is_one_sentence(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """A port that is none, and two beginnings at once."""
    with pytest.raises(SystemExit) as stopped:
        main(["world", *arguments])
    assert stopped.value.code == 1
    assert capsys.readouterr().err.count("\n") == 1
