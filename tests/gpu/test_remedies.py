"""What is planned for a sick GPU: the official action, through whoever may touch machines, never against a budget or another hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from steersman.diagnose import examine
from steersman.plan import plans
from steersman.remedy import Plan
from steersman_tools.testing import Stage, stamp

from .clusters import device, node, seen, wants

AGENT = "site.example/operation"
JANITOR = ("RebootNode", "GPUReset")
BUDGET = """
kind: PodDisruptionBudget
metadata: {name: keep}
spec: {selector: {matchLabels: {app: server}}, minAvailable: 1}
status: {disruptionsAllowed: %d}
"""


def cluster(spare: int = 2, **sick: Any) -> Stage:
    """A node `bad` of four GPUs, one of them out of service, with a server on it; and `spare` more nodes."""
    stage = Stage()
    node(stage, "bad", allocatable=3, **sick)
    for number in range(spare):
        node(stage, f"good-{number}")
    stage.add("{kind: Namespace, metadata: {name: shop}}")
    stage.deployment("server", replicas=1, container=wants(1), node="bad")
    return stage


def planned(stage: Stage, code: int = 79, operations: str = AGENT, janitor: tuple[str, ...] = ()) -> Plan:
    """The best plan for the first cause, where the error has just come and the server knows the janitor's kinds, or not."""
    snapshot = seen(stage, device("GPU-0", "bad", codes=(0, code)))
    known = frozenset((k, n) for k, n in snapshot.complete if k not in JANITOR or k in janitor)
    examined = examine(replace(snapshot, node_operations=operations, complete=known))
    return plans(examined.conclude().causes[0], examined.scene)[0]


def does(plan: Plan) -> list[str]:
    return [step.action.do for step in plan.steps]


@pytest.mark.parametrize(
    ("code", "steps"),
    [
        (79, ["Drain", "RebootNode", "Uncordon"]),
        (48, ["Drain", "RebootNode", "Uncordon"]),  # an agent that only reboots does what a reset does
        (119, ["Drain", "RebootNode", "Uncordon"]),
        (63, []),  # official: ignore
        (54, []),  # a cable: a person's hands
        (999, []),  # unknown asks for a person
    ],
)
def test_the_official_action(code: int, steps: list[str]) -> None:
    """What the catalogue says is what is planned, and no more."""
    assert does(planned(cluster(), code)) == steps


def test_the_janitor_before_the_annotation() -> None:
    """Where NVSentinel's janitor is installed it is asked, for the device alone where a reset is enough."""
    assert does(planned(cluster(), 79, janitor=JANITOR)) == ["Drain", "RequestReboot", "Uncordon"]
    reset = planned(cluster(), 48, janitor=JANITOR)
    assert does(reset) == ["Drain", "RequestReset", "Uncordon"]
    assert getattr(reset.steps[1].action, "uuids", ()) == ("GPU-0",)


def test_nobody_reboots_machines_here() -> None:
    """Without an agent and without a janitor nothing is drained: the advice says what is missing."""
    plan = planned(cluster(), operations="")
    assert not plan.steps
    assert any("node_operations" in choice for choice in plan.choices)


@pytest.mark.parametrize(("allowed", "drains"), [(0, False), (1, True)])
def test_nothing_is_evicted_against_a_budget(allowed: int, drains: bool) -> None:  # noqa: FBT001  what is expected
    """A budget that allows none to go keeps the node from being drained, and is named."""
    stage = cluster()
    stage.add(BUDGET % allowed)
    plan = planned(stage)
    assert ("Drain" in does(plan)) is drains
    assert drains or any("keep" in choice for choice in plan.choices)


def test_a_pod_that_nobody_would_make_again_stays() -> None:
    """A bare pod on the node keeps it from being drained."""
    stage = cluster()
    stage.put({"kind": "Pod", "metadata": {"name": "alone"}, "spec": {"nodeName": "bad", "containers": [{"name": "c", **wants(1)}]}, "status": {"phase": "Running"}})  # fmt: skip
    assert not planned(stage).steps


def test_the_breaker() -> None:
    """With one of three nodes out already, a second may not go: that would be more than half."""
    stage = cluster(spare=1)
    node(stage, "out", unschedulable=True)
    plan = planned(stage)
    assert not plan.steps
    assert any("50%" in choice for choice in plan.choices)


def test_no_room_elsewhere() -> None:
    """What would find no other device is not driven away."""
    stage = cluster(spare=1)
    stage.deployment("big", replicas=1, container=wants(4), node="good-0")
    assert not planned(stage).steps


@pytest.mark.parametrize(
    "label",
    [
        {"dgxc.nvidia.com/nvsentinel-state": "draining"},
        {"k8saas.nvidia.com/cordon-by": "someone"},
        {"autopilot.ibm.com/gpuhealth": "EVICT"},
    ],
)
def test_hands_off(label: dict[str, str]) -> None:
    """A node that another controller looks after is left to it, and the plan says to whom."""
    plan = planned(cluster(labels=label))
    assert not plan.steps
    assert any("left to it" in choice for choice in plan.choices)


def test_an_order_that_has_not_ended() -> None:
    """A reboot that somebody has asked the janitor for is waited for."""
    stage = cluster()
    stage.put({"kind": "RebootNode", "metadata": {"name": "theirs"}, "spec": {"nodeName": "bad"}})
    assert not planned(stage, janitor=JANITOR).steps


def test_a_cordon_of_others_stays() -> None:
    """Who was cordoned before is not uncordoned afterwards."""
    assert does(planned(cluster(unschedulable=True))) == ["Drain", "RebootNode"]


@pytest.mark.parametrize(("minutes", "drains"), [(5, True), (90, False)])
def test_no_old_checkpoint_is_thrown_away(minutes: int, drains: bool) -> None:  # noqa: FBT001  what is expected
    """Work that was saved an hour and a half ago is not driven off its node; what was saved just now may go."""
    stage = cluster()
    pod = stage.deployment("trainer", replicas=1, container=wants(1), node="bad")[0]
    pod["metadata"]["annotations"] = {"steersman.dev/checkpointed-at": stamp(minutes * 60)}
    plan = planned(stage)
    assert ("Drain" in does(plan)) is drains
    assert drains or any("90 minutes old" in choice for choice in plan.choices)


def test_checkpoints_that_fail_keep_the_node() -> None:
    """A trainer whose log says that it cannot save is not driven away before that is mended."""
    stage = cluster()
    pod = stage.deployment("trainer", replicas=1, container=wants(1), node="bad")[0]
    stage.log(pod, "RuntimeError: failed to save checkpoint: No space left on device")
    assert any("checkpoints cannot be written" in choice for choice in planned(stage).choices)
