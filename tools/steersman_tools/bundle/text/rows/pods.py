"""Lines of `kubectl get pods`: one word stands for the phase, for why a container waits, or for how it ended."""

from __future__ import annotations

import re

from ....types import Json
from ..build import Object, number, put, told
from ..tables import Row

_READY = re.compile(r"(\d{1,4})/(\d{1,4})$")
_INIT = re.compile(r"Init:(\d{1,4})/(\d{1,4})$")
_EXIT = re.compile(r"(ExitCode|Signal):(\d{1,5})$")
_PHASES = {"Pending", "Running", "Succeeded", "Failed", "Unknown"}
_STARTING = {"ContainerCreating", "PodInitializing"}
_ENDED = {"Error", "OOMKilled", "ContainerCannotRun", "ContainerStatusUnknown", "DeadlineExceeded", "StartError"}
_OF_POD = {
    "Evicted", "NodeLost", "NodeAffinity", "NodeShutdown", "Shutdown", "UnexpectedAdmissionError", "Terminated",
    "Preempting", "OutOfcpu", "OutOfmemory", "OutOfpods", "NodePorts",
}  # fmt: skip


def pod(row: Row) -> Object:
    """A Pod. Its containers have no names: a line does not tell them."""
    obj: Object = {}
    status = row.get("STATUS", "")
    found = _READY.match(row.get("READY", ""))
    ready, total = (int(found[1]), int(found[2])) if found else (0, 0)
    put(obj, "spec.nodeName", told(row.get("NODE", "")))
    put(obj, "status.nominatedNodeName", told(row.get("NOMINATED NODE", "")))
    put(obj, "status.podIP", told(row.get("IP", "")))
    put(obj, "status.phase", _phase(status, ready))
    if status in _OF_POD:
        put(obj, "status.reason", status)
    if found:
        restarts = number(row.get("RESTARTS", "").partition(" ")[0]) or 0
        put(obj, "status.conditions", _conditions(status, total - ready))
        if status not in _OF_POD and not _unplaced(row):
            put(obj, "status.containerStatuses", _containers(status, ready, total, restarts))
    if status.startswith("Init:"):
        put(obj, "status.initContainerStatuses", _inits(status))
    return obj


def _phase(status: str, ready: int) -> str | None:
    if status in _PHASES:
        return status
    if status == "Completed":
        return "Succeeded"
    if status in _OF_POD:
        return "Failed"
    if status in _STARTING or status.startswith(("Init:", "Scheduling")):
        return "Pending"
    waiting = (
        status.endswith(("ImagePull", "ImagePullBackOff", "ImageNeverPull", "Error", "InvalidImageName")) and not ready
    )
    return "Pending" if waiting and status not in _ENDED else "Running"


def _unplaced(row: Row) -> bool:
    """Whether the pod is known to be on no node."""
    return row.get("STATUS") == "Pending" and row.get("NODE", "<none>") == "<none>"


def _conditions(status: str, lacking: int) -> list[Json]:
    found: list[Json] = [{"type": "Ready", "status": "False" if lacking or status == "Completed" else "True"}]
    if status == "SchedulingGated":
        found.append({"type": "PodScheduled", "status": "False", "reason": status})
    return found


def _containers(status: str, ready: int, total: int, restarts: int) -> list[Json]:
    """As many statuses as there are containers, the ready ones last: the word is about one that is not."""
    found: list[Json] = []
    for index in range(min(total, 100)):
        troubled = index < total - ready
        one: Object = {"name": "", "ready": not troubled, "restartCount": restarts if index == 0 else 0}
        put(one, "state", _state(status) if troubled else {"running": {}})
        found.append(one)
    return found


def _state(status: str) -> Json:
    if status in ("Running", "Terminating", "NotReady"):
        return {"running": {}}
    if status.startswith("Init:") or status in _STARTING | _PHASES:
        return {
            "waiting": {
                "reason": status
                if status in _STARTING
                else "PodInitializing"
                if status[4:5] == ":"
                else "ContainerCreating"
            }
        }
    if status == "Completed":
        return {"terminated": {"reason": status, "exitCode": 0}}
    if found := _EXIT.match(status):
        return {"terminated": {"exitCode" if found[1] == "ExitCode" else "signal": int(found[2])}}
    return {"terminated": {"reason": status}} if status in _ENDED else {"waiting": {"reason": status}}


def _inits(status: str) -> list[Json]:
    """`Init:1/3`, `Init:CrashLoopBackOff`: of the latter it is not told which one it is."""
    if found := _INIT.match(status):
        done = min(int(found[1]), 100)
        states: list[Json] = [{"terminated": {"reason": "Completed", "exitCode": 0}} for _ in range(done)]
        states += [{"running": {}}] if done < int(found[2]) else []
    else:
        states = [_state(status.removeprefix("Init:"))]
    return [{"name": "", "state": state, "ready": index < len(states) - 1} for index, state in enumerate(states)]
