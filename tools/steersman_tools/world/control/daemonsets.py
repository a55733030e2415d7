"""DaemonSets: a pod on each node that takes one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...fields import Fields
from ..api.registry import Registry
from ..objects import Obj
from ..recorder import Recorder
from ..schedule.filters import node_matches, tolerated
from ..schedule.views import NodeView, pod_view
from ..store import Change, Key
from .base import Control, available, ready
from .revisions import LABEL, ensure_revision
from .rolling import share

DS = "daemonsets.apps"
_BORNE = (("node.kubernetes.io/not-ready", "NoExecute"), ("node.kubernetes.io/unreachable", "NoExecute"), ("node.kubernetes.io/disk-pressure", "NoSchedule"),
          ("node.kubernetes.io/memory-pressure", "NoSchedule"), ("node.kubernetes.io/pid-pressure", "NoSchedule"), ("node.kubernetes.io/unschedulable", "NoSchedule"))  # fmt: skip


class DaemonSets(Control):
    name = "daemonset"
    watches, owns = (DS,), ("pods",)

    def __init__(self, registry: Registry, recorder: Recorder, nodes: Callable[[], Iterable[NodeView]]) -> None:
        super().__init__(registry, recorder)
        self.nodes = nodes

    def wants(self, change: Change) -> Iterable[Key]:
        yield from super().wants(change)
        if change.now.type.id == "nodes":
            before = change.before.obj if change.before else None
            now = change.now.obj
            if (
                before is None
                or change.kind == "DELETED"
                or before.get("spec") != now.get("spec")
                or before["metadata"].get("labels") != now["metadata"].get("labels")
            ):
                yield from self.store.items[DS]

    def reconcile(self, key: Key) -> float | None:
        obj = self.store.get(DS, *key)
        if obj is None:
            return None
        _, update = ensure_revision(self, DS, obj)
        mark = update.removeprefix(f"{obj['metadata']['name']}-")
        pods = self.store.owned(obj["metadata"]["uid"], "pods")
        by_node: dict[str, list[Obj]] = {}
        for pod in pods:
            by_node.setdefault(_node_of(pod), []).append(pod)
        wanted = [n.name for n in self.nodes() if self._fits(obj, n)]
        if not obj["metadata"].get("deletionTimestamp"):
            self._manage(obj, by_node, wanted, mark)
            if (obj["spec"].get("updateStrategy") or {}).get("type") == "RollingUpdate":
                self._roll(obj, by_node, wanted, mark)
        self._report(obj, wanted, mark)
        return None

    def _fits(self, obj: Obj, node: NodeView) -> bool:
        """Whether the node takes a pod of the set; cordons and pressure do not matter."""
        template = obj["spec"]["template"]
        probe = pod_view({"metadata": {"name": "", "namespace": "", "uid": ""}, "spec": template["spec"]})
        tolerations = [
            *Fields(template["spec"]).each("tolerations"),
            *(Fields({"key": k, "operator": "Exists", "effect": e}) for k, e in _BORNE),
        ]
        return node_matches(probe, node) and all(
            t.get("effect") == "PreferNoSchedule" or tolerated(t, tolerations) for t in node.taints
        )

    def _manage(self, obj: Obj, by_node: dict[str, list[Obj]], wanted: list[str], mark: str) -> None:
        for name in wanted:
            alive = by_node.get(name, [])
            for pod in [
                p
                for p in alive
                if (p.get("status") or {}).get("phase") == "Failed" and not p["metadata"].get("deletionTimestamp")
            ]:
                self.tell(
                    DS,
                    obj,
                    "FailedDaemonPod",
                    f"Found failed daemon pod {pod['metadata']['namespace']}/{pod['metadata']['name']} on node {name}, will try to kill it",
                    warning=True,
                )
                self.delete("pods", pod)
            if not alive:
                self._create(obj, name, mark)
        for name, pods in by_node.items():
            for pod in pods if name not in wanted else pods[1:]:
                if not pod["metadata"].get("deletionTimestamp"):
                    self.delete("pods", pod)
                    self.tell(DS, obj, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")

    def _create(self, obj: Obj, node: str, mark: str) -> None:
        template, meta = obj["spec"]["template"], obj["metadata"]
        field = {"key": "metadata.name", "operator": "In", "values": [node]}
        affinity = {**(template["spec"].get("affinity") or {})}
        affinity["nodeAffinity"] = {
            **(affinity.get("nodeAffinity") or {}),
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchFields": [field]}]},
        }
        tolerations = [
            *(template["spec"].get("tolerations") or ()),
            *({"key": k, "operator": "Exists", "effect": e} for k, e in _BORNE),
        ]
        labels = {
            **((template.get("metadata") or {}).get("labels") or {}),
            LABEL: mark,
            "pod-template-generation": str(meta.get("generation", 1)),
        }
        made = self.create("pods", {
            "metadata": {"generateName": f"{meta['name']}-", "namespace": meta["namespace"], "labels": labels,
                         "annotations": (template.get("metadata") or {}).get("annotations"), "ownerReferences": [self.reference(DS, obj)]},
            "spec": {**template["spec"], "affinity": affinity, "tolerations": tolerations}})  # fmt: skip
        self.tell(DS, obj, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}")

    def _roll(self, obj: Obj, by_node: dict[str, list[Obj]], wanted: list[str], mark: str) -> None:
        rolling = obj["spec"]["updateStrategy"].get("rollingUpdate") or {}
        room = share(rolling.get("maxUnavailable", 1), len(wanted), up=True)
        old = []
        for name in wanted:
            for pod in by_node.get(name, [])[:1]:
                stale = (pod["metadata"].get("labels") or {}).get(LABEL) != mark
                if pod["metadata"].get("deletionTimestamp") or (
                    not available(pod, obj["spec"].get("minReadySeconds", 0), self.now) and not stale
                ):
                    room -= 1
                elif stale and not ready(pod):
                    self.delete("pods", pod)
                    room -= 1
                elif stale:
                    old.append(pod)
            if not by_node.get(name):
                room -= 1
        for pod in old[: max(0, room)]:
            self.delete("pods", pod)
            self.tell(DS, obj, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")

    def _report(self, obj: Obj, wanted: list[str], mark: str) -> None:
        pods = {_node_of(p): p for p in self.store.owned(obj["metadata"]["uid"], "pods")}
        here = [pods[n] for n in wanted if n in pods]
        good = [p for p in here if ready(p)]
        status: Obj = {
            "currentNumberScheduled": len(here), "numberMisscheduled": sum(n not in wanted for n in pods), "desiredNumberScheduled": len(wanted),
            "numberReady": len(good), "observedGeneration": obj["metadata"].get("generation", 1)}  # fmt: skip
        counts = {"updatedNumberScheduled": sum((p["metadata"].get("labels") or {}).get(LABEL) == mark for p in here),
                  "numberAvailable": len(good), "numberUnavailable": len(wanted) - len(good)}  # fmt: skip
        self.status(DS, obj, status | {k: v for k, v in counts.items() if v})


def _node_of(pod: Obj) -> str:
    if name := pod["spec"].get("nodeName"):
        return str(name)
    terms = Fields(pod["spec"]).each(
        "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
    )
    return next((v for t in terms for f in t.each("matchFields") for v in f.texts("values")), "")
