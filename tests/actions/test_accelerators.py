"""What is done to accelerators and served models: it fits or is refused in words, and what it changes can be taken back exactly."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steersman_tools.actions import ACTION, Action, CapPower, RequestReset, Unfit
from steersman_tools.actions.accelerators import HOLD
from steersman_tools.edits import apply, diff, take_back
from steersman_tools.images import owned
from steersman_tools.types import Json, Ref

NODE: dict[str, Json] = {
    "metadata": {"name": "a", "labels": {"nvidia.com/mig.config": "all-disabled"}},
    "spec": {"unschedulable": True},
}
SERVICE: dict[str, Json] = {"metadata": {"name": "m"}, "spec": {"predictor": {"canaryTrafficPercent": 30}}}

CASES: list[tuple[dict[str, Any], dict[str, Json], str, Json]] = [
    ({"do": "SetMigProfile", "target": "/Node/a", "profile": "all-1g.10gb"}, NODE, "metadata.labels['nvidia.com/mig.config']", "all-1g.10gb"),
    ({"do": "RebootNode", "target": "/Node/a", "annotation": "x.example/op"}, NODE, "metadata.annotations", {"x.example/op": "reboot"}),
    ({"do": "ShiftCanary", "target": "ml/InferenceService/m", "percent": 0}, SERVICE, "spec.predictor.canaryTrafficPercent", 0),
    ({"do": "Suspend", "target": "ml/TrainJob/t"}, {"spec": {}}, "spec.suspend", True),
    ({"do": "Suspend", "target": "ml/JobSet/t"}, {"spec": {"suspend": False}}, "spec.suspend", True),
    ({"do": "Suspend", "target": "ml/PyTorchJob/t"}, {"spec": {"runPolicy": {}}}, "spec.runPolicy.suspend", True),
    ({"do": "Suspend", "target": "ml/Workload/w"}, {"spec": {"active": True}}, "spec.active", False),
    ({"do": "Resume", "target": "ml/Workload/w"}, {"spec": {"active": False}}, "spec.active", True),
]  # fmt: skip


def action(given: dict[str, Any]) -> Action:
    return ACTION.validate_python(given)


@pytest.mark.parametrize(("given", "before", "path", "after"), CASES)
def test_one_field_and_its_inverse(given: dict[str, Any], before: dict[str, Json], path: str, after: Json) -> None:
    """Exactly that field changes, and taking the change back leaves the object as it was."""
    changes = tuple(diff(owned(before), owned(action(given).edit(before, {}))))
    assert [(c.path, c.after) for c in changes] == [(path, after)]
    assert take_back(apply(owned(before), changes), changes) == owned(before)


@given(st.integers(0, 100), st.integers(0, 100))
def test_any_share_can_be_taken_back(old: int, new: int) -> None:
    """Whatever share the canary had, it has again."""
    before: dict[str, Json] = {"metadata": {"name": "m"}, "spec": {"predictor": {"canaryTrafficPercent": old}}}
    shift = action({"do": "ShiftCanary", "target": "ml/InferenceService/m", "percent": new})
    changes = tuple(diff(owned(before), owned(shift.edit(before, {}))))
    assert take_back(apply(owned(before), changes), changes) == owned(before)


@pytest.mark.parametrize(
    ("given", "before", "why"),
    [
        ({"do": "SetMigProfile", "target": "/Node/a", "profile": "p"}, {"spec": {}}, "drain it"),
        ({"do": "SetMigProfile", "target": "/Node/a", "profile": "p"}, {"metadata": {"labels": {"nvidia.com/mig.config.state": "pending"}}, "spec": {"unschedulable": True}}, "MIG manager"),
        ({"do": "ShiftCanary", "target": "ml/InferenceService/m", "percent": 0}, {"metadata": {"annotations": {"serving.kserve.io/deploymentMode": "RawDeployment"}}, "spec": {}}, "splits no traffic"),
        ({"do": "CapPower", "target": "ml/Job/j", "node": "a", "devices": ["GPU-1"], "watts": 500, "before": 400}, {}, "no lower limit"),
    ],
)  # fmt: skip
def test_what_does_not_fit(given: dict[str, Any], before: dict[str, Json], why: str) -> None:
    """It is refused, and the sentence says what stands in the way."""
    with pytest.raises(Unfit, match=why):
        action(given).edit(before, {})


def test_a_reset_that_fails() -> None:
    """The janitor's order ends either way; a failure is told, and is no success."""
    reset = RequestReset(target=Ref("", "GPUReset", "r"), node="a", uuids=("GPU-1",))
    assert not reset.arrived({"status": {"phase": "InProgress"}})
    assert reset.arrived({"status": {"phase": "Succeeded", "completionTime": "2026-11-21T10:00:00Z"}})
    with pytest.raises(Unfit, match="reboot a"):
        reset.arrived({"status": {"phase": "Failed", "completionTime": "2026-11-21T10:00:00Z"}})


def test_the_old_power_limit_comes_back(tmp_path: Path) -> None:
    """The Job's own script against a stand-in for nvidia-smi: it sets the limit of each device, and the old one when it is ended."""
    said = tmp_path / "said"
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f'#!/bin/sh\necho "$@" >> {said}\n')
    tool.chmod(0o755)
    cap = CapPower(target=Ref("ml", "Job", "j"), node="a", devices=("GPU-1", "GPU-2"), watts=400, before=700)
    made: Any = cap.edit({}, {})
    container = made["spec"]["template"]["spec"]["containers"][0]
    assert container["command"] == ["sh", "-c", HOLD]
    values = {e["name"]: e["value"] for e in container["env"]}
    running = subprocess.Popen(
        container["command"], env={**values, "PATH": f"{tmp_path}:{os.environ['PATH']}"}, start_new_session=True
    )
    deadline = time.monotonic() + 20
    while not (said.exists() and said.read_text().count("\n") == 2) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    assert running.wait(20) == 0
    os.killpg(running.pid, signal.SIGKILL)  # the sleep that it left behind
    assert said.read_text().split("\n")[:4] == [
        "-i GPU-1 -pl 400",
        "-i GPU-2 -pl 400",
        "-i GPU-1 -pl 700",
        "-i GPU-2 -pl 700",
    ]
