"""`steersman world` as a person meets it: a server that other programs use, and one sentence where something is wrong."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from steersman.interfaces.cli import main


def steersman(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "steersman", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment(),
    )


def environment() -> dict[str, str]:
    left_out = ("STEERSMAN_", "KUBE", "PROMETHEUS", "ALERTMANAGER")
    return {k: v for k, v in os.environ.items() if not k.startswith(left_out)} | {"HOME": "/nonexistent"}


@dataclass(frozen=True)
class Running:
    """A `steersman world` process."""

    process: subprocess.Popen[str]
    kubeconfig: str
    url: str

    def ask(self, path: str, body: Any = None) -> Any:
        data = None if body is None else orjson.dumps(body)
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data=data), timeout=10) as response:
            return orjson.loads(response.read())


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    command = [sys.executable, "-m", "steersman", "world"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stdout
        kubeconfig = process.stdout.readline().strip().removeprefix("export KUBECONFIG=")
        url = next(word for word in process.stdout.readline().split() if word.startswith("http")).rstrip(";")
        yield Running(process, kubeconfig, url)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert not Path(kubeconfig).exists()


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
