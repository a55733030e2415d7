"""Which pods and containers are in trouble right now: still starting is no trouble, and neither is what has recovered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from steersman_tools.fields import Fields
from steersman_tools.snapshot import Resource

from .scene import Scene
from .workloads import Workload, is_ready

STARTING = {"", "ContainerCreating", "PodInitializing"}
GRACE_SECONDS = 30.0
"""How long a pod may take to start before anybody asks why, where nothing else tells."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A container that does not do what it should."""

    workload: Workload
    pod: Resource
    status: Fields
    spec: Fields
    init: bool

    @property
    def name(self) -> str:
        return self.spec.text("name") or self.status.text("name")

    @property
    def waiting(self) -> str:
        return self.status.text("state.waiting.reason")

    @property
    def message(self) -> str:
        return self.status.text("state.waiting.message")

    @property
    def ended(self) -> Fields:
        """How the last run ended: the present state if it has ended, else the one before."""
        return self.status.at("state.terminated") or self.status.at("lastState.terminated")

    @property
    def restarts(self) -> int:
        return self.status.count("restartCount")

    @property
    def path(self) -> str:
        """Where the container stands in the workload."""
        return self.workload.container_path(self.name)


def containers_in_trouble(scene: Scene) -> list[Trouble]:
    """Every container that waits for a bad reason, has crashed, or runs without getting ready in time."""
    found = []
    for workload in scene.workloads.values():
        for pod in workload.live_pods:
            found += [t for t in _containers(workload, pod) if _troubled(scene, t)]
        found += _failed_jobs(workload)
    return found


def one_each(troubles: list[Trouble]) -> list[Trouble]:
    """One container of each name for each workload: the one in the newest pod."""
    chosen: dict[tuple[object, str], Trouble] = {}
    for trouble in sorted(troubles, key=lambda t: _moment(t.pod.created)):
        chosen[trouble.workload.ref, trouble.name] = trouble
    return list(chosen.values())


def _failed_jobs(workload: Workload) -> Iterator[Trouble]:
    """The containers that failed in pods of Jobs that are not done."""
    if workload.ref.kind not in ("Job", "CronJob"):
        return
    finished = {j.name for j in (workload.resource, *workload.jobs) if j.condition("Complete").text("status") == "True"}
    for pod in workload.pods:
        owner = pod.controller
        if pod.text("status.phase") == "Failed" and not (owner and owner.name in finished):
            yield from (t for t in _containers(workload, pod) if t.status.count("state.terminated.exitCode"))


def _containers(workload: Workload, pod: Resource) -> Iterator[Trouble]:
    specs = _specs(pod)
    for part, init in (("status.initContainerStatuses", True), ("status.containerStatuses", False)):
        for status in pod.each(part):
            yield Trouble(workload, pod, status, specs.get(status.text("name"), Fields(None)), init)


def _specs(pod: Resource) -> dict[str, Fields]:
    return {c.text("name"): c for part in ("containers", "initContainers") for c in pod.each(f"spec.{part}")}


def _troubled(scene: Scene, trouble: Trouble) -> bool:
    status = trouble.status
    if trouble.waiting not in STARTING:
        return True
    if status.has("state.terminated"):
        return status.text("state.terminated.reason") != "Completed" or not trouble.init
    if status.has("state.running"):
        if status.flag("ready"):
            return _restarted_lately(scene, trouble)
        if trouble.init:
            return bool(trouble.restarts) or not scene.within(status.time("state.running.startedAt"), GRACE_SECONDS)
        return bool(trouble.restarts) or _kept_out(scene, trouble) or not starting(scene, status, trouble.spec)
    return False


def _kept_out(scene: Scene, trouble: Trouble) -> bool:
    """Whether a container that has passed its startup probe has failed its readiness probe for longer than that one grants."""
    if not trouble.status.flag("started") or not trouble.spec.has("startupProbe"):
        return False
    probe = trouble.spec.at("readinessProbe")
    failed = [e for e in scene.events(trouble.pod, "Unhealthy") if e.message.startswith("Readiness")]
    return any(
        e.container in ("", trouble.name) and e.count * probe.count("periodSeconds", 10) > _granted(probe) + 4.0
        for e in failed
    )


def _restarted_lately(scene: Scene, trouble: Trouble) -> bool:
    """Whether a ready container is between two crashes: it has not run for twice as long as it did the last time."""
    last = trouble.status.at("lastState.terminated")
    began, ended = last.time("startedAt"), last.time("finishedAt")
    bad = last.text("reason") not in ("", "Completed")
    run = (ended - began).total_seconds() if began and ended else 0.0
    return bad and trouble.restarts >= 2 and ended is not None and scene.within(ended, min(max(60.0, 2 * run), 1800.0))


def starting(scene: Scene, status: Fields, spec: Fields) -> bool:
    """Whether a running container that is not ready still has the time that its probes grant it."""
    began = status.time("state.running.startedAt")
    if began is None:
        return False
    granted = max((_granted(spec.at(f"{p}Probe")) for p in ("startup", "readiness")), default=0.0)
    return scene.within(began, granted + 4.0)


def _granted(probe: Fields) -> float:
    if not probe:
        return 0.0
    period, failures = probe.count("periodSeconds", 10), probe.count("failureThreshold", 3)
    return float(probe.count("initialDelaySeconds") + period * failures)


def pod_starting(scene: Scene, pod: Resource) -> bool:
    """Whether a pod that is not ready is simply young, with no sign of anything wrong."""
    if is_ready(pod) or not pod.created or not scene.within(pod.created, GRACE_SECONDS):
        return False
    if pod.condition("PodScheduled").text("reason") == "Unschedulable":
        return False
    specs = _specs(pod)
    if any(_failing(s) for s in (*pod.each("status.initContainerStatuses"), *pod.each("status.containerStatuses"))):
        return False
    mains = pod.each("status.containerStatuses")
    return not any(_late(scene, s, specs.get(s.text("name"), Fields(None))) for s in mains)


def _failing(status: Fields) -> bool:
    if status.text("state.waiting.reason") not in STARTING or status.count("restartCount"):
        return True
    return status.text("state.terminated.reason") not in ("", "Completed")


def _late(scene: Scene, status: Fields, spec: Fields) -> bool:
    return status.has("state.running") and not status.flag("ready") and not starting(scene, status, spec)


def killed_by_probe(scene: Scene, trouble: Trouble) -> bool:
    """Whether the kubelet ended the container for its liveness or startup probe."""
    return any(
        "failed liveness probe" in e.message or "failed startup probe" in e.message
        for e in scene.events(trouble.pod, "Killing")
        if trouble.name in e.message and scene.within(e.last, 600)
    )


def crashed(scene: Scene, trouble: Trouble) -> bool:
    """Whether the container ended by itself, or for memory: then its probes fail as a consequence."""
    ended = trouble.ended
    code = ended.count("exitCode")
    return bool(ended) and (code != 0 or trouble.waiting == "CrashLoopBackOff") and not killed_by_probe(scene, trouble)


def _moment(when: datetime | None) -> float:
    return when.timestamp() if when else 0.0
