"""metrics.k8s.io: what containers and machines use, as the metrics server tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..api.requests import Reply
from ..api.selection import Predicate
from ..api.status import ApiError, no_such_path
from ..objects import Obj, stamp

if TYPE_CHECKING:
    from ..world import World


def _usage(cpu: float, memory: float) -> Obj:
    return {"cpu": f"{round(cpu * 1e9)}n", "memory": f"{round(memory / 1024)}Ki"}


def resource_metrics(world: World, kind: str, namespace: str, name: str, wanted: Predicate | None) -> Reply:
    """The answer to a request for `pods` or `nodes`. Raises ApiError."""
    if kind not in ("pods", "nodes"):
        raise no_such_path()
    items = _pods(world, namespace) if kind == "pods" else _nodes(world)
    called = "PodMetrics" if kind == "pods" else "NodeMetrics"
    head = {"apiVersion": "metrics.k8s.io/v1beta1"}
    if name:
        found = next((i for i in items if i["metadata"]["name"] == name), None)
        if found is None:
            raise ApiError(
                404,
                f'{called.lower()}.metrics.k8s.io "{namespace + "/" if namespace else ""}{name}" not found',
                details={},
            )
        return Reply.of({"kind": called, **head, **found})
    chosen = [i for i in items if wanted is None or wanted(i)]
    return Reply.of({"kind": f"{called}List", **head, "metadata": {}, "items": chosen})


def _pods(world: World, namespace: str) -> list[Obj]:
    stamps = {"timestamp": stamp(world.clock.now()), "window": "10s"}
    items: list[Obj] = []
    for pod in world.kubelets.pods.values():
        running = [c for c in pod.siblings if c.phase == "running" and c.cpu_now]
        if running and namespace in ("", pod.namespace):
            used = [{"name": c.name, "usage": _usage(c.cpu_now, c.memory_now)} for c in running]
            items.append(
                {
                    "metadata": {"name": pod.name, "namespace": pod.namespace, "labels": pod.labels},
                    **stamps,
                    "containers": used,
                }
            )
    return items


def _nodes(world: World) -> list[Obj]:
    stamps = {"timestamp": stamp(world.clock.now()), "window": "10s"}
    items: list[Obj] = []
    for machine in world.kubelets.machines.values():
        if not machine.kubelet_up(world.kubelets.time):
            continue
        containers = [c for p in world.kubelets.on(machine) for c in p.siblings]
        memory = machine.memory_used(sum(c.memory_now for c in containers))
        items.append(
            {"metadata": {"name": machine.name}, **stamps, "usage": _usage(sum(c.cpu_now for c in containers), memory)}
        )
    return items
