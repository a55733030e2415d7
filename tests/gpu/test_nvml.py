"""The reader of this machine's GPUs, through the real bindings over a driver's library that is made here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TypedDict

import pytest

SOURCE = Path(__file__).with_name("stub_nvml.c")
READ = """
import json
from steersman_tools.gpu.nvml import read
found = read("here")
print(json.dumps({"gaps": [g.what for g in found.gaps], "devices": [
    {"uuid": d.uuid, "model": d.model, "driver": d.driver, "values": {k: r.value for k, r in d.values.items()}} for d in found.devices]}))
"""


class Found(TypedDict):
    uuid: str
    model: str
    driver: str
    values: dict[str, float]


class Answer(TypedDict):
    gaps: list[str]
    devices: list[Found]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a libnvidia-ml.so.1."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler: install gcc to test the NVML reader")
    made = tmp_path_factory.mktemp("nvml") / "libnvidia-ml.so.1"
    subprocess.run([compiler, "-shared", "-fPIC", "-Wall", "-Werror", "-o", str(made), str(SOURCE)], check=True)
    return made.parent


def program(code: str, library: Path | None, **environment: str) -> subprocess.CompletedProcess[str]:
    path = {"LD_LIBRARY_PATH": str(library)} if library else {}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **path, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def read(library: Path, **environment: str) -> Answer:
    done = program(READ, library, **environment)
    assert done.returncode == 0, done.stderr
    found: Answer = json.loads(done.stdout)
    return found


def test_what_a_device_says(library: Path) -> None:
    """Values in the units of the read model; what the library lacks is absent and is not zero."""
    first = read(library)["devices"][0]
    assert (first["uuid"], first["model"], first["driver"]) == ("GPU-stub-0", "NVIDIA H100 80GB HBM3", "580.95.05")
    assert first["values"] == {
        "memory-total": 81920.0, "memory-used": 20480.0, "memory-free": 61440.0, "use": 97.0, "memory-copy": 40.0, "temperature": 61.0,
        "power": 650.0, "rows-correctable": 0.0, "rows-uncorrectable": 1.0, "rows-pending": 1.0, "remap-failed": 0.0,
        "thermal-stalled": 1.0, "power-stalled": 0.0, "recovery-action": 0.0,
    }  # fmt: skip


def test_the_drivers_verdict(library: Path) -> None:
    """Field 230 is what the driver asks for: 2 is a reboot."""
    devices = read(library, STUB_ASKS="2")["devices"]
    assert [d["values"]["recovery-action"] for d in devices] == [2.0, 2.0]


def test_a_lost_device_is_counted(library: Path) -> None:
    """It is in the list, with the error that it shows, and among what was not checked."""
    found = read(library, STUB_LOST="1")
    assert [d["uuid"] for d in found["devices"]] == ["GPU-stub-0", "here/1"]
    assert found["devices"][1]["values"] == {"xid-last": 79.0}
    assert found["gaps"] == ["GPU 1"]


def test_no_driver_is_one_sentence(tmp_path: Path) -> None:
    """Without the library the reader fails with what to do, not with the binding's exception."""
    if Path("/dev/nvidiactl").exists():
        pytest.skip("this machine has a driver")
    code = "from steersman_tools.gpu.nvml import read\nfrom steersman_tools.types import ToolFailed\ntry:\n    read()\nexcept ToolFailed as error:\n    print(error)"
    assert "no NVIDIA driver" in program(code, None).stdout
