"""The scheduler's loop: filters, scores, binds; and when nothing fits, preempts or says why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ...fields import Fields
from ...selectors import selects
from ..api.caller import SCHEDULER
from ..api.deletion import Options
from ..api.registry import Registry
from ..control.base import Control, set_condition
from ..objects import Obj
from ..recorder import Recorder
from ..store import Change, Key
from .filters import Cluster, Reasons, node_matches, term_matches, tolerated, why_not
from .views import NodeView, PodView, node_view, pod_view
from .volumes import claims_missing, volume_problems

_ENOUGH = 100
"""Feasible nodes that are scored; beyond them the search ends, as in large clusters."""


class Scheduler(Control):
    name = "default-scheduler"
    caller = SCHEDULER
    modern = True

    def __init__(self, registry: Registry, recorder: Recorder) -> None:
        super().__init__(registry, recorder)
        self.nodes: dict[str, NodeView] = {}
        self._pods: dict[Key, PodView] = {}
        self._waiting: dict[Key, None] = {}
        self._tries: dict[Key, int] = {}
        self._start = 0

    @property
    def source(self) -> str:
        return self.name

    def nodes_now(self) -> list[NodeView]:
        return list(self.nodes.values())

    # -- the cluster as it is, kept up to date with every change -----------------------------------------------------
    def learn(self) -> None:
        """Reads all nodes and pods: after a load."""
        self.nodes = {key[1]: node_view(s.obj) for key, s in self.store.items["nodes"].items()}
        self._pods = {}
        for key, stored in self.store.items["pods"].items():
            self._place(key, pod_view(stored.obj))

    def _place(self, key: Key, pod: PodView | None) -> None:
        old = self._pods.pop(key, None)
        if old and old.node in self.nodes and not old.ended:
            node = self.nodes[old.node]
            node.pods.remove(old)
            for name, value in old.requests.items():
                node.used[name] -= value
            node.ports -= old.ports
        if pod and pod.node and not pod.ended:
            self._pods[key] = pod
            if pod.node in self.nodes:
                self.nodes[pod.node].add(pod)

    def wants(self, change: Change) -> Iterable[Key]:
        kind, stored = change.now.type.id, change.now
        if kind == "nodes":
            self._node(change)
            if change.before is None or _matters(change.before.obj, stored.obj):
                yield from list(self._waiting)
        elif kind == "pods":
            freed = change.kind == "DELETED" or (stored.obj.get("status") or {}).get("phase") in ("Succeeded", "Failed")
            if (
                change.before is None
                or change.before.obj["spec"] is not stored.obj["spec"]
                or freed
                or change.before.obj["metadata"].get("labels") != stored.obj["metadata"].get("labels")
            ):
                self._place(stored.key, None if change.kind == "DELETED" else pod_view(stored.obj))
            if freed or (
                change.before and not change.before.obj["spec"].get("nodeName") and stored.obj["spec"].get("nodeName")
            ):
                self._waiting.pop(stored.key, None)
                self._tries.pop(stored.key, None)
            if freed:
                yield from list(self._waiting)
            if not stored.obj["spec"].get("nodeName") and change.kind == "ADDED":
                yield stored.key
        elif kind in ("persistentvolumeclaims", "persistentvolumes", "storageclasses.storage.k8s.io"):
            yield from list(self._waiting)

    def _node(self, change: Change) -> None:
        name = change.now.key[1]
        old = self.nodes.pop(name, None)
        if change.kind == "DELETED":
            return
        made = node_view(change.now.obj)
        for pod in old.pods if old else [p for p in self._pods.values() if p.node == name]:
            made.add(pod)
        self.nodes[name] = made

    # -- one pod -----------------------------------------------------------------------------------------------------
    def reconcile(self, key: Key) -> float | None:
        obj = self.store.get("pods", *key)
        if (
            obj is None
            or obj["spec"].get("nodeName")
            or obj["metadata"].get("deletionTimestamp")
            or obj["spec"].get("schedulerName") != self.name
        ):
            self._waiting.pop(key, None)
            return None
        if obj["spec"].get("schedulingGates"):
            self._refuse(obj, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates", event=False)
            return None
        pod = pod_view(obj)
        if problem := claims_missing(self.store, pod):
            return self._fail(key, obj, self._prefixed(problem))
        cluster = Cluster(self.nodes, self._space_labels, lambda p, n: volume_problems(self.store, p, n), self.modern)
        feasible, reasons = self._filter(pod, cluster)
        if feasible:
            self._bind(pod, max(feasible, key=lambda n: (self._score(pod, n), n.name)))
            return None
        return self._unschedulable(key, pod, reasons, cluster)

    def _space_labels(self, name: str) -> dict[str, str]:
        found = self.store.get("namespaces", "", name)
        return (found["metadata"].get("labels") or {}) if found else {}

    def _prefixed(self, problem: str) -> str:
        """What is said of a pod that no node at all can take."""
        count = len(self.nodes)
        if not self.modern:
            return f"0/{count} nodes are available: {count} {problem}."
        return f"0/{count} nodes are available: {problem}. preemption: 0/{count} nodes are available: {count} Preemption is not helpful for scheduling."

    def _filter(self, pod: PodView, cluster: Cluster) -> tuple[list[NodeView], dict[str, Reasons]]:
        feasible: list[NodeView] = []
        reasons: dict[str, Reasons] = {}
        names = list(self.nodes)
        for offset in range(len(names)):
            node = self.nodes[names[(self._start + offset) % len(names)]]
            if (found := why_not(pod, node, cluster)) is None:
                feasible.append(node)
                if len(feasible) >= _ENOUGH:
                    self._start = (self._start + offset + 1) % len(names)
                    break
            else:
                reasons[node.name] = found
        return feasible, reasons

    def _score(self, pod: PodView, node: NodeView) -> float:
        """Room left, balance, kinship, preferences: the default profile in outline."""
        shares = []
        for name in ("cpu", "memory"):
            able = node.allocatable.get(name) or 1.0
            shares.append(
                min(
                    1.0,
                    (node.used.get(name, 0.0) + max(pod.requests.get(name, 0.0), 0.1 if name == "cpu" else 2e8)) / able,
                )
            )
        score = 100 * (1 - sum(shares) / 2) + 100 * (1 - abs(shares[0] - shares[1]))
        owners = {o["uid"] for o in pod.obj["metadata"].get("ownerReferences") or ()}
        kin = (
            sum(bool(owners & {o["uid"] for o in p.obj["metadata"].get("ownerReferences") or ()}) for p in node.pods)
            if owners
            else 0
        )
        score -= 40 * kin
        for rule in pod.affinity.each("nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution"):
            if term_matches(rule.at("preference"), node):
                score += rule.count("weight")
        for rule in pod.affinity.each("podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution"):
            term = rule.at("podAffinityTerm")
            score -= rule.count("weight") * sum(
                p.namespace == pod.namespace and selects(term.at("labelSelector"), p.labels) for p in node.pods
            )
        tolerations = Fields(pod.obj["spec"]).each("tolerations")
        score -= 50 * sum(t.get("effect") == "PreferNoSchedule" and not tolerated(t, tolerations) for t in node.taints)
        for rule in Fields(pod.obj["spec"]).each("topologySpreadConstraints"):
            score -= 20 * sum(
                p.namespace == pod.namespace and selects(rule.at("labelSelector"), p.labels) for p in node.pods
            )
        return float(score)

    def _bind(self, pod: PodView, node: NodeView) -> None:
        key = (pod.namespace, pod.name)
        self._waiting.pop(key, None)
        obj = self.store.get("pods", *key) or pod.obj
        self._select_node(pod, node)
        old = [c for c in (obj.get("status") or {}).get("conditions") or () if c["type"] != "PodScheduled"]
        done = {
            "type": "PodScheduled",
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": self.registry.now(),
        }
        status = {k: v for k, v in obj["status"].items() if k != "nominatedNodeName"}
        self.store.put(
            self.type("pods"),
            {
                **obj,
                "spec": {**obj["spec"], "nodeName": node.name},
                "metadata": dict(obj["metadata"]),
                "status": {**status, "conditions": [*old, done]},
            },
        )
        self.tell("pods", obj, "Scheduled", f"Successfully assigned {pod.namespace}/{pod.name} to {node.name}")

    def _select_node(self, pod: PodView, node: NodeView) -> None:
        """Tells the provisioner of claims that waited for their first consumer."""
        for volume in pod.obj["spec"].get("volumes") or ():
            name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            claim = self.store.get("persistentvolumeclaims", pod.namespace, name) if name else None
            note = "volume.kubernetes.io/selected-node"
            if (
                claim
                and not claim["spec"].get("volumeName")
                and note not in (claim["metadata"].get("annotations") or {})
            ):
                notes = {**(claim["metadata"].get("annotations") or {}), note: node.name}
                self.change(
                    "persistentvolumeclaims", claim, claim | {"metadata": claim["metadata"] | {"annotations": notes}}
                )

    # -- when nothing fits -------------------------------------------------------------------------------------------
    def _unschedulable(self, key: Key, pod: PodView, reasons: dict[str, Reasons], cluster: Cluster) -> float:
        message = summary(len(self.nodes), reasons)
        if not self.nodes:
            message = "no nodes available to schedule pods"
        chosen = self._preempt(pod, reasons, cluster)
        if self.modern and self.nodes:
            message += _preemption_summary(len(self.nodes), reasons, chosen is not None)
        return self._fail(key, pod.obj, message, chosen or "")

    def _preempt(self, pod: PodView, reasons: dict[str, Reasons], cluster: Cluster) -> str | None:
        """Makes room on the node where it costs least; returns its name."""
        if pod.obj["spec"].get("preemptionPolicy") == "Never":
            return None
        best: tuple[tuple[int, int, str], NodeView, list[PodView]] | None = None
        for name, found in reasons.items():
            node = self.nodes[name]
            lower = sorted((p for p in node.pods if p.priority < pod.priority), key=lambda p: p.priority)
            if found.final or not lower or not node_matches(pod, node):
                continue
            if any(p.deleting for p in lower):
                return name  # room is being made already
            victims: list[PodView] = []
            for victim in lower:
                victims.append(victim)
                if why_not(pod, node.without(victims), cluster) is None:
                    break
            else:
                continue
            for spared in sorted(victims, key=lambda p: -p.priority):
                fewer = [v for v in victims if v is not spared]
                if why_not(pod, node.without(fewer), cluster) is None:
                    victims = fewer
            cost = (max(v.priority for v in victims), len(victims), name)
            if best is None or cost < best[0]:
                best = (cost, node, victims)
        if best is None:
            return None
        for victim in best[2]:
            self.tell("pods", victim.obj, "Preempted", f"Preempted by {pod.namespace}/{pod.name} on node {best[1].name}" if not self.modern else
                      f"Preempted by pod {pod.uid} on node {best[1].name}")  # fmt: skip
            self.delete("pods", victim.obj, Options())
        return best[1].name

    def _fail(self, key: Key, obj: Obj, message: str, nominated: str = "") -> float:
        self._waiting[key] = None
        self._refuse(obj, "Unschedulable", message, event=True, nominated=nominated)
        tries = self._tries[key] = self._tries.get(key, 0) + 1
        return min(300.0, 60.0 * tries)

    def _refuse(self, obj: Obj, reason: str, message: str, *, event: bool, nominated: str = "") -> None:
        made = {
            "type": "PodScheduled",
            "status": "False",
            "lastProbeTime": None,
            "lastTransitionTime": self.registry.now(),
            "reason": reason,
            "message": message,
        }
        live = self.store.get("pods", *(obj["metadata"]["namespace"], obj["metadata"]["name"]))
        if live is not None:
            status = dict(live.get("status") or {})
            status["conditions"] = set_condition(status.get("conditions") or [], made)
            if nominated:
                status["nominatedNodeName"] = nominated
            self.status("pods", live, status)
        if event:
            self.tell("pods", obj, "FailedScheduling", message, warning=True)


def summary(count: int, reasons: dict[str, Reasons]) -> str:
    """`0/5 nodes are available: 2 Insufficient cpu, 3 node(s) were unschedulable.`"""
    counted = Counter(text for found in reasons.values() for text in found.texts)
    parts = sorted(f"{number} {text}" for text, number in counted.items())
    return f"0/{count} nodes are available: {', '.join(parts)}."


def _preemption_summary(count: int, reasons: dict[str, Reasons], chosen: bool) -> str:  # noqa: FBT001   # a fact
    if chosen:
        return ""
    final = sum(r.final for r in reasons.values())
    parts = [f"{final} Preemption is not helpful for scheduling"] if final else []
    if count - final:
        parts.append(f"{count - final} No preemption victims found for incoming pod")
    return f" preemption: 0/{count} nodes are available: {', '.join(sorted(parts))}."


def _matters(old: Obj, new: Obj) -> bool:
    """Whether a change of a node may let a waiting pod in."""
    return bool(old.get("spec") != new.get("spec") or old["metadata"].get("labels") != new["metadata"].get("labels")
                or (old.get("status") or {}).get("allocatable") != (new.get("status") or {}).get("allocatable"))  # fmt: skip
