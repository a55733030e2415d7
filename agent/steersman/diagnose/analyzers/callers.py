"""Asks for the logs of those who call others: where all is green, only they tell that something fails."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.snapshot import LogQuery

from ...types import Look, Output
from ..scene import Scene
from ..workloads import Workload

MOST = 64
"""How many containers are asked at the most: the order is by how likely they have something to say."""
SYSTEM = {"kube-system", "kube-public", "kube-node-lease"}


def caller_logs(scene: Scene) -> Iterator[Output]:
    """One ready pod of each workload, those first that call others; what stands beside the main container comes last."""
    alarmed = {a.labels.get("namespace", "") for a in scene.snapshot.alerts}
    callers = {call.caller for call in scene.calls}

    def interest(workload: Workload) -> tuple[bool, bool, bool, str]:
        ref = workload.ref
        return ref.namespace in SYSTEM, ref not in callers, ref.namespace not in alarmed, str(ref)

    chosen = [w for w in scene.workloads.values() if w.ready_pods and w.ref.kind != "CronJob"]
    newest = [
        max(w.ready_pods, key=lambda p: p.text("metadata.creationTimestamp")) for w in sorted(chosen, key=interest)
    ]
    queries = [LogQuery(pod.ref, c.text("name")) for pod in newest for c in pod.each("spec.containers")[:1]]
    queries += [LogQuery(pod.ref, c.text("name")) for pod in newest for c in pod.each("spec.containers")[1:]]
    for query in queries[:MOST]:
        if query not in scene.snapshot.logs:
            yield Look(log=query, why="what it says of those it calls")
