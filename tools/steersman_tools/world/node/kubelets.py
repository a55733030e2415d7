"""All kubelets of a world: one controller that steps pods when they are due, keeps Nodes reported, and answers for logs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from ..api.caller import KUBELET
from ..api.deletion import Options
from ..api.plant import LogOptions
from ..api.registry import Registry
from ..api.status import ApiError, bad_request
from ..control.base import Control
from ..objects import Obj, micro
from ..recorder import Recorder
from ..store import Change, Key
from .app import Call
from .container import Container, at
from .images import Images
from .machine import APPLICATION, FAULTS, LOST, MEANING, OPERATIONS, Gpu, Machine
from .pod import Pod
from .report import registration, status
from .worldfile import WorldFile

NODE = "node"
OPERATION, RESULT = "node.lab/operation", "node.lab/operation-result"
"""The annotation that asks for an operation, and the one that answers."""


class Network(Protocol):
    """How calls fare."""

    def try_call(self, container: Container, call: Call) -> str: ...

    def reach(self, container: Container, address: str) -> str: ...


class Kubelets(Control):
    """Keys are pods, and (`node`, name) for machines."""

    name = "kubelet"
    caller = KUBELET
    network: Network
    version = "v1.33.1"

    def __init__(self, registry: Registry, recorder: Recorder, file: WorldFile) -> None:
        super().__init__(registry, recorder)
        self.images: Images = file.images
        self.settings = file.settings
        self.machines = {m.name: m for m in file.machines()}
        self.pods: dict[Key, Pod] = {}
        self._touched: dict[Key, Pod] = {}

    # -- what containers need ----------------------------------------------------------------------------------------
    @property
    def backoff_reset(self) -> float:
        return self.settings.backoff_reset

    def backoff(self, failures: int) -> float:
        return 0.0 if failures < 1 else min(self.settings.backoff_max, self.settings.backoff_base * 2 ** (failures - 1))

    def try_call(self, container: Container, call: Call) -> str:
        return self.network.try_call(container, call)

    def reach(self, container: Container, address: str) -> str:
        return self.network.reach(container, address)

    def _id(self) -> str:
        return f"{self.registry.rng.getrandbits(256):064x}"

    @property
    def time(self) -> float:
        return self.now.timestamp()

    @property
    def source(self) -> str:
        return "kubelet"

    # -- changes of the API ------------------------------------------------------------------------------------------
    def wants(self, change: Change) -> Iterable[Key]:
        kind, key = change.now.type.id, change.now.key
        if kind == "pods":
            self._pod(change)
            if key in self.pods:
                yield key
        elif kind == "nodes" and key[1] in self.machines:
            before = change.before.obj if change.before else {}
            asked = (change.now.obj["metadata"].get("annotations") or {}).get(OPERATION)
            lost = any(c["status"] == "Unknown" for c in (change.now.obj.get("status") or {}).get("conditions") or ())
            if change.kind == "DELETED" or asked or lost or not before:
                yield (NODE, key[1])

    def _pod(self, change: Change) -> None:
        obj, key = change.now.obj, change.now.key
        known = self.pods.get(key)
        same = known is not None and known.uid == obj["metadata"]["uid"]
        if known and same == (change.kind == "DELETED"):
            known.gone = True
            known.machine.release(known.uid)
            del self.pods[key]
            known = None
        if change.kind == "DELETED":
            return
        if known:
            if change.before is None or change.before.obj["spec"] is not obj["spec"]:
                known.update(obj, self.time)
            else:
                known.obj = obj
        elif machine := self.machines.get(obj["spec"].get("nodeName", "")):
            self.pods[key] = self._new(machine, obj)

    def _new(self, machine: Machine, obj: Obj) -> Pod:
        made = Pod(self, machine, obj, self.time, self._id, self._event, self._touch)
        made.shutdown_seconds = self.settings.shutdown_seconds
        return made

    def adopt(self) -> None:
        """Takes over all pods of the store as they are, after a load."""
        for key, stored in self.store.items["pods"].items():
            machine = self.machines.get(stored.obj["spec"].get("nodeName", ""))
            if machine is not None:
                pod = self.pods[key] = self._new(machine, stored.obj)
                pod.adopt(stored.obj.get("status") or {}, self.time)
        self._touched.clear()

    def _event(self, pod: Pod, kind: str, reason: str, message: str, field: str) -> None:
        self.recorder.tell(
            self.type("pods"), pod.obj, kind, reason, message, "kubelet", host=pod.machine.name, field=field
        )

    def _touch(self, pod: Pod) -> None:
        self._touched[pod.namespace, pod.name] = pod

    # -- work --------------------------------------------------------------------------------------------------------
    def reconcile(self, key: Key) -> float | None:
        if key[0] == NODE and key[1] in self.machines and key not in self.pods:
            return self._node(self.machines[key[1]])
        pod = self.pods.get(key)
        if pod is None:
            return None
        now = self.time
        fresh = not pod.sandbox and not pod.terminal
        due = pod.step(now)
        if fresh or key in self._touched:
            self._publish(key, pod)
        return None if math.isinf(due) else max(due - now, 0.01)

    def _publish(self, key: Key, pod: Pod) -> None:
        """Writes a pod's status, and removes the pod from the API once it is gone."""
        self._touched.pop(key, None)
        if not pod.machine.kubelet_up(self.time):
            return
        live = self.store.get("pods", *key)
        if live is None or live["metadata"]["uid"] != pod.uid:
            return
        pod.obj = live
        if not pod.gone or pod.owner == "Job":
            made = pod.status(self.time)
            if live.get("status") != made:
                pod.obj = self.status("pods", live, made)
        if pod.gone:
            self.delete("pods", live, Options(grace=0, uid=pod.uid))

    def flush(self) -> None:
        """Publishes what others than the pods' own steps have changed."""
        for key, pod in list(self._touched.items()):
            if self.pods.get(key) is pod:
                self._publish(key, pod)
            else:
                self._touched.pop(key, None)

    def _node(self, machine: Machine) -> float:
        """Registers the Node, or reports its status and renews its lease."""
        now = self.time
        interval = self.settings.lease_seconds or (10.0 if len(self.machines) <= 50 else 30.0)
        if not machine.kubelet_up(now):
            return min(interval, 1.0)
        obj = self.store.get("nodes", "", machine.name)
        if obj is None:
            obj = self.create("nodes", registration(machine, self.version, self.registry.now()))
            self._node_event(machine, "Normal", "Starting", "Starting kubelet.")
        if operation := (obj["metadata"].get("annotations") or {}).get(OPERATION):
            obj = self._obey(machine, obj, operation)
        self._renew(machine)
        old = obj.get("status") or {}
        made = status(machine, self.version, self.registry.now(), old)
        if _without_beats(made) != _without_beats({k: old.get(k) for k in made}):
            self.status("nodes", obj, {**old, **made})
            if extra := machine.faults.get("condition"):
                self._node_event(
                    machine, "Warning", str(extra.get("reason", extra["type"])), str(extra.get("message", ""))
                )
        return interval

    def _renew(self, machine: Machine) -> None:
        kind = self.type("leases.coordination.k8s.io")
        spec = {"holderIdentity": machine.name, "leaseDurationSeconds": 40, "renewTime": micro(self.now)}
        old = self.store.get(kind.id, "kube-node-lease", machine.name)
        if old is None:
            if self.store.get("namespaces", "", "kube-node-lease"):
                self.create(kind.id, {"metadata": {"name": machine.name, "namespace": "kube-node-lease"}, "spec": spec})
            return
        self.store.put(kind, old | {"spec": spec, "metadata": dict(old["metadata"])})

    def _obey(self, machine: Machine, obj: Obj, operation: str) -> Obj:
        result = self.operate(machine.name, operation)
        notes = {k: v for k, v in obj["metadata"]["annotations"].items() if k != OPERATION}
        notes[RESULT] = f"{operation}: {result} at {self.registry.now()}"
        return self.change("nodes", obj, obj | {"metadata": obj["metadata"] | {"annotations": notes}})

    def _node_event(self, machine: Machine, kind: str, reason: str, message: str) -> None:
        about = {"metadata": {"name": machine.name, "uid": machine.name}}  # a kubelet names itself as the uid
        self.recorder.tell(self.type("nodes"), about, kind, reason, message, "kubelet", host=machine.name)

    # -- faults and operations ---------------------------------------------------------------------------------------
    def on(self, machine: Machine) -> list[Pod]:
        return [p for p in self.pods.values() if p.machine is machine]

    def node_fault(self, name: str, kind: str, fault: Mapping[str, Any]) -> None:
        """Breaks a machine. ValueError for a machine or fault that there is not."""
        if name not in self.machines or kind not in FAULTS:
            raise ValueError(
                f"there is no node {name!r}"
                if name not in self.machines
                else f"{kind!r} is no node fault; there are {', '.join(sorted(FAULTS))}"
            )
        machine = self.machines[name]
        machine.faults[kind] = fault
        if kind in ("memory_pressure", "disk_pressure"):
            resource = "memory" if kind == "memory_pressure" else "ephemeral-storage"
            self._node_event(machine, "Warning", "EvictionThresholdMet", f"Attempting to reclaim {resource}")
            self._evict(machine, resource, int(fault.get("evict", 1)))
        if kind == "node_down":
            self._stop_all(machine)

    def _evict(self, machine: Machine, resource: str, count: int) -> None:
        """Ends the pods that use most memory beyond their requests."""

        def excess(pod: Pod) -> float:
            return sum(c.memory_now - c.requests.get("memory", 0) for c in pod.mains)

        running = [p for p in self.on(machine) if not p.terminal and p.owner != "DaemonSet"]
        for pod in sorted(running, key=excess, reverse=True)[:count]:
            pod.fail("Evicted", f"The node was low on resource: {resource}. ", self.time)

    def gpu(self, uuid: str) -> tuple[Machine, Gpu]:
        """A GPU and its machine. ValueError when there is none."""
        for machine in self.machines.values():
            for gpu in machine.gpus:
                if gpu.uuid == uuid:
                    return machine, gpu
        raise ValueError(f"there is no GPU {uuid}")

    def gpu_fault(self, uuid: str, fault: Mapping[str, Any]) -> None:
        """An XID, a temperature, or both."""
        machine, gpu = self.gpu(uuid)
        if "temp" in fault:
            gpu.temperature = float(fault["temp"])
        xid = int(fault.get("xid", 0))
        if not xid:
            return
        gpu.xid, gpu.ecc_errors = xid, gpu.ecc_errors + (xid in (48, 63, 64, 94, 95))
        if xid not in APPLICATION:
            gpu.health = "lost" if xid in LOST else "unhealthy"
        slot = 16 + machine.gpus.index(gpu)
        self._node_event(
            machine,
            "Warning",
            "GPUXidError",
            f"{gpu.uuid}: NVRM: Xid (PCI:0000:{slot:02x}:00): {xid}, {MEANING.get(xid, 'GPU error')}.",
        )
        if gpu.user and gpu.user.phase == "running":
            kind = "device lost" if xid in LOST else "unspecified launch failure"
            gpu.user.write(self.time, f"RuntimeError: CUDA error: {kind} on {gpu.uuid}",
                           "CUDA kernel errors might be asynchronously reported at some other API call")  # fmt: skip
            gpu.user.exit(self.time, 1)

    def operate(self, name: str, operation: str) -> str:
        """Carries out an operation on a machine; says what came of it."""
        machine = self.machines.get(name)
        if machine is None or operation not in OPERATIONS:
            known = ", ".join(sorted(OPERATIONS))
            return (
                f"refused: there is no node {name!r}"
                if machine is None
                else f"refused: unknown operation {operation!r}; known: {known}"
            )
        if operation == "gpu_reset" and any(g.user for g in machine.gpus):
            return "refused: a GPU is in use; drain the node first"
        machine.cure(operation)
        if operation in ("reboot", "replace"):
            machine.boot += 1
            machine.rebooting_until = self.time + self.settings.reboot_seconds
            self._stop_all(machine)
            self._node_event(
                machine, "Warning", "Rebooted", f"Node {name} has been rebooted, boot id: boot-{name}-{machine.boot}"
            )
        return "done"

    def _stop_all(self, machine: Machine) -> None:
        for pod in self.on(machine):
            for container in pod.siblings:
                if container.phase == "running":
                    container.exit(self.time, 255, "Unknown")

    # -- logs --------------------------------------------------------------------------------------------------------
    def _find(self, namespace: str, pod: str, container: str) -> Container:
        found = self.pods.get((namespace, pod))
        obj = self.store.get("pods", namespace, pod) or {"spec": {"containers": []}}
        names = [c["name"] for c in [*obj["spec"]["containers"], *(obj["spec"].get("initContainers") or ())]]
        if container not in names:
            raise bad_request(f"container {container} is not valid for pod {pod}")
        where = f'container "{container}" in pod "{pod}"'
        if found is None:
            if obj["spec"].get("nodeName"):
                raise bad_request(f"{where} is waiting to start: ContainerCreating")
            return Container(None, {"name": container}, init=False, new_id=self._id)  # type: ignore[arg-type]   # it has no log
        if not found.machine.kubelet_up(self.time):
            host = found.machine
            raise ApiError(
                500,
                f'Get "https://{host.ip}:10250/containerLogs/{namespace}/{pod}/{container}": dial tcp {host.ip}:10250: connect: connection refused',
                reason="InternalError",
            )
        return next(c for c in found.siblings if c.name == container)

    def log(self, namespace: str, pod: str, container: str, wanted: LogOptions) -> bytes:
        found = self._find(namespace, pod, container)
        lines = found.previous if wanted.previous else found.log
        if wanted.previous and lines is None:
            raise bad_request(f'previous terminated container "{container}" in pod "{pod}" not found')
        if not wanted.previous and not found.id and found.pod is not None:
            raise bad_request(f'container "{container}" in pod "{pod}" is waiting to start: {_waiting_words(found)}')
        chosen = [entry for entry in lines or () if entry[0] > wanted.since or not wanted.since]
        if wanted.tail is not None:
            chosen = chosen[max(0, len(chosen) - wanted.tail) :]
        text = "".join(f"{at(t)} {line}\n" if wanted.timestamps else f"{line}\n" for t, line in chosen).encode()
        return text[: wanted.limit_bytes] if wanted.limit_bytes else text

    def log_goes_on(self, namespace: str, pod: str, container: str) -> bool:
        found = self.pods.get((namespace, pod))
        return found is not None and any(c.name == container and c.phase == "running" for c in found.siblings)


def _waiting_words(container: Container) -> str:
    if container.reason in ("ErrImagePull", "ImagePullBackOff"):
        return "trying and failing to pull image" if container.reason == "ErrImagePull" else "image can't be pulled"
    return container.reason


def _without_beats(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_beats(v) for v in value]
    return (
        {k: _without_beats(v) for k, v in value.items() if k != "lastHeartbeatTime"}
        if isinstance(value, dict)
        else value
    )
