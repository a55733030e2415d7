"""The requests, and the two worlds in which they are asked: a small shop, and the embedded world with one of its faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias

import yaml

from steersman.gather import Sources
from steersman.seams import Aide
from steersman_tools.testing import FakeReader, Stage
from steersman_tools.types import Frozen
from steersman_tools.world.inside import reader
from steersman_tools.world.stage import broken

Skill: TypeAlias = Literal["intent", "tool", "explain", "plan", "refuse", "honest"]


class Asked(Frozen):
    """One request and what is right; which fields count depends on the skill."""

    text: str
    intent: str = ""
    name: str = ""
    tools: tuple[str, ...] = ()
    fault: str = ""
    do: str = ""
    number: int | None = None
    says: str = ""


@cache
def requests() -> Mapping[Skill, Sequence[Asked]]:
    """All requests by the skill that they need."""
    rooms = yaml.safe_load((files(__package__) / "requests.yaml").read_text(encoding="utf-8"))
    return {skill: tuple(Asked.model_validate(entry) for entry in entries) for skill, entries in rooms.items()}


def shop(aide: Aide | None) -> Sources:
    """Three workloads on two nodes; the cart lacks a variable. No metrics, no runbooks, no quantum provider."""
    stage = Stage()
    stage.nodes("node-1", "node-2")
    stage.add("{kind: Namespace, metadata: {name: shop}}\n---\n{kind: ServiceAccount, metadata: {name: default}}")
    ended = {
        "exitCode": 1,
        "reason": "Error",
        "startedAt": "2026-03-14T15:09:00Z",
        "finishedAt": "2026-03-14T15:09:01Z",
    }
    state = {
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
        "lastState": {"terminated": ended},
        "restartCount": 4,
    }
    stage.deployment("frontend", env={"CART_ADDR": "cart:8080", "CHECKOUT_ADDR": "checkout:8080"})
    stage.deployment("checkout", env={"CART_ADDR": "cart:8080"})
    pods = stage.deployment("cart", replicas=2, ready=0, state=state)
    for name in ("frontend", "checkout", "cart"):
        stage.service(name)
    for pod in pods:
        stage.log(pod, "starting", "KeyError: 'DATABASE_URL'", previous=True)
        stage.log(pod, "starting", "KeyError: 'DATABASE_URL'")
    return Sources(FakeReader(stage.snapshot()), aide=aide)


def world(fault: str, aide: Aide | None) -> Sources:
    """The embedded world some minutes after the fault."""
    made = broken(fault)
    return Sources(reader(made), made.metrics, aide=aide)
