"""What was seen to fail goes on failing: containers that crash, machines that are down, GPUs that are gone.

A container fails until its image, command, variables, files or resources change, or until what it calls as it starts answers again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..quantity import amount
from ..snapshot import LogQuery, Resource, Snapshot
from ..types import Ref
from .node.container import Container
from .node.machine import GPU
from .node.pod import Pod
from .node.settings import Unresolved, environment

if TYPE_CHECKING:
    from .world import World

_DEVICE = re.compile(r"nvidia-container-cli: device error: ([^\s:]+)")
_PRESSURES = {"MemoryPressure": "memory_pressure", "DiskPressure": "disk_pressure", "PIDPressure": "pid_pressure"}
_REFUSED = frozenset({"StartError", "ContainerCannotRun", "RunContainerError"})
_LAST_LINES = 20


# -- containers --------------------------------------------------------------------------------------------------------
def afflict(world: World, snapshot: Snapshot) -> None:
    """Has the containers of a loaded world that were seen to crash go on doing so."""
    images, well, ill = world.kubelets.images, set[str](), dict[str, Mapping[str, Any]]()
    for pod in world.kubelets.pods.values():
        for container in pod.siblings:
            if not container.env and not _resolve(pod, container):
                continue
            container.model()
            if container.ready:
                well.add(container.fingerprint())
            elif changes := _illness(world, snapshot, pod, container):
                ill[container.fingerprint()] = changes
    images.ailments = {key: changes for key, changes in ill.items() if key not in well}
    images.revision += 1


def _resolve(pod: Pod, container: Container) -> bool:
    try:
        container.env = environment(pod.world.store, pod.obj, container.spec, pod.fields())
    except Unresolved:  # it cannot even be made: that is failure enough
        return False
    return True


def _illness(world: World, snapshot: Snapshot, pod: Pod, container: Container) -> dict[str, Any]:
    """What is wrong with a container that keeps ending by itself; nothing for one that does not."""
    last: Mapping[str, Any] = container.exits[-1] if container.exits else {}
    code, reason, message = last.get("exitCode", 0), last.get("reason", ""), last.get("message", "")
    ends = container.phase == "terminated" or container.reason in ("CrashLoopBackOff", *_REFUSED)
    if not ends or not code or reason == "OOMKilled" or code in (137, 143) or _DEVICE.search(message):
        return {}
    if reason in _REFUSED:
        return {
            "refused": message.rpartition("OCI runtime create failed: ")[2].removesuffix(": unknown") or "cannot be run"
        }
    unanswered = {call for call in container.app.calls if world.flow.try_call(container, call)}
    if unanswered:
        return {"calls": [asdict(call) | {"at_start": call in unanswered} for call in container.app.calls]}
    return {"panic": _last_words(snapshot, pod, container), "panic_after": 1.0, "exit_code": code}


def _last_words(snapshot: Snapshot, pod: Pod, container: Container) -> list[str]:
    ref = Ref(pod.namespace, "Pod", pod.name)
    for query, log in snapshot.logs.items():
        if isinstance(query, LogQuery) and query.pod == ref and query.container == container.name and log.lines:
            return [line.text for line in log.lines[-_LAST_LINES:]]
    return [f'level=fatal msg="exit status {container.exits[-1]["exitCode"]}"']


# -- machines ----------------------------------------------------------------------------------------------------------
def lost_devices(snapshot: Snapshot) -> dict[str, set[str]]:
    """The GPUs that runtimes said are not there any more, by node."""
    found: dict[str, set[str]] = {}
    for pod in snapshot.all("Pod"):
        for status in pod.each("status.containerStatuses"):
            text = (
                status.text("lastState.terminated.message")
                + status.text("state.waiting.message")
                + status.text("state.terminated.message")
            )
            if device := _DEVICE.search(text):
                found.setdefault(pod.text("spec.nodeName"), set()).add(device[1])
    return found


def gpus(node: Resource, lost: set[str]) -> list[dict[str, Any]]:
    """The GPUs of a node as a world file has them: those that work, those out of service, those that are gone."""
    shown, usable = (int(amount(node.map(f"status.{part}").get(GPU, "0"))) for part in ("capacity", "allocatable"))
    total = max(shown, int(node.labels.get("nvidia.com/gpu.count", "0") or 0), len(lost))
    model = node.labels.get("nvidia.com/gpu.product", "NVIDIA-H100-80GB-HBM3")
    names = [*sorted(lost), *(f"GPU-{node.name}-{n}" for n in range(total - len(lost)))]
    gone = total - shown
    states = ["lost"] * gone + ["unhealthy"] * max(shown - usable, 0)
    made: list[dict[str, Any]] = []
    for index, name in enumerate(names):
        health = states[index] if index < len(states) else "unhealthy" if name in lost else "ok"
        made.append({"uuid": name, "model": model, "health": health, "xid": 79 if health == "lost" else 0})
    return made


def break_machines(world: World, snapshot: Snapshot) -> None:
    """Puts the machines of a loaded world into the state that their Nodes report."""
    for node in snapshot.all("Node"):
        machine = world.kubelets.machines[node.name]
        for condition, fault in _PRESSURES.items():
            if node.condition(condition).text("status") == "True":
                machine.faults[fault] = {"evict": 0}
        match node.condition("Ready").text("status"):
            case "Unknown":
                world.kubelets.node_fault(node.name, "node_down", {})
            case "False":
                machine.faults["not_ready"] = {}
    for pod in world.kubelets.pods.values():
        for container in pod.siblings:
            if container.exits and (device := _DEVICE.search(container.exits[-1].get("message", ""))):
                gpu = pod.machine.gpu(device[1])
                container.gpus, gpu.user = [gpu.uuid], container
