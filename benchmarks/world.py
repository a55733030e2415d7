"""How fast and how large the embedded world is: prints the figures that docs/world.md cites.

python benchmarks/world.py
"""

from __future__ import annotations

import asyncio
import resource
import time
import urllib.request
from datetime import UTC, datetime

from steersman_tools.snapshot import Resource, Snapshot
from steersman_tools.world import stage
from steersman_tools.world.clock import ShiftedClock
from steersman_tools.world.serving import serve
from steersman_tools.world.world import World

NODES, PODS = 300, 3000


def snapshot() -> Snapshot:
    """A cluster of that size: Deployments of 30 running pods each."""
    spaces = ("default", "kube-node-lease")
    found = [Resource({"metadata": {"name": name, "uid": f"ns-{name}"}}, "Namespace") for name in spaces]
    for number in range(NODES):
        room = {"cpu": "16", "memory": "64Gi", "pods": "110"}
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
        status = {"capacity": room, "allocatable": room, "conditions": [ready]}
        found.append(
            Resource(
                {"metadata": {"name": f"node-{number}", "uid": f"n{number}"}, "spec": {}, "status": status}, "Node"
            )
        )
    for number in range(PODS):
        found.append(Resource(_pod(number), "Pod"))
    return Snapshot(datetime.now(UTC), tuple(found), version="v1.33.1")


def _pod(number: int) -> dict[str, object]:
    image, since = "registry.example/web:1", "2026-01-01T00:00:00Z"
    probe = {"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10, "timeoutSeconds": 1}
    container = {
        "name": "web",
        "image": image,
        "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        "readinessProbe": probe,
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "env": [{"name": f"SETTING_{n}", "value": "value"} for n in range(10)],
    }
    meta = {
        "name": f"web-{number}",
        "namespace": "default",
        "uid": f"p{number}",
        "labels": {"app": f"web-{number // 30}"},
        "resourceVersion": str(number + 1),
    }
    running = {"name": "web", "ready": True, "started": True, "restartCount": 0, "image": image}
    status = {
        "phase": "Running",
        "podIP": f"10.{number // 60000}.{number // 250}.{number % 250}",
        "conditions": [
            {"type": name, "status": "True", "lastTransitionTime": since}
            for name in ("Initialized", "Ready", "ContainersReady", "PodScheduled")
        ],
        "containerStatuses": [running | {"state": {"running": {"startedAt": since}}}],
    }
    return {
        "metadata": meta,
        "spec": {"nodeName": f"node-{number % NODES}", "containers": [container]},
        "status": status,
    }


def _mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def main() -> None:
    loop, began = asyncio.get_running_loop(), time.perf_counter()
    async with serve(World.from_file(clock=ShiftedClock())) as served:
        await loop.run_in_executor(None, _get, served.url + "/version")
        print(f"start to serving (example world, first answer): {time.perf_counter() - began:.3f} s")
    began = time.perf_counter()
    stage.broken("wrong-target-port")
    print(f"a scene of the demo (10 quiet minutes, a fault, 3 minutes): {time.perf_counter() - began:.2f} s")
    source, before, began = snapshot(), _mebibytes(), time.perf_counter()
    world = World.load(source, ShiftedClock())
    world.settle()
    print(f"load of {PODS} pods on {NODES} nodes: {time.perf_counter() - began:.2f} s")
    async with serve(world) as served:
        await asyncio.sleep(2)
        first = await loop.run_in_executor(None, _get, served.url + "/api/v1/pods")
        times = [await loop.run_in_executor(None, _get, served.url + "/api/v1/pods") for _ in range(5)]
        print(f"list of {PODS} pods over HTTP: {min(times) * 1000:.0f} ms (the first one: {first * 1000:.0f} ms)")
    print(f"memory: {_mebibytes():.0f} MiB at most, the snapshot included ({before:.0f} MiB before both)")


def _get(url: str) -> float:
    began = time.perf_counter()
    with urllib.request.urlopen(url) as response:
        response.read()
    return time.perf_counter() - began


if __name__ == "__main__":
    asyncio.run(main())
