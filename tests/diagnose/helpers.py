"""What every test of the diagnosis asks of a stage."""

from __future__ import annotations

from steersman.diagnose import examine
from steersman.types import Diagnosis
from steersman_tools.testing import Given, Stage

WAITING = {"state": {"waiting": {"reason": "ContainerCreating"}}}


def shop() -> Stage:
    """Two nodes and a frontend that calls a cart."""
    stage = Stage()
    stage.nodes("node-1", "node-2")
    stage.add("{kind: Namespace, metadata: {name: shop}}")
    stage.add("{kind: ServiceAccount, metadata: {name: default}}")
    stage.deployment("frontend", env={"CART_ADDR": "cart:8080"})
    stage.service("frontend")
    return stage


def diagnose(stage: Stage) -> Diagnosis:
    return examine(stage.snapshot()).conclude()


def named(stage: Stage) -> list[str]:
    """The causes as `fault entity`, in their order."""
    return [f"{cause.fault} {cause.entity}" for cause in diagnose(stage).causes]


def crashing(*, code: int = 1, reason: str = "Error", restarts: int = 4) -> Given:
    """The state of a container that keeps ending."""
    ended = {
        "terminated": {
            "exitCode": code,
            "reason": reason,
            "startedAt": "2026-03-14T15:09:00Z",
            "finishedAt": "2026-03-14T15:09:01Z",
        }
    }
    return {
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
        "lastState": ended,
        "restartCount": restarts,
    }
