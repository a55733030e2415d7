"""A pod as its kubelet runs it: admission to the node, volumes, containers in order, phases and the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..objects import Obj, moment
from .adoption import adopt
from .container import NEVER, Container, Surroundings, at
from .counters import Counters
from .machine import GPU
from .settings import Unresolved, volume_files

if TYPE_CHECKING:
    from .machine import Machine


class Pod:
    """One pod on one machine."""

    def __init__(self, world: Surroundings, machine: Machine, obj: Obj, now: float, new_id: Callable[[], str],
                 on_event: Callable[[Pod, str, str, str, str], None], on_touch: Callable[[Pod], None]) -> None:  # fmt: skip
        self.world, self.machine, self.obj = world, machine, obj
        self._on_event, self._on_touch = on_event, on_touch
        spec = obj["spec"]
        self.inits = [Container(self, c, init=True, new_id=new_id) for c in spec.get("initContainers") or ()]
        self.mains = [Container(self, c, init=False, new_id=new_id) for c in spec["containers"]]
        self.ip = ""
        self.initialized = self.sandbox = self.gone = False
        self.failed: tuple[str, str] | None = None
        self.deleting_at: float = 0.0
        self.kill_at: float = 0.0
        self.started_at = now
        self.since: dict[str, tuple[str, str]] = {}
        self.counters = Counters()

    # -- facts -------------------------------------------------------------------------------------------------------
    @property
    def namespace(self) -> str:
        return str(self.obj["metadata"]["namespace"])

    @property
    def name(self) -> str:
        return str(self.obj["metadata"]["name"])

    @property
    def uid(self) -> str:
        return str(self.obj["metadata"]["uid"])

    @property
    def labels(self) -> dict[str, str]:
        found: dict[str, str] = self.obj["metadata"].get("labels") or {}
        return found

    @property
    def siblings(self) -> list[Container]:
        return self.inits + self.mains

    @property
    def latency_ms(self) -> float:
        return self.counters.latency_ms

    @property
    def owner(self) -> str:
        owners = self.obj["metadata"].get("ownerReferences") or ()
        return str(owners[0]["kind"]) if owners else ""

    @property
    def app_name(self) -> str:
        """The name under which the pod's requests are counted."""
        labels = self.labels
        return labels.get("app") or labels.get("app.kubernetes.io/name") or labels.get("job-name") or self.name

    @property
    def ready(self) -> bool:
        return bool(self.mains) and all(c.ready for c in self.mains) and not self.failed

    @property
    def terminal(self) -> bool:
        return bool(self.failed) or self.phase() in ("Succeeded", "Failed")

    def fields(self) -> dict[str, str]:
        """What fieldRef can name."""
        spec = self.obj["spec"]
        return {"metadata.name": self.name, "metadata.namespace": self.namespace, "metadata.uid": self.uid, "status.podIP": self.ip,
                "status.hostIP": self.machine.ip, "spec.nodeName": self.machine.name,
                "spec.serviceAccountName": spec.get("serviceAccountName", "default")}  # fmt: skip

    def port_number(self, port: int | str) -> int:
        """The number of a port that may be named by any of the containers."""
        if isinstance(port, int) or str(port).isdigit():
            return int(port)
        for container in self.siblings:
            for entry in container.spec.get("ports") or ():
                if entry.get("name") == port:
                    return int(entry["containerPort"])
        return 0

    def listener(self, port: int, now: float) -> Container | None:
        return next((c for c in self.siblings if c.listens(port, now)), None)

    def tell(self, kind: str, reason: str, message: str, field: str = "") -> None:
        self._on_event(self, kind, reason, message, field)

    def touch(self) -> None:
        self._on_touch(self)

    # -- life --------------------------------------------------------------------------------------------------------
    def update(self, obj: Obj, now: float) -> None:
        """Takes the API's newer version of the pod; a changed image restarts its container."""
        self.obj = obj
        for container, spec in zip(self.mains, obj["spec"]["containers"], strict=True):
            if spec.get("image") != container.spec.get("image"):
                if container.phase == "running":
                    container.tell(
                        "Normal", "Killing", f"Container {container.name} definition changed, will be restarted"
                    )
                    container.exit(now, 0)
                container.spec, container.pulled, container.pull_until, container.reason = (
                    spec,
                    False,
                    0.0,
                    "ContainerCreating",
                )
                container.retry_at = 0.0

    def step(self, now: float) -> float:
        """Brings the pod up to date; returns when to look again."""
        if not self.machine.kubelet_up(now):
            return now + 1
        if self.obj["metadata"].get("deletionTimestamp"):
            return self._terminate(now)
        if self.terminal:
            return NEVER
        if not self.sandbox:
            if not self._admit(now):
                return NEVER
            for volume in self.obj["spec"].get("volumes") or ():
                try:
                    volume_files(self.world.store, self.obj, volume)
                except Unresolved as problem:
                    self.tell(
                        "Warning", "FailedMount", f'MountVolume.SetUp failed for volume "{volume["name"]}" : {problem}'
                    )
                    self.touch()
                    return now + 2
            host = self.obj["spec"].get("hostNetwork")
            self.sandbox, self.ip = True, self.machine.ip if host else self.machine.take_address(self.uid)
            self.touch()
        return self._drive(now)

    def _drive(self, now: float) -> float:
        due = NEVER
        for container in self.inits:
            due = min(due, container.drive(now))
            if not (container.started if container.sidecar else container.done):
                return due
            if not container.sidecar and container.exits[-1]["exitCode"]:
                return self._finish(now)
        self.initialized = True
        due = min([due, *(c.drive(now) for c in self.mains)])
        return self._finish(now) if all(c.done for c in self.mains) else self._deadline(now, due)

    def _deadline(self, now: float, due: float) -> float:
        seconds = self.obj["spec"].get("activeDeadlineSeconds")
        if not seconds:
            return due
        if now - self.started_at >= seconds:
            self.fail("DeadlineExceeded", "Pod was active on the node longer than the specified deadline", now)
            return NEVER
        return min(due, self.started_at + float(seconds))

    def _admit(self, now: float) -> bool:
        """Gives GPUs to the containers; without enough of them the pod fails, as the device manager has it."""
        for container in self.siblings:
            wanted = int(container.limits.get(GPU, 0))
            if not wanted or container.gpus:
                continue
            free = self.machine.free_gpus()
            if len(free) < wanted:
                text = f"Requested: {wanted}, Available: {len(free)}, which is unexpected"
                self.fail(
                    "UnexpectedAdmissionError",
                    f"Allocate failed due to requested number of devices unavailable for {GPU}. {text}",
                    now,
                )
                return False
            container.gpus = free[:wanted]
            for uuid in container.gpus:
                self.machine.gpu(uuid).user = container
        return True

    def fail(self, reason: str, message: str, now: float) -> None:
        """Ends the pod for good."""
        self.failed = (reason, message)
        self.tell("Warning", reason, message)
        for container in self.siblings:
            if container.phase == "running":
                container.exit(now, 137)
        self._finish(now)

    def _finish(self, now: float) -> float:
        for container in self.inits:
            if container.sidecar and container.phase == "running":
                container.exit(now, 0)
        self.machine.release(self.uid)
        self.touch()
        return NEVER

    def _terminate(self, now: float) -> float:
        if self.gone:
            return NEVER
        running = [c for c in self.siblings if c.phase == "running"]
        if not self.deleting_at:
            self.deleting_at = now
            grace = self.obj["metadata"].get("deletionGracePeriodSeconds", 30)
            self.kill_at = now + (min(grace, self.shutdown_seconds) if running else 0)
            for container in running:
                container.tell("Normal", "Killing", f"Stopping container {container.name}")
        if now < self.kill_at:
            return float(self.kill_at)
        for container in running:
            container.exit(now, 0 if self.owner != "Job" else 143)
        self.gone = True
        self.machine.release(self.uid)
        self.touch()
        return NEVER

    shutdown_seconds = 0.5

    # -- status ------------------------------------------------------------------------------------------------------
    def phase(self) -> str:
        if self.failed:
            return "Failed"
        if any(c.done and c.exits[-1]["exitCode"] and not c.sidecar for c in self.inits):
            return "Failed"
        if all(c.done for c in self.mains) and self.initialized:
            return "Failed" if any(c.exits[-1]["exitCode"] for c in self.mains) else "Succeeded"
        if self.initialized and any(c.phase != "waiting" or c.exits for c in self.mains):
            return "Running"
        return "Pending"

    def _condition(self, now: float, kind: str, holds: bool, reason: str, message: str) -> Obj:  # noqa: FBT001   # the value
        status = "True" if holds else "False"
        if self.since.get(kind, ("", ""))[0] != status:
            self.since[kind] = (status, at(now))
        made: Obj = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": self.since[kind][1]}
        return made if holds else made | {"reason": reason} | ({"message": message} if message else {})

    def status(self, now: float) -> Obj:
        """The whole status, as the kubelet writes it over what is there."""
        phase = self.phase()
        if not self.initialized and self.inits:
            for container in self.mains:
                container.reason = "PodInitializing"
        waiting = [c.name for c in self.inits if not (c.started if c.sidecar else c.done)]
        unready = [c.name for c in self.mains if not c.ready]
        why = {"Succeeded": ("PodCompleted", ""), "Failed": ("PodFailed", "")}.get(
            phase, ("ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"))  # fmt: skip
        serves = not unready and not waiting
        own = [self._condition(now, "Initialized", not waiting, "ContainersNotInitialized", f"containers with incomplete status: [{' '.join(waiting)}]"),
               self._condition(now, "Ready", serves, *why), self._condition(now, "ContainersReady", serves, *why)]  # fmt: skip
        live = self.obj.get("status") or {}
        others = [c for c in live.get("conditions") or () if c["type"] not in self.since]
        made: Obj = {"phase": phase, "conditions": own + others, "hostIP": self.machine.ip, "startTime": at(self.started_at),
                     "containerStatuses": [c.status() for c in self.mains], "qosClass": live.get("qosClass", "BestEffort")}  # fmt: skip
        if self.failed:
            made |= {"reason": self.failed[0], "message": self.failed[1]}
        if self.inits:
            made["initContainerStatuses"] = [c.status() for c in self.inits]
        if self.ip:
            made |= {"podIP": self.ip, "podIPs": [{"ip": self.ip}]}
        return made

    def adopt(self, status: Obj, now: float) -> None:
        """Takes over a pod in the state that a snapshot shows."""
        if status.get("startTime"):
            self.started_at = moment(status["startTime"]).timestamp()
        adopt(self, status, now)
