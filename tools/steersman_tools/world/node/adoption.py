"""Pods taken over in the middle of their lives: containers go on from the state that was reported of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..objects import Obj, moment
from .container import NEVER, Container, ProbeState
from .machine import GPU
from .settings import Unresolved, environment

if TYPE_CHECKING:
    from .pod import Pod


def adopt(pod: Pod, status: Obj, now: float) -> None:
    """Sets a fresh pod to a reported status."""
    reported = {
        s["name"]: s for s in [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
    }
    pod.ip = status.get("podIP", "")
    pod.sandbox = bool(pod.ip)
    if status.get("phase") == "Failed" and status.get("reason"):
        pod.failed = (status["reason"], status.get("message", ""))
    for container in pod.siblings:
        if known := reported.get(container.name):
            _container(container, known, now)
    pod.initialized = all(c.done or (c.sidecar and c.started) for c in pod.inits)
    for kind in ("Initialized", "Ready", "ContainersReady"):
        found = next((c for c in status.get("conditions") or () if c.get("type") == kind), None)
        if found:
            pod.since[kind] = (found.get("status", ""), found.get("lastTransitionTime", ""))
    for container in pod.siblings:
        wanted = int(container.limits.get(GPU, 0))
        if wanted and container.phase == "running":
            container.gpus = pod.machine.free_gpus()[:wanted]
            for uuid in container.gpus:
                pod.machine.gpu(uuid).user = container


def _seconds(text: str | None, now: float) -> float:
    try:
        return moment(text).timestamp() if text else now
    except ValueError:
        return now


def _container(container: Container, known: Obj, now: float) -> None:
    state, last = known.get("state") or {}, (known.get("lastState") or {}).get("terminated")
    container.restarts = known.get("restartCount", 0)
    container.ready, container.started = bool(known.get("ready")), bool(known.get("started", known.get("ready")))
    container.id = (known.get("containerID") or "").rpartition("/")[2]
    container.exits = [last] if last else []
    container.crashes = min(container.restarts, 10)
    if running := state.get("running"):
        container.pulled, container.phase = True, "running"
        container.started_at = _seconds(running.get("startedAt"), now)
        container.pod.machine.images.add(container.spec.get("image", ""))
        _resume(container, now)
    elif ended := state.get("terminated"):
        container.pulled, container.phase = True, "terminated"
        container.exits.append(ended)
        container.finished_at = _seconds(ended.get("finishedAt"), now)
        policy = container.pod.obj["spec"].get("restartPolicy", "Always")
        again = (policy == "Always" and not (container.init and not ended.get("exitCode"))) or (
            policy == "OnFailure" and ended.get("exitCode")
        )
        container.retry_at = now + 10 if again else NEVER
    else:
        waiting = state.get("waiting") or {}
        container.reason, container.message = waiting.get("reason", "ContainerCreating"), waiting.get("message", "")
        container.retry_at = now + (
            5 if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing") else 0
        )
        container.pulled = bool(container.exits)


def _resume(container: Container, now: float) -> None:
    """A running container goes on: its variables as they are now, its probes from where they stand."""
    try:
        container.env = environment(
            container.pod.world.store, container.pod.obj, container.spec, container.pod.fields()
        )
    except Unresolved:
        container.env = {}
    container.model()
    for kind in ("startup", "readiness", "liveness"):
        if f"{kind}Probe" in container.spec:
            container.probes[kind] = ProbeState(now + container.spec[f"{kind}Probe"].get("periodSeconds", 10))
    if container.app.run_seconds is not None:
        container.fate = (max(now, container.started_at + container.app.run_seconds), container.app.exit_code, [])
