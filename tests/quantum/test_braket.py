"""Amazon Braket: botocore itself against a local endpoint that answers as its API does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from steersman_tools.quantum.braket import Braket
from steersman_tools.types import Unreachable
from steersman_tools.writer import Conflicted, Refused

DEVICE = "arn:aws:braket:us-east-1::device/qpu/ionq/Aria-1"
TASK = "arn:aws:braket:us-east-1:123456789012:quantum-task/0f1e"
STATE: dict[str, str] = {}


class _Api(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""

    def _serve(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body: Any
        status = 200
        if self.path.startswith("/devices"):
            body = {
                "devices": [
                    {
                        "deviceArn": DEVICE,
                        "deviceName": "Aria 1",
                        "deviceStatus": "ONLINE",
                        "deviceType": "QPU",
                        "providerName": "IonQ",
                    }
                ]
            }
        elif self.path.startswith("/device/"):
            queues = [
                {"queue": "QUANTUM_TASKS_QUEUE", "queueSize": ">4000", "queuePriority": "Normal"},
                {"queue": "QUANTUM_TASKS_QUEUE", "queueSize": "12", "queuePriority": "Priority"},
            ]
            about = {"paradigm": {"qubitCount": 25}, "service": {"shotsRange": [1, 5000]}}
            body = {"deviceArn": DEVICE, "deviceName": "Aria 1", "deviceStatus": "ONLINE", "deviceType": "QPU", "providerName": "IonQ",
                    "deviceCapabilities": json.dumps(about), "deviceQueueInfo": queues}  # fmt: skip
        elif self.path.startswith("/quantum-tasks"):
            body = {"quantumTasks": [{"quantumTaskArn": TASK, "deviceArn": DEVICE, "status": STATE["now"], "shots": 100,
                                      "createdAt": "2026-11-21T10:00:00Z", "outputS3Bucket": "b", "outputS3Directory": "d"}]}  # fmt: skip
        elif self.path.endswith("/cancel"):
            if STATE["now"] != "QUEUED":
                status, body = 409, {"message": "not cancellable"}
            else:
                STATE["now"], body = "CANCELLED", {"quantumTaskArn": TASK, "cancellationStatus": "CANCELLING"}
        else:
            body = {"quantumTaskArn": TASK, "deviceArn": DEVICE, "status": STATE["now"], "shots": 100, "deviceParameters": "{}",
                    "createdAt": "2026-11-21T10:00:00Z", "outputS3Bucket": "b", "outputS3Directory": "d", "tags": {"k8s": "lab/Job/vqe"},
                    "queueInfo": {"queue": "QUANTUM_TASKS_QUEUE", "position": ">2000", "queuePriority": "Normal"}}  # fmt: skip
        raw = json.dumps(body).encode()
        self.send_response(status)
        if status == 409:
            self.send_header("x-amzn-ErrorType", "ConflictException")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = do_PUT = _serve


@pytest.fixture
def braket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Braket]:
    STATE["now"] = "QUEUED"
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(key, "test")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Api)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield Braket("us-east-1", f"http://127.0.0.1:{server.server_address[1]}")
    server.shutdown()
    server.server_close()
    thread.join()


async def test_devices_and_bounds(braket: Braket) -> None:
    """`>4000` is at least 4001 and never 4000; the limits are the device's own."""
    (found,) = await braket.backends()
    assert (found.name, found.status, found.qubits, str(found.pending), found.limits.shots) == (
        "Aria-1",
        "online",
        25,
        "≥4001",
        5000,
    )


async def test_tasks_and_positions(braket: Braket) -> None:
    """A position that is a bound is no position; tags are there."""
    (job,) = await braket.jobs()
    assert (job.id, job.backend, job.state, job.position, job.tags) == (
        "0f1e",
        "Aria-1",
        "QUEUED",
        None,
        ("k8s:lab/Job/vqe",),
    )
    await braket.close()


async def test_cancel_once_and_no_more_than_it_can(braket: Braket) -> None:
    """A second cancellation is Conflicted; submitting is refused before it is tried."""
    await braket.cancel("0f1e")
    with pytest.raises(Conflicted):
        await braket.cancel("0f1e")
    with pytest.raises(Refused):
        await braket.params("0f1e")
    assert not braket.capabilities() & {"submit", "hold", "priority", "requeue", "move"}


async def test_silence_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """No endpoint, no devices: Unreachable and not an empty list."""
    for key, value in (("AWS_ACCESS_KEY_ID", "t"), ("AWS_SECRET_ACCESS_KEY", "t"), ("AWS_MAX_ATTEMPTS", "1")):
        monkeypatch.setenv(key, value)
    with pytest.raises(Unreachable):
        await Braket("us-east-1", "http://127.0.0.1:1").backends()
