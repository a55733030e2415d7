"""`steersman quantum` as a person uses it: against the twin, and on the local queue where nothing is configured."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from steersman.interfaces.cli import main
from steersman_tools.quantum import transpile
from steersman_tools.quantum.twin.incidents import PROGRAM
from steersman_tools.quantum.twin.server import serving
from steersman_tools.quantum.twin.stage import account
from steersman_tools.quantum.twin.state import Twin

GHZ = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[3]; creg c[3];\nh q[0];\ncx q[0],q[1]; cx q[1],q[2];\nmeasure q -> c;\n'
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No cluster, no provider, a data folder of its own."""
    for key in [k for k in os.environ if k.startswith(("STEERSMAN_", "QISKIT_IBM"))]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("STEERSMAN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("STEERSMAN_CONFIG", str(tmp_path / "none.toml"))
    (tmp_path / "ghz.qasm").write_text(GHZ)
    return tmp_path


@pytest.fixture
def served(alone: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Twin]:
    twin = account()
    with serving(twin) as url:
        for key, value in (
            ("IBM_KEY", "k"),
            ("IBM_INSTANCE", "crn"),
            ("IBM_URL", f"{url}/api/v1"),
            ("IBM_IAM_URL", url),
        ):
            monkeypatch.setenv(f"STEERSMAN_{key}", value)
        yield twin


def document(capsys: Capture) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_backends_and_jobs_in_both_forms(served: Twin, capsys: Capture) -> None:
    """The table and the document say the same; what is not known is a dash, and null."""
    job = served.submit("ibm_fez", "sampler", dict(PROGRAM), [])
    assert main(["quantum", "backends"]) == 0
    assert "ibm_fez" in (table := capsys.readouterr().out)
    assert "41 s used of 600 s" in table
    assert main(["quantum", "jobs", "--json"]) == 0
    found = document(capsys)
    assert found["schema"] == "steersman.quantum.jobs/v1"
    assert (found["jobs"][0]["id"], found["jobs"][0]["position"], found["jobs"][0]["deadline"]) == (job.id, 13, None)


def test_explain_names_the_cause_of_one_job(served: Twin, capsys: Capture) -> None:
    """The job, what is wrong with it, and what would put it right."""
    job = served.submit("ibm_fez", "sampler", dict(PROGRAM), [])
    served.backends["ibm_fez"].state, served.backends["ibm_fez"].reason = "offline", "maintenance"
    assert main(["quantum", "explain", job.id]) == 0
    assert "backend-offline quantum/Backend/ibm_fez" in capsys.readouterr().out
    assert main(["quantum", "explain", "nosuch"]) == 1
    assert "No provider knows a job nosuch" in capsys.readouterr().err


def test_a_move_is_planned_done_and_recorded_and_its_undo_is_honest(served: Twin, capsys: Capture) -> None:
    """The new job is there before the old one is cancelled; the undo cancels the new one and says what cannot come back."""
    job = served.submit("ibm_fez", "sampler", dict(PROGRAM), [])
    assert main(["quantum", "move", job.id, "--to", "ibm_torino", "--as-it-is", "--dry-run"]) == 0
    assert len(served.jobs) == 1
    assert main(["quantum", "move", job.id, "--to", "ibm_torino", "--as-it-is", "--yes", "--json"]) == 0
    out = capsys.readouterr().out
    done = json.loads(out[out.index("\n{") if not out.startswith("{") else 0 :])
    assert (done["outcome"], job.status) == ("healed", "Cancelled")
    new = next(j for j in served.jobs.values() if j is not job)
    assert (new.backend, new.status) == ("ibm_torino", "Queued")
    assert main(["undo", done["session"]]) == 3
    assert "cannot be taken back" in capsys.readouterr().out
    assert new.status == "Cancelled"


def test_what_ibm_cannot_do_is_one_sentence(served: Twin, capsys: Capture) -> None:
    """Nothing is planned that the provider has no call for."""
    job = served.submit("ibm_fez", "sampler", dict(PROGRAM), [])
    assert main(["quantum", "hold", job.id, "--yes"]) == 1
    assert capsys.readouterr().err.startswith("steersman: ibm has no hold; it can: cancel")


def test_advice_for_a_circuit(served: Twin, alone: Path, capsys: Capture) -> None:
    """What does not fit says why; the best comes first; too many shots are to be split."""
    served.backends["ibm_torino"].state = "paused"
    assert main(["quantum", "advise", str(alone / "ghz.qasm"), "--shots", "250000", "--json"]) == 0
    found = document(capsys)
    assert (found["circuit"]["qubits"], found["circuit"]["two_qubit"], found["circuit"]["depth"]) == (3, 2, 3)
    by = {p["backend"]: p for p in found["places"]}
    assert found["best"] in ("ibm_fez", "ibm_marrakesh")
    assert by["ibm_torino"]["why_not"].startswith("paused")
    assert by["ibm_fez"]["notes"] == ["split into 3 jobs of at most 100000 shots, or take fewer"]
    assert 0.9 < by["ibm_fez"]["success"] < 1


def test_the_queue_on_this_machine(alone: Path, capsys: Capture) -> None:
    """Without any provider there is a real queue: real counts, a held job, its release by plan, and the undo of that."""
    if not transpile.available():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("the extra is not installed: uv sync --extra quantum")
    assert main(["quantum", "submit", str(alone / "ghz.qasm"), "--shots", "400", "--json"]) == 0
    counts = document(capsys)["counts"]
    assert set(counts) == {"000", "111"}
    assert sum(counts.values()) == 400
    assert main(["quantum", "submit", str(alone / "ghz.qasm"), "--hold", "--json"]) == 0
    id = document(capsys)["job"]["id"]
    assert main(["quantum", "release", id, "--yes", "--json"]) == 0
    session = document(capsys)["session"]
    assert main(["quantum", "explain", id, "--json"]) == 0
    assert document(capsys)["job"]["state"] == "QUEUED"
    assert main(["undo", session]) == 0
    capsys.readouterr()
    assert main(["quantum", "explain", id, "--json"]) == 0
    assert document(capsys)["job"]["state"] == "HELD"


def test_a_dead_provider_is_said(alone: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """No answer is not an empty queue."""
    for key, value in (
        ("IBM_KEY", "k"),
        ("IBM_INSTANCE", "crn"),
        ("IBM_URL", "http://127.0.0.1:1/api/v1"),
        ("IBM_IAM_URL", "http://127.0.0.1:1"),
    ):
        monkeypatch.setenv(f"STEERSMAN_{key}", value)
    assert main(["quantum", "backends"]) == 1
    assert "not checked: quantum jobs and backends of ibm" in capsys.readouterr().out
