"""What else keeps accelerators from working: images, drivers, collectives, caches, canaries, queues; and what is no sign of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steersman.diagnose import examine
from steersman.plan import plans
from steersman_tools.gpu.types import GpuReadings, Reading, ServerReading
from steersman_tools.snapshot import Snapshot
from steersman_tools.testing import NOW, Stage
from steersman_tools.types import Ref

from .clusters import device, node, seen, wants


def named(snapshot: Snapshot) -> list[str]:
    return [f"{c.fault} {c.entity}" for c in examine(snapshot).conclude().causes]


def pulling(minutes: float) -> Stage:
    """A server with a GPU whose image has been pulled for so long."""
    stage = Stage()
    node(stage, "a")
    stage.add("{kind: Namespace, metadata: {name: shop}}\n---\n{kind: ServiceAccount, metadata: {name: default}}")
    waiting = {"state": {"waiting": {"reason": "ContainerCreating"}}, "ready": False}
    pod = stage.deployment("model", replicas=1, ready=0, container=wants(1), node="a", state=waiting)[0]
    pod["status"]["phase"] = "Pending"
    stage.event(
        f"Pod/{pod['metadata']['name']}", "Pulling", 'Pulling image "registry.example/model:1"', ago=minutes * 60
    )
    return stage


def test_a_huge_image() -> None:
    """GPUs that wait for twelve minutes of pulling: that is the cause, and a restart is not the remedy."""
    snapshot = pulling(12).snapshot()
    assert named(snapshot)[:1] == ["image-pull-slow shop/Deployment/model"]
    examined = examine(snapshot)
    assert not plans(examined.conclude().causes[0], examined.scene)[0].steps


def test_a_pull_that_has_just_begun() -> None:
    """One minute is no reason to speak."""
    assert not any(name.startswith("image-pull-slow") for name in named(pulling(1).snapshot()))


@pytest.mark.parametrize(
    "line",
    [
        "Failed to initialize NVML: Driver/library version mismatch",
        "RuntimeError: CUDA error: CUDA driver version is insufficient for CUDA runtime version",
    ],
)
def test_a_driver_that_does_not_match(line: str) -> None:
    """The log's words name the node's driver, not the application."""
    stage = Stage()
    node(stage, "a")
    ended = {"state": {"terminated": {"exitCode": 1, "reason": "Error"}}, "ready": False, "restartCount": 3}
    pod = stage.deployment("model", replicas=1, ready=0, container=wants(1), node="a", state=ended)[0]
    stage.log(pod, line)
    assert "gpu-unhealthy /Node/a" in named(stage.snapshot())


def test_one_version_in_two_spellings() -> None:
    """`580.95.05` and `580.95.5` are the same driver."""
    stage = Stage()
    node(stage, "a", labels={"nvidia.com/cuda.driver-version.full": "580.95.05"})
    same = replace(device("GPU-0", "a"), driver="580.95.5")
    assert named(seen(stage, same)) == []


def test_a_collective_that_hangs() -> None:
    """Full use and idle tensor cores on both devices of a job: it spins, it does not work."""
    stage = Stage()
    node(stage, "a")
    pod = stage.deployment("train", replicas=1, container=wants(2), node="a")[0]["metadata"]["name"]
    spin = [device(f"GPU-{n}", "a", pod=pod, use=100.0, tensor_active=0.0, power=180.0) for n in range(2)]
    work = [device(f"GPU-{n}", "a", pod=pod, use=100.0, tensor_active=0.4, power=600.0) for n in range(2)]
    assert named(seen(stage, *spin)) == ["nccl-timeout shop/Deployment/train"]
    assert named(seen(stage, *work)) == []


def test_a_full_cache_gets_one_more_server() -> None:
    """Requests wait at a server whose KV cache is full while GPUs are free: one more server is planned."""
    stage = Stage()
    node(stage, "a")
    pod = stage.deployment("llm", replicas=1, container=wants(1), node="a")[0]["metadata"]["name"]
    values = {"cache-use": 0.99, "waiting": 7.0}
    server = ServerReading(Ref("shop", "Pod", pod), values={k: Reading(v, k, NOW) for k, v in values.items()})  # type: ignore[misc]
    examined = examine(replace(stage.snapshot(), gpus=GpuReadings(servers=(server,))))
    cause = examined.conclude().causes[0]
    assert cause.fault == "kv-cache-exhausted"
    assert [s.action.do for s in plans(cause, examined.scene)[0].steps] == ["Scale"]


def canary(mode: str) -> Stage:
    stage = Stage()
    stage.add(f"""
kind: InferenceService
metadata: {{name: llm, annotations: {{serving.kserve.io/deploymentMode: {mode}}}}}
spec: {{predictor: {{canaryTrafficPercent: 20}}}}
status:
  conditions: [{{type: PredictorReady, status: "False", reason: RevisionFailed, message: crash}}]
  components: {{predictor: {{latestCreatedRevision: llm-2, latestReadyRevision: llm-1}}}}
""")
    return stage


@pytest.mark.parametrize(("mode", "steps"), [("Serverless", ["ShiftCanary"]), ("RawDeployment", [])])
def test_a_canary_goes_back(mode: str, steps: list[str]) -> None:
    """All traffic to the revision that works, where the mode splits traffic at all."""
    examined = examine(canary(mode).snapshot())
    cause = examined.conclude().causes[0]
    assert (cause.fault, str(cause.entity)) == ("release-regression", "shop/InferenceService/llm")
    made = plans(cause, examined.scene)
    assert [s.action.do for s in made[0].steps] == steps if made else not steps


def test_a_hot_device_is_held_back() -> None:
    """A device that is too hot and whose limit is known is held at a lower one; where the limit is not known a person is told."""
    for values, steps in (({"power_limit": 700.0}, ["CapPower"]), ({}, [])):
        stage = Stage()
        node(stage, "a")
        pod = stage.deployment("train", replicas=1, container=wants(1), node="a")[0]["metadata"]["name"]
        examined = examine(seen(stage, device("GPU-0", "a", pod=pod, temperature=96.0, **values)))  # type: ignore[arg-type]
        cause = examined.conclude().causes[0]
        assert cause.fault == "gpu-throttled"
        assert [s.action.do for s in plans(cause, examined.scene)[0].steps] == steps
