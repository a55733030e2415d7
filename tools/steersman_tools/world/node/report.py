"""The Node object as its kubelet writes it."""

from __future__ import annotations

from ..objects import Obj
from .machine import HEALTHY, NO_NETWORK, PRESSURES, Machine


def registration(machine: Machine, version: str, now: str) -> Obj:
    """A new Node."""
    entry = machine.entry
    labels = {
        "beta.kubernetes.io/arch": machine.architecture, "beta.kubernetes.io/os": "linux", "kubernetes.io/arch": machine.architecture,
        "kubernetes.io/hostname": machine.name, "kubernetes.io/os": "linux",
        "topology.kubernetes.io/region": str(entry.get("region", "world")), "topology.kubernetes.io/zone": str(entry.get("zone", "zone-a")),
    }  # fmt: skip
    if machine.gpus:
        labels |= {"nvidia.com/gpu.present": "true", "nvidia.com/gpu.product": machine.gpus[0].model,
                   "nvidia.com/gpu.count": str(len(machine.gpus)), "nvidia.com/gpu.memory": str(int(machine.gpus[0].memory_mib))}  # fmt: skip
    spec: Obj = {
        "podCIDR": f"{machine.cidr}.0/24",
        "podCIDRs": [f"{machine.cidr}.0/24"],
        "providerID": f"world://{machine.name}",
    }
    if entry.get("taints"):
        spec["taints"] = [dict(t) for t in entry["taints"]]
    meta = {"name": machine.name, "labels": labels | {k: str(v) for k, v in (entry.get("labels") or {}).items()}}
    return {"metadata": meta, "spec": spec, "status": status(machine, version, now, {})}


def status(machine: Machine, version: str, now: str, old: Obj) -> Obj:
    """The status that the kubelet posts; conditions that stay keep their time of transition."""
    capacity, able = machine.pod_status_amounts()
    before = {c["type"]: c for c in old.get("conditions") or ()}

    def made(kind: str, state: str, reason: str, message: str) -> Obj:
        known = before.get(kind)
        since = known["lastTransitionTime"] if known and known["status"] == state else now
        return {
            "type": kind,
            "status": state,
            "lastHeartbeatTime": now,
            "lastTransitionTime": since,
            "reason": reason,
            "message": message,
        }

    conditions = []
    for kind, (reason, message) in HEALTHY.items():
        pressed = next((p for name, p in PRESSURES.items() if p[0] == kind and name in machine.faults), None)
        conditions.append(made(kind, "True", *pressed[1:]) if pressed else made(kind, "False", reason, message))
    if extra := machine.faults.get("condition"):
        machine.past_conditions[str(extra["type"])] = extra
    for kind, extra in machine.past_conditions.items():
        holds = machine.faults.get("condition") is extra
        conditions.append(
            made(kind, str(extra.get("status", "True")), str(extra.get("reason", kind)), str(extra.get("message", "")))
            if holds
            else made(kind, "False", f"No{kind}", f"no {kind}")
        )
    broken = "not_ready" in machine.faults
    conditions.append(made("Ready", "False" if broken else "True", "KubeletNotReady" if broken else "KubeletReady",
                           NO_NETWORK if broken else "kubelet is posting ready status"))  # fmt: skip
    info = {
        "architecture": machine.architecture, "bootID": f"boot-{machine.name}-{machine.boot}", "containerRuntimeVersion": "containerd://1.7.0",
        "kernelVersion": "6.1.0-world", "kubeProxyVersion": version, "kubeletVersion": version, "machineID": machine.name,
        "operatingSystem": "linux", "osImage": "Steersman World", "systemUUID": machine.name,
    }  # fmt: skip
    addresses = [{"type": "InternalIP", "address": machine.ip}, {"type": "Hostname", "address": machine.name}]
    return {"capacity": capacity, "allocatable": able, "conditions": conditions, "addresses": addresses,
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}}, "nodeInfo": info}  # fmt: skip
