"""The unmodified clients of IBM Quantum take the twin for IBM's: what our own client is tested against is what theirs speak."""

from __future__ import annotations

import importlib
import json
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import pytest

from steersman_tools.quantum.twin.server import serving
from steersman_tools.quantum.twin.stage import account
from steersman_tools.quantum.twin.state import Twin, Verdict

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/abc:1::"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")


def _need(module: str) -> ModuleType:
    if find_spec(module) is None:
        why = f"{module} is not installed: uv sync --extra quantum"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
    return importlib.import_module(module)


@pytest.fixture
def fast() -> Twin:
    """A twin on the machine's clock, whose jobs take no time."""
    twin = account()
    for backend in twin.backends.values():
        backend.mean_seconds = 0.05
    return twin


@pytest.fixture
def service(fast: Twin, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """IBM's own client, pointed at the twin by its own options."""
    runtime = _need("qiskit_ibm_runtime")
    with serving(fast) as url:
        monkeypatch.setenv("IAM_URL", url)
        monkeypatch.setenv("QISKIT_FUNCTIONS_EXPERIMENTAL", "1")
        yield runtime.QiskitRuntimeService(
            channel="ibm_quantum_platform", token="k" * 44, instance=CRN, url_resolver=lambda *_: f"{url}/api/v1"
        )


def _bell(backend: Any) -> Any:
    qiskit = _need("qiskit")
    circuit = qiskit.QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return qiskit.generate_preset_pass_manager(1, backend=backend, seed_transpiler=1).run(circuit)


def test_ibm_s_client_reads_our_backends(service: Any) -> None:
    """Names, queues, calibrations and the shortest queue are what the twin holds."""
    assert {b.name for b in service.backends()} == {"ibm_fez", "ibm_torino", "ibm_marrakesh"}
    assert service.least_busy().name == "ibm_torino"
    backend = service.backend("ibm_fez")
    assert backend.status().pending_jobs == 12
    assert backend.properties().readout_error(0) < 0.05
    assert backend.target.num_qubits == 16
    assert service.usage()["usage_limit_seconds"] == 600


def test_ibm_s_client_submits_and_gets_real_counts(service: Any) -> None:
    """A Bell pair transpiled for the twin's device gives only 00 and 11, counted by Aer."""
    _need("qiskit_aer")
    runtime = _need("qiskit_ibm_runtime")
    backend = service.backend("ibm_torino")
    job = runtime.SamplerV2(backend).run([_bell(backend)], shots=500)
    counts = job.result(timeout=30)[0].data.meas.get_counts()
    assert sum(counts.values()) == 500
    assert set(counts) == {"00", "11"}
    assert job.status() == "DONE"
    assert job.metrics()["usage"]["quantum_seconds"] == 2


def test_ibm_s_client_meets_every_scripted_end(service: Any, fast: Twin) -> None:
    """Cancelled twice, ran too long, paused, session closed: its own exceptions say so."""
    runtime, troubles = _need("qiskit_ibm_runtime"), _need("qiskit_ibm_runtime.exceptions")
    backend = service.backend("ibm_fez")
    isa = _bell(backend)
    fast.backends["ibm_fez"].mean_seconds = 600
    job = runtime.SamplerV2(backend).run([isa])
    assert job.status() == "QUEUED"
    job.cancel()
    with pytest.raises(troubles.RuntimeInvalidStateError):
        job.cancel()
    fast.backends["ibm_fez"].mean_seconds = 0.01
    fast.verdicts["ibm_fez"] = Verdict(1305, "Error code 1305; ran too long")
    long = runtime.SamplerV2(backend).run([isa])
    with pytest.raises(troubles.RuntimeJobMaxTimeoutError):
        long.result(timeout=30)
    fast.backends["ibm_fez"].state = "paused"
    assert not backend.status().operational
    with runtime.Session(backend=backend) as session:
        assert session.details()["state"] == "open"
    assert not session.details()["accepting_jobs"]


def test_qrmi_takes_it_too(fast: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    """IBM's client for schedulers, whose reading of JSON is strict, goes through a job's whole life."""
    qrmi = _need("qrmi")
    with serving(fast) as url:
        for key, value in (
            ("ENDPOINT", f"{url}/api/v1"),
            ("IAM_ENDPOINT", url),
            ("IAM_APIKEY", "k"),
            ("SERVICE_CRN", CRN),
        ):
            monkeypatch.setenv(f"ibm_torino_QRMI_IBM_QCS_{key}", value)
        resource = qrmi.QuantumResource("ibm_torino", qrmi.ResourceType.IBMQuantumComputeService)
        assert resource.status().pending_job_count == 3
        assert json.loads(resource.target().value)
        token = resource.acquire()
        program = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; sx $0; c[0]=measure $0;'
        sent = json.dumps({"pubs": [[program, None, 10]], "version": 2, "support_qiskit": False})
        task = resource.task_start(qrmi.Payload.QiskitPrimitive(input=sent, program_id="sampler"))
        until = time.monotonic() + 10
        while "Completed" not in str(resource.task_status(task)) and time.monotonic() < until:
            time.sleep(0.1)
        assert "Completed" in str(resource.task_status(task))
        resource.release(token)
    assert fast.clock.now() - next(iter(fast.jobs.values())).created < timedelta(seconds=30)
