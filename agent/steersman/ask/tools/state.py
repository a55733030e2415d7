"""How things fare, in a few words."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.fields import Fields
from steersman_tools.snapshot import Resource

from ...diagnose.workloads import Workload, is_ready


def node_trouble(node: Resource) -> str:
    """What is wrong with the node; empty when nothing is."""
    words = []
    for condition in node.each("status.conditions"):
        kind, status = condition.text("type"), condition.text("status")
        if (kind == "Ready") != (status == "True"):
            words.append(f"{kind}={status} {condition.text('reason')}".strip())
    if node.flag("spec.unschedulable"):
        words.append("cordoned")
    return ", ".join(words)


def workload_trouble(workload: Workload) -> str:
    """What is wrong with the workload; empty when nothing is."""
    words = []
    if workload.ref.kind in ("Deployment", "StatefulSet", "DaemonSet") and workload.ready < workload.desired:
        words.append(f"{workload.ready} of {workload.desired} pods ready")
    reasons = [reason for pod in workload.live_pods for reason in pod_troubles(pod)]
    words += list(dict.fromkeys(reasons))[:3]
    return ", ".join(words)


def pod_troubles(pod: Resource) -> Iterator[str]:
    """Why the pod is not ready, container by container."""
    if pod.text("status.phase") in ("Succeeded",) or is_ready(pod):
        return
    scheduled = pod.condition("PodScheduled")
    if scheduled.text("status") == "False":
        yield f"not scheduled: {scheduled.text('message') or scheduled.text('reason')}"
    for status in (*pod.each("status.initContainerStatuses"), *pod.each("status.containerStatuses")):
        yield from container_trouble(status)


def container_trouble(status: Fields) -> Iterator[str]:
    for phase in ("waiting", "terminated"):
        reason = status.text(f"state.{phase}.reason")
        if reason and reason not in ("Completed", "PodInitializing"):
            code = status.integer("lastState.terminated.exitCode")
            last = status.text("lastState.terminated.reason")
            yield f"{status.text('name')} {reason}" + (f" (last: {last} {code})" if last else "")
