"""Node lifecycle: heartbeats that stop, taints that follow conditions, and pods that must leave."""

from __future__ import annotations

from collections.abc import Iterable

from ...fields import Fields
from ..objects import Obj, moment
from ..schedule.filters import tolerated
from ..store import Change, Key
from .base import Control

NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
_PRESSURE = {
    "MemoryPressure": "node.kubernetes.io/memory-pressure",
    "DiskPressure": "node.kubernetes.io/disk-pressure",
    "PIDPressure": "node.kubernetes.io/pid-pressure",
}
_SILENT = "Kubelet stopped posting node status."


class Nodes(Control):
    name = "node"
    grace = 40.0

    def wants(self, change: Change) -> Iterable[Key]:
        kind = change.now.type.id
        if kind == "nodes":
            yield change.now.key
        elif kind == "leases.coordination.k8s.io" and change.now.key[0] == "kube-node-lease" and change.kind == "ADDED":
            yield ("", change.now.key[1])
        elif (
            kind == "pods"
            and change.now.obj["spec"].get("nodeName")
            and (change.before is None or not change.before.obj["spec"].get("nodeName"))
        ):
            yield ("", change.now.obj["spec"]["nodeName"])

    @property
    def source(self) -> str:
        return "node-controller"

    def reconcile(self, key: Key) -> float | None:
        node = self.store.get("nodes", *key)
        if node is None:
            for pod in self.store.on_node(key[1]):
                self.delete("pods", pod)
            return None
        node = self._heartbeat(node)
        node = self._taint(node)
        wait = self._evict(node)
        return min(wait, 5.0) if wait is not None else 5.0

    def _heartbeat(self, node: Obj) -> Obj:
        """Marks a node Unknown whose kubelet has been silent for too long."""
        name = node["metadata"]["name"]
        lease = self.store.get("leases.coordination.k8s.io", "kube-node-lease", name)
        conditions = (node.get("status") or {}).get("conditions") or []
        ready = next((c for c in conditions if c["type"] == "Ready"), None)
        beats = (
            [ready.get("lastHeartbeatTime")]
            if ready and ready.get("lastHeartbeatTime")
            else [node["metadata"].get("creationTimestamp")]
        )
        beats += [lease["spec"].get("renewTime")] if lease else []
        silent = (self.now - max(moment(b) for b in beats if b)).total_seconds()
        if silent <= self.grace or (ready and ready["status"] == "Unknown"):
            return node
        now = self.registry.now()
        made = [c | {"status": "Unknown", "reason": "NodeStatusUnknown", "message": _SILENT, "lastTransitionTime": now}
                if c["type"] in ("Ready", *_PRESSURE) and c["status"] != "Unknown" else c for c in conditions]  # fmt: skip
        node = self.status("nodes", node, {**(node.get("status") or {}), "conditions": made})
        self._event(node, "NodeNotReady", f"Node {name} status is now: NodeNotReady")
        self._unready_pods(name)
        return node

    def _event(self, node: Obj, reason: str, message: str) -> None:
        self.tell("nodes", node, reason, message)

    def _unready_pods(self, name: str) -> None:
        """Pods on a silent node are not ready, whatever their kubelet last said."""
        for pod in self.store.on_node(name):
            conditions = (pod.get("status") or {}).get("conditions") or []
            if any(c["type"] == "Ready" and c["status"] == "True" for c in conditions):
                made = [
                    c | {"status": "False", "lastTransitionTime": self.registry.now()} if c["type"] == "Ready" else c
                    for c in conditions
                ]
                self.status("pods", pod, {**pod["status"], "conditions": made})
                self.tell("pods", pod, "NodeNotReady", "Node is not ready", warning=True)

    def _taint(self, node: Obj) -> Obj:
        """Keeps the taints of conditions and of the cordon as they should be."""
        conditions = {c["type"]: c["status"] for c in (node.get("status") or {}).get("conditions") or ()}
        wanted: list[tuple[str, str]] = []
        if conditions.get("Ready") == "False":
            wanted += [(NOT_READY, "NoSchedule"), (NOT_READY, "NoExecute")]
        elif conditions.get("Ready") == "Unknown":
            wanted += [(UNREACHABLE, "NoSchedule"), (UNREACHABLE, "NoExecute")]
        wanted += [(key, "NoSchedule") for kind, key in _PRESSURE.items() if conditions.get(kind) == "True"]
        if node["spec"].get("unschedulable"):
            wanted.append(("node.kubernetes.io/unschedulable", "NoSchedule"))
        ours = {NOT_READY, UNREACHABLE, *_PRESSURE.values(), "node.kubernetes.io/unschedulable"}
        taints = node["spec"].get("taints") or []
        kept = [t for t in taints if t["key"] not in ours or (t["key"], t["effect"]) in wanted]
        known = {(t["key"], t["effect"]) for t in kept}
        added = [{"key": k, "effect": e, "timeAdded": self.registry.now()} for k, e in wanted if (k, e) not in known]
        if kept == taints and not added:
            return node
        spec = {k: v for k, v in node["spec"].items() if k != "taints"}
        made = [*kept, *added]
        return self.change("nodes", node, node | {"spec": spec | ({"taints": made} if made else {})})

    def _evict(self, node: Obj) -> float | None:
        """Deletes pods that do not bear with the node's NoExecute taints, each after its time."""
        soonest: float | None = None
        for taint in (t for t in node["spec"].get("taints") or () if t["effect"] == "NoExecute"):
            for pod in self.store.on_node(node["metadata"]["name"]):
                left = _patience(pod, taint, self.seconds_since(taint.get("timeAdded")))
                if pod["metadata"].get("deletionTimestamp") or left is None:
                    continue
                if left <= 0:
                    self.tell(
                        "pods",
                        pod,
                        "TaintManagerEviction",
                        f"Marking for deletion Pod {pod['metadata']['namespace']}/{pod['metadata']['name']}",
                        source="taint-eviction-controller",
                    )
                    self.delete("pods", pod)
                else:
                    soonest = left if soonest is None else min(soonest, left)
        return soonest


def _patience(pod: Obj, taint: Obj, age: float) -> float | None:
    """Seconds until the pod must leave; None for one that need not."""
    bearing = [t for t in Fields(pod["spec"]).each("tolerations") if tolerated(taint, [t])]
    if not bearing:
        return 0.0
    limits = [t.count("tolerationSeconds") for t in bearing if t.has("tolerationSeconds")]
    return min(limits) - age if limits else None
