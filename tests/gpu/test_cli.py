"""The GPU questions as a person asks them: every one has an answer in words and as one JSON document, and errors are one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest

from steersman.interfaces.cli import main

from .test_advice import two_halves
from .test_nvml import library as library  # the fixture
from .test_nvml import program

PARTS = {
    "list": ("nodes", "a     nvidia.com/gpu  NVIDIA-H100-80GB-HBM3  4"),
    "health": ("devices", "not checked"),
    "place --gpus 3": ("places", "fills the node"),
    "place --gpus 4": ("places", "No node has room."),
    "place --gpus 4 --priority 5": ("preemptions", "move aside on"),
    "defrag --gpus 4": ("moves", "gets room for 4"),
    "idle": ("uses", "Nothing idle was found"),
    "forecast": ("expected", "no Prometheus is configured"),
    "cost": ("tenants", "144 USD"),
}


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two nodes of four GPUs with a server on each, in a folder."""
    for name in ("PROMETHEUS_URL", "ALERTMANAGER_URL", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    items = [{**obj, "kind": kind} for kind, obj in two_halves().objects]
    (tmp_path / "all.json").write_bytes(orjson.dumps({"kind": "List", "items": items}))
    return tmp_path


@pytest.mark.parametrize("part", PARTS)
def test_words_and_json(part: str, bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Text shows what matters; JSON is one document with its schema and the same content."""
    key, words = PARTS[part]
    assert main(["gpu", *part.split(), "--bundle", str(bundle)]) == 0
    said = capsys.readouterr()
    assert words in said.out
    assert main(["gpu", *part.split(), "--bundle", str(bundle), "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == f"steersman.gpu.{part.split()[0]}/v1"
    assert key in found


def test_no_accelerators(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A cluster without any says so."""
    (tmp_path / "all.json").write_text('{"kind": "List", "items": [{"kind": "Node", "metadata": {"name": "plain"}}]}')
    assert main(["gpu", "list", "--bundle", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "There are no accelerators in what was read.\n"


def test_a_missing_price_list(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is one sentence and status 1."""
    assert main(["gpu", "cost", "--prices", "/nonexistent.toml", "--bundle", str(bundle)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_this_machine(library: Path) -> None:
    """`gpu local` shows what NVML says, the driver's verdict in its words."""
    code = "from steersman.interfaces.cli import main; raise SystemExit(main(['gpu', 'local']))"
    done = program(code, library, STUB_ASKS="2", STUB_LOST="1")
    assert done.returncode == 0, done.stderr
    assert "GPU-stub-0  NVIDIA H100 80GB HBM3  580.95.05" in done.stdout
    assert "Node Reboot Required" in done.stdout
    assert "not checked: GPU 1" in done.stdout


def test_this_machine_without_a_driver() -> None:
    """Without one it is one sentence and status 1."""
    if Path("/dev/nvidiactl").exists():
        pytest.skip("this machine has a driver")
    done = program("from steersman.interfaces.cli import main; raise SystemExit(main(['gpu', 'local']))", None)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no NVIDIA driver" in done.stderr
