"""What each type keeps to itself: the status of a new object, the parts that an update may not touch, generations."""

from __future__ import annotations

from ..objects import Obj
from .kinds import Type

_GENERATION = frozenset({
    "deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps", "replicationcontrollers", "jobs.batch",
    "cronjobs.batch", "ingresses.networking.k8s.io", "ingressclasses.networking.k8s.io", "networkpolicies.networking.k8s.io",
    "poddisruptionbudgets.policy", "customresourcedefinitions.apiextensions.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io", "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "priorityclasses.scheduling.k8s.io",
})  # fmt: skip
_KEPT = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "namespace", "selfLink", "name",
         "generateName")  # fmt: skip
_LABELLED_STATUS = frozenset({"nodes", "pods", "deployments.apps"})
"""Types whose status updates may change labels and annotations too."""


TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"


def has_generation(kind: Type) -> bool:
    return kind.id in _GENERATION or kind.custom


def _select_own_pods(obj: Obj) -> None:
    """A Job selects its pods by its own uid, unless it says that it brings a selector."""
    spec, meta = obj["spec"], obj["metadata"]
    if spec.get("manualSelector"):
        return
    own = {"controller-uid": meta["uid"], "job-name": meta.get("name", "")}
    template = spec.setdefault("template", {})
    template["metadata"] = {**(template.get("metadata") or {})}
    template["metadata"]["labels"] = {**(template["metadata"].get("labels") or {}), **own}
    if "selector" not in spec:
        spec["selector"] = {"matchLabels": {"controller-uid": meta["uid"]}}


def prepare_create(kind: Type, obj: Obj) -> None:
    """Puts away what a client may not set on a new object, and what the server sets itself."""
    obj.pop("kind", None)
    obj.pop("apiVersion", None)
    if kind.id == "jobs.batch":
        _select_own_pods(obj)
    if kind.id == "daemonsets.apps":
        obj["metadata"]["annotations"] = {**(obj["metadata"].get("annotations") or {}), TEMPLATE_GENERATION: "1"}
    if "status" in kind.subresources:
        if kind.id in ("nodes",):
            return
        obj.pop("status", None)
    match kind.id:
        case "pods":
            obj["status"] = {"phase": "Pending", "qosClass": quality(obj["spec"])}
        case "namespaces":
            obj["status"] = {"phase": "Active"}
            obj["spec"] = {"finalizers": ["kubernetes"]}
        case "persistentvolumes" | "persistentvolumeclaims":
            obj["status"] = {"phase": "Pending"}
        case (
            "deployments.apps"
            | "daemonsets.apps"
            | "replicasets.apps"
            | "statefulsets.apps"
            | "jobs.batch"
            | "cronjobs.batch"
        ):
            obj["status"] = EMPTY.get(kind.id, {})
        case "services" | "ingresses.networking.k8s.io":
            obj["status"] = {"loadBalancer": {}}
        case "resourcequotas" | "poddisruptionbudgets.policy" | "horizontalpodautoscalers.autoscaling":
            obj["status"] = EMPTY.get(kind.id, {})


EMPTY: dict[str, Obj] = {
    "daemonsets.apps": {
        "currentNumberScheduled": 0,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": 0,
        "numberReady": 0,
    },
    "replicasets.apps": {"replicas": 0},
    "statefulsets.apps": {"replicas": 0},
    "poddisruptionbudgets.policy": {
        "disruptionsAllowed": 0,
        "currentHealthy": 0,
        "desiredHealthy": 0,
        "expectedPods": 0,
    },
    "horizontalpodautoscalers.autoscaling": {
        "currentReplicas": 0,
        "desiredReplicas": 0,
        "conditions": None,
        "currentMetrics": None,
    },
}


def quality(spec: Obj) -> str:
    """The quality of service class of a pod."""
    containers = [*spec.get("containers", ()), *spec.get("initContainers", ())]
    resources = [c.get("resources") or {} for c in containers]
    counted = [{k: r.get(k) or {} for k in ("limits", "requests")} for r in resources]
    if not any(r[kind].keys() & {"cpu", "memory"} for r in counted for kind in r):
        return "BestEffort"
    full = all(r["limits"].keys() >= {"cpu", "memory"} for r in counted)
    same = all(
        r["requests"].get(k, r["limits"].get(k)) == r["limits"].get(k) for r in counted for k in ("cpu", "memory")
    )
    return "Guaranteed" if full and same else "Burstable"


def prepare_update(kind: Type, old: Obj, new: Obj, subresource: str) -> Obj:
    """The new object with everything kept that this way of writing may not change."""
    new = {k: v for k, v in new.items() if k not in ("kind", "apiVersion")}
    before, meta = old["metadata"], dict(new.get("metadata") or {})
    for key in _KEPT:
        if key in before:
            meta[key] = before[key]
        else:
            meta.pop(key, None)
    meta["resourceVersion"] = before["resourceVersion"]
    meta.setdefault("managedFields", before.get("managedFields")) if before.get("managedFields") else None
    for key in ("labels", "annotations", "finalizers", "ownerReferences"):
        if key in meta and not meta[key]:
            del meta[key]
    if subresource == "status":
        kept = {k: v for k, v in before.items() if k not in ("labels", "annotations")}
        free = {
            k: v for k, v in (meta if kind.id in _LABELLED_STATUS else before).items() if k in ("labels", "annotations")
        }
        return {
            **old,
            "status": new.get("status") or {},
            "metadata": {**kept, **free, "managedFields": meta.get("managedFields") or []},
        }
    new["metadata"] = meta
    if "status" in kind.subresources:
        if "status" in old:
            new["status"] = old["status"]
        else:
            new.pop("status", None)
    if kind.id == "namespaces" and subresource != "finalize":
        new["spec"] = old["spec"]
    return new


def bump_generation(kind: Type, old: Obj, new: Obj) -> Obj:
    """The object with the next generation, when its spec has changed."""
    if not has_generation(kind):
        return new
    skip = {"metadata", "status"}
    same = {k: v for k, v in old.items() if k not in skip} == {k: v for k, v in new.items() if k not in skip}
    if kind.id == "deployments.apps":
        same = same and old["metadata"].get("annotations") == new["metadata"].get("annotations")
    if same:
        return new
    return new | {"metadata": new["metadata"] | {"generation": old["metadata"].get("generation", 0) + 1}}
