"""Machines: capacity, GPUs, faults of hardware, and the operations that cure them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...quantity import amount

if TYPE_CHECKING:
    from .container import Container

GPU = "nvidia.com/gpu"
LOST = frozenset({79, 74})
"""XIDs after which the GPU is no longer enumerated."""
APPLICATION = frozenset({13, 31, 43, 45, 94})
"""XIDs that hurt the application only: a new process may use the GPU."""
CURES = {64: {"replace"}, 79: {"reboot", "replace"}}
"""By XID; the others are cured by a reset, a reboot or a replacement."""
MEANING = {
    13: "Graphics Engine Exception", 31: "GPU memory page fault", 43: "GPU stopped processing", 48: "Double Bit ECC Error",
    63: "Row remapping pending", 64: "Row remapping failure", 74: "NVLINK Error", 79: "GPU has fallen off the bus",
    94: "Contained ECC error", 95: "Uncontained ECC error", 119: "GSP RPC timeout",
}  # fmt: skip
PRESSURES = {
    "memory_pressure": ("MemoryPressure", "KubeletHasInsufficientMemory", "kubelet has insufficient memory available"),
    "disk_pressure": ("DiskPressure", "KubeletHasDiskPressure", "kubelet has disk pressure"),
    "pid_pressure": ("PIDPressure", "KubeletHasInsufficientPID", "kubelet has insufficient PID available"),
}
HEALTHY = {
    "MemoryPressure": ("KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    "DiskPressure": ("KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("KubeletHasSufficientPID", "kubelet has sufficient PID available"),
}
FAULTS = frozenset(
    {"not_ready", "kubelet_stopped", "node_down", "network_delay", "network_loss", "condition", *PRESSURES}
)
OPERATIONS: dict[str, frozenset[str]] = {
    "reboot": frozenset({"not_ready", "kubelet_stopped", "node_down", "memory_pressure"}),
    "kubelet_restart": frozenset({"not_ready", "kubelet_stopped"}),
    "clean_disk": frozenset({"disk_pressure"}),
    "gpu_reset": frozenset(),
    "replace": FAULTS,
}
"""What can be done to a machine, and the faults that each cures."""
NO_NETWORK = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: "
    "cni plugin not initialized"
)


@dataclass(eq=False)
class Gpu:
    """One GPU of a machine."""

    uuid: str
    model: str = "NVIDIA-H100-80GB-HBM3"
    memory_mib: float = 81559
    xid: int = 0
    temperature: float | None = None
    ecc_errors: int = 0
    health: str = "ok"
    """ok, unhealthy or lost."""
    user: Container | None = None

    @property
    def usable(self) -> bool:
        return self.health == "ok"


@dataclass(eq=False)
class Machine:
    """One machine. The Node object is what its kubelet says of it."""

    name: str
    index: int
    entry: Mapping[str, Any]
    capacity: dict[str, str] = field(default_factory=dict)
    gpus: list[Gpu] = field(default_factory=list)
    faults: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    images: set[str] = field(default_factory=set)
    addresses: dict[int, str] = field(default_factory=dict)
    """The last part of each address in use, and the uid of the pod that has it."""
    next_address: int = 2
    boot: int = 0
    rebooting_until: float = 0.0
    past_conditions: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    cpu_seconds: float = 0.0

    @classmethod
    def of(cls, entry: Mapping[str, Any], index: int) -> Machine:
        """The machine that an entry of a world file describes."""
        room = {"cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "200Gi"}
        capacity = room | {k: str(v) for k, v in (entry.get("capacity") or {}).items()}
        return cls(str(entry["name"]), index, entry, capacity, [Gpu(**g) for g in entry.get("gpus") or ()])

    @property
    def architecture(self) -> str:
        return str(self.entry.get("arch", "amd64"))

    @property
    def ip(self) -> str:
        return f"10.0.{self.index // 250}.{self.index % 250 + 10}"

    @property
    def cidr(self) -> str:
        return f"10.{244 + self.index // 256}.{self.index % 256}"

    def kubelet_up(self, now: float) -> bool:
        return not self.faults.keys() & {"kubelet_stopped", "node_down"} and now >= self.rebooting_until

    def network_up(self, now: float) -> bool:
        return "node_down" not in self.faults and now >= self.rebooting_until

    def gpu(self, uuid: str) -> Gpu:
        return next(g for g in self.gpus if g.uuid == uuid)

    def free_gpus(self) -> list[str]:
        return [g.uuid for g in self.gpus if g.usable and g.user is None]

    def take_address(self, uid: str) -> str:
        """A free address of the machine's range."""
        while self.next_address in self.addresses:
            self.next_address = self.next_address % 253 + 2
        self.addresses[self.next_address] = uid
        taken, self.next_address = self.next_address, self.next_address % 253 + 2
        return f"{self.cidr}.{taken}"

    def release(self, uid: str) -> None:
        """Takes back what a pod had of the machine."""
        self.addresses = {k: v for k, v in self.addresses.items() if v != uid}
        for gpu in self.gpus:
            if gpu.user is not None and gpu.user.pod.obj["metadata"]["uid"] == uid:
                gpu.user = None

    def pod_status_amounts(self) -> tuple[dict[str, str], dict[str, str]]:
        """Capacity and allocatable as they are now."""
        capacity, able = dict(self.capacity), dict(self.capacity)
        if self.gpus:
            capacity[GPU] = str(sum(g.health != "lost" for g in self.gpus))
            able[GPU] = str(sum(g.usable for g in self.gpus))
        return capacity, able

    def memory_used(self, running: float) -> float:
        total = amount(self.capacity["memory"])
        return max(running + 0.05 * total, 0.97 * total if "memory_pressure" in self.faults else 0.0)

    def disk_free(self) -> float:
        return amount(self.capacity["ephemeral-storage"]) * (0.03 if "disk_pressure" in self.faults else 0.6)

    def cure(self, operation: str) -> None:
        """What an operation does to the machine itself."""
        self.faults = {k: f for k, f in self.faults.items() if k not in OPERATIONS[operation]}
        if operation in ("gpu_reset", "reboot", "replace"):
            for gpu in self.gpus:
                if operation in CURES.get(gpu.xid, {"gpu_reset", "reboot", "replace"}):
                    gpu.health, gpu.xid = "ok", 0
                    if operation == "replace":
                        gpu.ecc_errors, gpu.temperature = 0, None

    def heal(self) -> None:
        """Ends all faults."""
        self.faults.clear()
        for gpu in self.gpus:
            gpu.health, gpu.xid, gpu.temperature = "ok", 0, None
