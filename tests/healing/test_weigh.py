"""What the server says of a plan beforehand: a refusal denies the plan, and does not end the session."""

from __future__ import annotations

from steersman.execute import Hands
from steersman.faults import Fault
from steersman.remedy import Plan, Step
from steersman_tools.actions import Evict
from steersman_tools.kubernetes.write import ClusterWriter
from steersman_tools.types import Json, Ref
from steersman_tools.world.inside import Inside, LivedTime, reader
from steersman_tools.world.stage import broken


async def test_a_disruption_budget_refuses_an_eviction() -> None:
    world = broken("wrong-target-port")
    inside = Inside(world)
    spec: Json = {"minAvailable": 100, "selector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}
    body: Json = {"metadata": {"name": "everything"}, "spec": spec}
    made = await inside.request("POST", "/apis/policy/v1/namespaces/books/poddisruptionbudgets", None, body)
    assert made.status == 201, made.message
    world.run_for(5)
    pod = next(p.ref for p in (await reader(world).snapshot(None)).all("Pod") if p.namespace == "books")
    step = Step(action=Evict(target=pod), why="it cannot run there", undo="")
    plan = Plan(fault=Fault.GPU_LOST, entity=Ref("", "Node", "gpu-0"), name="other-devices", steps=(step,))
    weighed = await Hands(ClusterWriter(inside), LivedTime(world)).weigh(plan)
    assert "disruption budget" in weighed.dry_run[0]
