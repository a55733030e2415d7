"""Each action, made and taken back on a real API server with its real controllers: every object is as its owners left it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from steersman_tools.actions import ACTION, Action, FieldValue, PatchField, Unfit
from steersman_tools.actuator import Actuator
from steersman_tools.clock import WallClock
from steersman_tools.fields import Fields
from steersman_tools.images import owned
from steersman_tools.kubernetes.transport import Transport
from steersman_tools.kubernetes.write import ClusterWriter
from steersman_tools.types import Json, Ref

from .cases import CASES

pytestmark = pytest.mark.lab
SPACE = "undo-proof"
LABELS: dict[str, Json] = {"app": "catalogue"}
CONTAINER: dict[str, Json] = {
    "name": "main",
    "image": "registry.example/tools/busybox:1",
    "command": ["sh", "-c", "sleep infinity"],
}
OBJECTS: dict[str, dict[str, Json]] = {
    "apis/apps/v1/namespaces/{}/deployments": {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "catalogue"}, "spec": {"replicas": 1, "selector": {"matchLabels": LABELS}, "template": {"metadata": {"labels": LABELS}, "spec": {"containers": [CONTAINER]}}}},
    "api/v1/namespaces/{}/services": {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "catalogue"}, "spec": {"selector": LABELS, "ports": [{"port": 80, "targetPort": 8080}]}},
    "api/v1/namespaces/{}/configmaps": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "catalogue-config"}, "data": {"A": "1"}},
}  # fmt: skip


@pytest.fixture
async def cluster(disposable: Transport) -> AsyncIterator[Transport]:
    """The namespace with its objects, made anew for each case."""
    await disposable.request("POST", "/api/v1/namespaces", None, {"metadata": {"name": SPACE}})
    for path, body in OBJECTS.items():
        for _ in range(20):  # the namespace's account comes a moment later
            reply = await disposable.request("POST", "/" + path.format(SPACE), {"fieldManager": "kubectl-create"}, body)
            if reply.status in (201, 409):
                break
            await asyncio.sleep(0.3)
        assert reply.status in (201, 409), reply.message
    yield disposable
    for path, body in OBJECTS.items():
        name = Fields(body).text("metadata.name")
        await disposable.request("DELETE", f"/{path.format(SPACE)}/{name}", {"propagationPolicy": "Foreground"})
    for _ in range(100):
        gone = [
            (await disposable.get(f"/{p.format(SPACE)}/{Fields(b).text('metadata.name')}")).status
            for p, b in OBJECTS.items()
        ]
        if set(gone) == {404}:
            return
        await asyncio.sleep(0.2)
    raise AssertionError("the objects of the test are still there")


async def wanted(name: str, cluster: Transport) -> Action:
    """The case with its blanks filled in from what is there; something to go back from where it goes back."""
    target = f"/apis/apps/v1/namespaces/{SPACE}/deployments/catalogue"
    values = {"container": "main", "node": await _node(cluster), "old": ""}
    if name == "roll back":
        values["old"] = await _newest(cluster, 1)
        body: Json = {"spec": {"template": {"metadata": {"annotations": {"changed": "yes"}}}}}
        await cluster.request("PATCH", target, None, body, "application/merge-patch+json")
        await _newest(cluster, 2)

    def filled(value: object) -> object:
        if isinstance(value, str):
            return (value.format_map(values) if "{" in value else value).replace("books/", f"{SPACE}/")
        if isinstance(value, dict):
            return {k: filled(v) for k, v in value.items()}
        return value

    return ACTION.validate_python(filled(CASES[name]))


async def _node(cluster: Transport) -> str:
    return Fields((await cluster.get("/api/v1/nodes")).json()).each("items")[0].text("metadata.name")


async def _newest(cluster: Transport, count: int) -> str:
    """The newest ReplicaSet, once there are so many."""
    for _ in range(100):
        found = Fields((await cluster.get(f"/apis/apps/v1/namespaces/{SPACE}/replicasets")).json()).each("items")
        if len(found) >= count:
            return max(found, key=lambda r: r.text("metadata.creationTimestamp")).text("metadata.name")
        await asyncio.sleep(0.2)
    raise AssertionError("no ReplicaSet is made")


async def state(cluster: Transport, target: Ref) -> dict[str, Json]:
    """What its owner wrote of the target and of everything in the namespace."""
    found: dict[str, Json] = {}
    more = ("apis/networking.k8s.io/v1/namespaces/{}/networkpolicies", "apis/batch/v1/namespaces/{}/jobs")
    for path in (*OBJECTS, *more):
        for item in Fields((await cluster.get("/" + path.format(SPACE))).json()).each("items"):
            found[f"{path} {item.text('metadata.name')}"] = owned(dict(item.raw))
    if target.kind == "Node":
        found["node"] = owned(dict(Fields((await cluster.get(f"/api/v1/nodes/{target.name}")).json()).raw))
    return found


HERE = [n for n, case in CASES.items() if n != "drain" and str(case["target"]).startswith(("books/", "/Node/"))]


@pytest.mark.parametrize("name", HERE)
async def test_undo_restores_every_object_of_a_real_server(cluster: Transport, name: str) -> None:
    """As on the embedded world; a drain moves other people's pods, so it is proven there and in the GPU scenarios."""
    actuator = Actuator(ClusterWriter(cluster), WallClock())
    action = await wanted(name, cluster)
    await asyncio.sleep(0.5)
    before = await state(cluster, action.target)
    receipt = await actuator.commit(await actuator.prepare(action))
    assert await state(cluster, action.target) != before
    await asyncio.sleep(0.5)
    undone = await actuator.undo(receipt)
    assert undone.proven, undone.text
    await asyncio.sleep(0.5)
    assert await state(cluster, action.target) == before


async def test_what_the_server_would_drop_is_refused(cluster: Transport) -> None:
    """An older server drops fields that it does not know, such as a Job's suspend: that would be a change which changes nothing."""
    target = Ref(SPACE, "Deployment", "catalogue")
    action = PatchField(target=target, fields=(FieldValue(path="spec.inventedHere", value=1),))
    with pytest.raises(Unfit, match=r"does not know spec\.inventedHere"):
        await Actuator(ClusterWriter(cluster), WallClock()).prepare(action)
