"""Rehearsals: a world loaded from a snapshot goes on as the cluster would, and a change shows its effect."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

from steersman.gather import Sources
from steersman_tools.snapshot import Snapshot
from steersman_tools.world import stage
from steersman_tools.world.clock import SimulatedClock
from steersman_tools.world.inside import reader
from steersman_tools.world.node.worldfile import parse
from steersman_tools.world.world import World

from .test_catalogue import diagnosis


def snapshot(world: World) -> Snapshot:
    return asyncio.run(reader(world).snapshot(None))


def pods(world: World) -> dict[str, tuple[str, bool, int]]:
    """By uid: name, whether it is ready, restarts."""
    listing: Any = world.request("GET", "/api/v1/pods")[1]
    found = {}
    for pod in listing["items"]:
        statuses = pod["status"].get("containerStatuses") or []
        ready = bool(statuses) and all(s["ready"] for s in statuses)
        found[pod["metadata"]["uid"]] = (pod["metadata"]["name"], ready, sum(s["restartCount"] for s in statuses))
    return found


def failing(world: World) -> list[Any]:
    calls: Any = world.state()["failing_calls"]
    return list(calls)


def test_a_healthy_cluster_stays_as_it_is() -> None:
    """Five minutes after the load every pod is the one it was, ready, without a restart; nothing is wrong, no alert has fired."""
    world = stage.healthy()
    loaded = World.load(snapshot(world))
    loaded.run_for(300)
    assert pods(loaded) == pods(world)
    assert diagnosis(loaded, Sources(reader(loaded), loaded.metrics)).healthy
    assert not loaded.metrics.alerting.alerts
    assert failing(loaded) == []
    entries: Any = loaded.state()["entries"]
    assert entries
    assert all(entry["error_ratio"] == 0 for entry in entries.values())


def test_the_snapshot_is_not_touched() -> None:
    """Whatever happens in the rehearsal, the evidence stays what it was."""
    seen = snapshot(stage.healthy())
    before = copy.deepcopy([r.raw for r in seen.resources])
    loaded = World.load(seen)
    loaded.request("DELETE", "/apis/apps/v1/namespaces/books/deployments/orders")
    loaded.run_for(60)
    assert [r.raw for r in seen.resources] == before


def test_a_change_shows_its_effect() -> None:
    """The broken port fails in the rehearsal too, until the patch that the plan would send."""
    loaded = World.load(snapshot(stage.broken("wrong-target-port")))
    loaded.run_for(60)
    assert {f["to"] for f in failing(loaded)} == {"payment:8080"}
    patch = {"spec": {"ports": [{"port": 8080, "protocol": "TCP", "targetPort": 8080}]}}
    status, _ = loaded.request(
        "PATCH", "/api/v1/namespaces/books/services/payment", patch, "application/merge-patch+json"
    )
    assert status == 200
    loaded.run_for(60)
    assert failing(loaded) == []
    assert diagnosis(loaded, Sources(reader(loaded), loaded.metrics)).healthy


def test_a_crash_ends_with_its_image_and_not_with_a_restart() -> None:
    """What was seen to crash crashes again after a restart, and no more with the image that ran before."""
    loaded = World.load(snapshot(stage.broken("crash-on-start")))
    path = "/apis/apps/v1/namespaces/books/deployments/catalogue"
    restart = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}
    assert loaded.request("PATCH", path, restart, "application/merge-patch+json")[0] == 200
    loaded.run_for(180)
    found = diagnosis(loaded, Sources(reader(loaded)))
    assert [c.fault for c in found.causes] == ["crash-on-start"]
    image = [
        {
            "op": "replace",
            "path": "/spec/template/spec/containers/0/image",
            "value": "registry.example/books/catalogue:2.4.1",
        }
    ]
    assert loaded.request("PATCH", path, image, "application/json-patch+json")[0] == 200
    loaded.run_for(120)
    assert diagnosis(loaded, Sources(reader(loaded))).healthy


def test_more_memory_ends_an_oom_and_a_little_more_does_not() -> None:
    """A limit must be clearly above the one that was too little."""
    for limit, healthy in (("300Mi", False), ("512Mi", True)):
        loaded = World.load(snapshot(stage.broken("out-of-memory")))
        change = [{"op": "replace", "path": "/spec/template/spec/containers/0/resources/limits/memory", "value": limit}]
        path = "/apis/apps/v1/namespaces/books/deployments/storefront"
        assert loaded.request("PATCH", path, change, "application/json-patch+json")[0] == 200
        loaded.run_for(180)
        assert diagnosis(loaded, Sources(reader(loaded))).healthy is healthy


def test_a_crash_for_want_of_a_service_ends_when_it_answers() -> None:
    """An application that exits because what it calls does not answer starts once the Service is there."""
    called = [{"env": "DB_ADDR", "path": "", "at_start": True}]
    images = {"r/db": {"listen": [5432], "protocol": "tcp"}, "r/web": {"listen": [80], "calls": called}}
    origin = World(parse({"nodes": [{"name": "node-1"}], "images": images}), SimulatedClock())
    for name, env, selector in (("db", [], "wrong"), ("web", [{"name": "DB_ADDR", "value": "db:5432"}], "web")):
        origin.apply(workload(name, env))
        spec = {"selector": {"app": selector}, "ports": [{"port": 5432}]}
        origin.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})
    origin.run_for(120)
    loaded = World.load(snapshot(origin))
    loaded.run_for(400)
    assert {ready for name, ready, _ in pods(loaded).values() if name.startswith("web")} == {False}
    right = {"spec": {"selector": {"app": "db"}}}
    loaded.request("PATCH", "/api/v1/namespaces/default/services/db", right, "application/merge-patch+json")
    loaded.run_for(400)
    assert {ready for _, ready, _ in pods(loaded).values()} == {True}


def workload(name: str, env: list[Any]) -> dict[str, Any]:
    labels, ports = {"app": name}, [{"containerPort": 5432 if name == "db" else 80}]
    container = {"name": name, "image": f"r/{name}:1", "env": env, "ports": ports}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}
