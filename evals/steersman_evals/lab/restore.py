"""Puts a lab back as it was: what was added goes, what was deleted or changed comes back."""

from __future__ import annotations

import asyncio

from steersman_tools.fields import Fields
from steersman_tools.kinds import KINDS
from steersman_tools.types import Json, Ref

from .bench import Bench, Cluster, until

# What people and faults write; everything else follows from it by the controllers.
KEPT = (
    "Namespace", "ConfigMap", "Secret", "ServiceAccount", "Service", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob",
    "PersistentVolumeClaim", "PersistentVolume", "StorageClass", "ResourceQuota", "LimitRange", "NetworkPolicy", "Ingress",
    "HorizontalPodAutoscaler", "PodDisruptionBudget", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration",
    "PriorityClass", "Role", "RoleBinding", "Node", "Pod", "ReplicaSet",
)  # fmt: skip
_OWN = (
    "spec",
    "data",
    "stringData",
    "type",
    "rules",
    "webhooks",
    "provisioner",
    "parameters",
    "value",
    "roleRef",
    "subjects",
    "secrets",
)
_VOLATILE = (
    "resourceVersion",
    "uid",
    "creationTimestamp",
    "generation",
    "managedFields",
    "selfLink",
    "deletionTimestamp",
)
_ROLLOUT = "deployment.kubernetes.io/revision"

Inventory = dict[Ref, dict[str, Json]]


async def inventory(cluster: Cluster) -> Inventory:
    """All objects that somebody wrote, by name. What controllers make (owned objects, events, endpoints) is left out."""
    found: Inventory = {}
    for kind in (k for k in KINDS if k.name in KEPT):
        for version in kind.versions:
            listing = Fields((await cluster.transport.get(kind.path(version))).json())
            if listing.has("items"):
                break
        for item in listing.each("items"):
            ref = Ref(item.text("metadata.namespace"), kind.name, item.text("metadata.name"))
            if not item.each("metadata.ownerReferences"):
                found[ref] = {**item.raw, "apiVersion": f"{kind.group}/{version}".lstrip("/"), "kind": kind.name}
    return found


def essence(obj: dict[str, Json]) -> Json:
    """What of an object its authors decide: for comparing before and after."""
    meta = Fields(obj).at("metadata")
    notes = {
        k: v
        for k, v in meta.map("annotations").items()
        if not k.startswith((_ROLLOUT, "control-plane.alpha", "pv.kubernetes.io"))
    }
    return {
        "labels": dict(meta.map("labels")),
        "annotations": dict(notes),
        "finalizers": list(meta.texts("finalizers")),
        **{key: obj[key] for key in _OWN if key in obj},
    }


async def restore(bench: Bench, cluster: Cluster, before: Inventory) -> bool:
    """Back to the inventory and to health; False where it does not come back in time."""
    bench.control("/heal", {})
    now = await inventory(cluster)
    for ref in now.keys() - before.keys():
        if ref.kind != "Pod" or not ref.name.startswith("catalog-db"):
            await cluster.delete(ref)
            if Fields(now[ref]).texts("metadata.finalizers"):
                await cluster.release(ref)
    for ref, obj in before.items():
        if ref not in now:
            if ref.kind not in ("Pod", "PersistentVolume", "ReplicaSet"):
                await cluster.create(_fresh(obj))
        elif essence(now[ref]) != essence(obj):
            await _put_back(cluster, ref, obj, now[ref])
    await _renew_pods(cluster)
    return await healthy(bench)


async def _renew_pods(cluster: Cluster) -> None:
    """Deletes failed pods, those that the lab's kubelet leaves unready after an outage (it does not report them again), and those
    that hold up their StatefulSet, which replaces none that is not ready."""
    await asyncio.sleep(3)
    pods = Fields((await cluster.transport.get("/api/v1/pods")).json()).each("items")
    for pod in pods:
        held = {c.text("type"): c.text("status") for c in pod.each("status.conditions")}
        stale = held.get("ContainersReady") == "True" and held.get("Ready") != "True"
        owners = pod.each("metadata.ownerReferences")
        ordered = any(o.text("kind") == "StatefulSet" for o in owners) and held.get("Ready") != "True"
        if owners and (stale or ordered or pod.text("status.phase") == "Failed"):
            await cluster.delete(Ref(pod.text("metadata.namespace"), "Pod", pod.text("metadata.name")))


def _fresh(obj: dict[str, Json]) -> Json:
    """The object as one would create it."""
    meta = {k: v for k, v in Fields(obj).at("metadata").raw.items() if k not in _VOLATILE}
    kept = {k: v for k, v in obj.items() if k not in ("status", "metadata")}
    return {**kept, "metadata": meta}


async def _put_back(cluster: Cluster, ref: Ref, old: dict[str, Json], new: dict[str, Json]) -> None:
    for _ in range(5):
        version = Fields(new).text("metadata.resourceVersion")
        body = dict(Fields(_fresh(old)).raw)
        body["metadata"] = {**Fields(body).at("metadata").raw, "resourceVersion": version}
        reply = await cluster.put(ref, body)
        if reply.ok:
            return
        if reply.status != 409:
            break
        new = dict(Fields(await cluster.get(ref)).raw)
    if ref.kind != "Node":  # an immutable field: make it anew
        await cluster.delete(ref)
        await asyncio.sleep(1)
        await cluster.create(_fresh(old))


async def healthy(bench: Bench, patience: float = 90) -> bool:
    """Whether all pods run, all entries answer and no alert is left."""

    def settled() -> bool:
        state = bench.state()
        entries = [entry for _, entry in state.items("entries")]
        services = [service for _, service in state.items("services")]
        nodes = [node for _, node in state.items("nodes")]
        return (
            all(s.count("pods") == s.count("ready") for s in services)
            and all(float(e.text("error_ratio", "1")) < 0.02 for e in entries)
            and all(n.flag("kubelet_up") for n in nodes)
            and not bench.alerts()
        )

    return await until("the lab is healthy again", settled, patience)
