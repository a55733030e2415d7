"""A `steersman world` process for tests: what a person starts, and how others talk to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson


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
class Place:
    """A cluster, and the namespace of what breaks in it."""

    kubeconfig: str
    space: str


@dataclass(frozen=True)
class Running(Place):
    """A `steersman world` process."""

    process: subprocess.Popen[str]
    url: str

    def ask(self, path: str, body: Any = None) -> Any:
        data = None if body is None else orjson.dumps(body)
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data=data), timeout=10) as response:
            return orjson.loads(response.read())


@contextmanager
def running_world() -> Iterator[Running]:
    """One that is stopped as a person stops it, and cleans up after itself."""
    command = [sys.executable, "-m", "steersman", "world"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as process:
        assert process.stdout
        kubeconfig = process.stdout.readline().strip().removeprefix("export KUBECONFIG=")
        url = next(word for word in process.stdout.readline().split() if word.startswith("http")).rstrip(";")
        try:
            yield Running(kubeconfig, "books", process, url)
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
            assert not Path(kubeconfig).exists()
        finally:
            process.kill()
