"""The series of each exporter at one moment, under the names of the real ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from ...quantity import amount
from ..node.container import Container
from ..node.pod import Pod
from ..objects import Obj
from ..traffic.flow import BUCKETS

if TYPE_CHECKING:
    from ..world import World

Sample: TypeAlias = tuple[str, Mapping[str, str], float]
PHASES = ("Pending", "Running", "Succeeded", "Failed")


def applications(world: World) -> Iterable[Sample]:
    """What applications, load generator and prober export."""
    for (name, code), total in world.flow.entry_counts.items():
        yield "loadgen_requests_total", {"target": name, "code": code}, total
    for name, outcome in world.flow.entries.items():
        yield "probe_success", {"target": name}, float(outcome.success > 0.5)
        yield "probe_duration_seconds", {"target": name}, outcome.latency_ms / 1000
    for pod in world.kubelets.pods.values():
        labels, counters = {"namespace": pod.namespace, "service": pod.app_name, "pod": pod.name}, pod.counters
        for code, total in counters.codes.items():
            yield "http_requests_total", labels | {"code": code}, total
        if counters.served:
            for bound, total in zip(BUCKETS, counters.buckets, strict=True):
                yield "http_request_duration_seconds_bucket", labels | {"le": f"{bound:g}"}, total
            yield "http_request_duration_seconds_bucket", labels | {"le": "+Inf"}, counters.served
            yield "http_request_duration_seconds_sum", labels, counters.seconds
            yield "http_request_duration_seconds_count", labels, counters.served
        for (target, result), total in counters.upstream.items():
            yield "http_client_requests_total", labels | {"target": target, "result": result}, total


def cadvisor(world: World) -> Iterable[Sample]:
    """What kubelets export of containers and volumes."""
    for pod in world.kubelets.pods.values():
        for container in pod.siblings:
            if container.phase != "running":
                continue
            labels = {
                "namespace": pod.namespace,
                "pod": pod.name,
                "container": container.name,
                "node": pod.machine.name,
            }
            yield "container_cpu_usage_seconds_total", labels, container.cpu_seconds
            yield "container_memory_working_set_bytes", labels, container.memory_now
            if "cpu" in container.limits:
                yield "container_cpu_cfs_periods_total", labels, container.periods
                yield "container_cpu_cfs_throttled_periods_total", labels, container.throttled
        yield from _volumes(world, pod)


def _volumes(world: World, pod: Pod) -> Iterable[Sample]:
    for volume in pod.obj["spec"].get("volumes") or ():
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        claim = world.store.get("persistentvolumeclaims", pod.namespace, name) if name else None
        if claim and pod.sandbox:
            held = (claim.get("status") or {}).get("capacity") or claim["spec"]["resources"]["requests"]
            size, labels = (
                amount(held["storage"]),
                {"namespace": pod.namespace, "persistentvolumeclaim": str(name), "node": pod.machine.name},
            )
            used = _disk(pod.mains[0], world.kubelets.time)
            yield "kubelet_volume_stats_capacity_bytes", labels, size
            yield "kubelet_volume_stats_available_bytes", labels, max(0.0, size - used)


def _disk(container: Container, now: float) -> float:
    age = max(0.0, now - (container.started_at or now))
    return amount(container.app.disk) + amount(container.app.disk_growth) * age / 60


def _pods(world: World) -> Iterable[Sample]:
    for obj in world.store.of("pods"):
        meta, spec, status = obj["metadata"], obj["spec"], obj.get("status") or {}
        labels = {"namespace": meta["namespace"], "pod": meta["name"]}
        owner = (meta.get("ownerReferences") or [{"kind": "<none>", "name": "<none>"}])[0]
        yield "kube_pod_info", labels | {"node": spec.get("nodeName", ""), "pod_ip": status.get("podIP", ""),
                                         "created_by_kind": owner["kind"], "created_by_name": owner["name"]}, 1  # fmt: skip
        for phase in PHASES:
            yield "kube_pod_status_phase", labels | {"phase": phase}, float(status.get("phase") == phase)
        ready = next((c["status"] for c in status.get("conditions") or () if c["type"] == "Ready"), "False")
        for condition in ("true", "false"):
            yield "kube_pod_status_ready", labels | {"condition": condition}, float(ready.lower() == condition)
        if status.get("reason") == "Evicted":
            yield "kube_pod_status_reason", labels | {"reason": "Evicted"}, 1
        yield from _statuses(labels, status)
        yield from _resources(labels | {"node": spec.get("nodeName", "")}, spec)


def _statuses(labels: dict[str, str], status: Obj) -> Iterable[Sample]:
    for state in [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]:
        inner = labels | {"container": state["name"]}
        yield "kube_pod_container_status_restarts_total", inner, state.get("restartCount", 0)
        yield "kube_pod_container_status_ready", inner, float(bool(state.get("ready")))
        if waiting := (state.get("state") or {}).get("waiting"):
            yield "kube_pod_container_status_waiting_reason", inner | {"reason": waiting.get("reason", "")}, 1
        if last := (state.get("lastState") or {}).get("terminated"):
            yield "kube_pod_container_status_last_terminated_reason", inner | {"reason": last.get("reason", "")}, 1


def _resources(labels: dict[str, str], spec: Obj) -> Iterable[Sample]:
    for container in spec["containers"]:
        for kind in ("limits", "requests"):
            for resource, value in ((container.get("resources") or {}).get(kind) or {}).items():
                names = {"resource": re.sub(r"\W", "_", resource), "unit": "core" if resource == "cpu" else "byte"}
                yield (
                    f"kube_pod_container_resource_{kind}",
                    labels | {"container": container["name"]} | names,
                    amount(str(value)),
                )


_WORKLOADS: dict[str, tuple[str, dict[str, tuple[str, str, int]]]] = {
    "deployments.apps": ("deployment", {
        "deployment_spec_replicas": ("spec", "replicas", 1), "deployment_status_replicas": ("status", "replicas", 0),
        "deployment_status_replicas_available": ("status", "availableReplicas", 0),
        "deployment_status_replicas_unavailable": ("status", "unavailableReplicas", 0),
        "deployment_status_replicas_updated": ("status", "updatedReplicas", 0),
        "deployment_status_observed_generation": ("status", "observedGeneration", 0), "deployment_metadata_generation": ("metadata", "generation", 0)}),
    "statefulsets.apps": ("statefulset", {
        "statefulset_replicas": ("spec", "replicas", 1), "statefulset_status_replicas_ready": ("status", "readyReplicas", 0)}),
    "daemonsets.apps": ("daemonset", {
        "daemonset_status_desired_number_scheduled": ("status", "desiredNumberScheduled", 0),
        "daemonset_status_number_ready": ("status", "numberReady", 0)}),
    "jobs.batch": ("job_name", {
        "job_status_active": ("status", "active", 0), "job_status_succeeded": ("status", "succeeded", 0),
        "job_status_failed": ("status", "failed", 0)}),
}  # fmt: skip


def kube_state(world: World) -> Iterable[Sample]:
    """What kube-state-metrics exports."""
    yield from _pods(world)
    for type_id, (label, series) in _WORKLOADS.items():
        for obj in world.store.of(type_id):
            labels = {"namespace": obj["metadata"]["namespace"], label: obj["metadata"]["name"]}
            for name, (part, field, otherwise) in series.items():
                yield f"kube_{name}", labels, float((obj.get(part) or {}).get(field, otherwise))
    for obj in world.store.of("nodes"):
        yield from _node(obj)
    for obj in world.store.of("endpoints"):
        for state, field in (("available", "addresses"), ("not_ready", "notReadyAddresses")):
            count = sum(len(s.get(field) or ()) for s in obj.get("subsets") or ())
            yield (
                f"kube_endpoint_address_{state}",
                {"namespace": obj["metadata"]["namespace"], "endpoint": obj["metadata"]["name"]},
                count,
            )
    for obj in world.store.of("persistentvolumeclaims"):
        labels = {"namespace": obj["metadata"]["namespace"], "persistentvolumeclaim": obj["metadata"]["name"]}
        for phase in ("Pending", "Bound", "Lost"):
            yield (
                "kube_persistentvolumeclaim_status_phase",
                labels | {"phase": phase},
                float((obj.get("status") or {}).get("phase") == phase),
            )


def _node(obj: Obj) -> Iterable[Sample]:
    name, status = obj["metadata"]["name"], obj.get("status") or {}
    for condition in status.get("conditions") or ():
        for state in ("true", "false", "unknown"):
            labels = {"node": name, "condition": condition["type"], "status": state}
            yield "kube_node_status_condition", labels, float(condition["status"].lower() == state)
    yield "kube_node_spec_unschedulable", {"node": name}, float(bool(obj["spec"].get("unschedulable")))
    for kind in ("capacity", "allocatable"):
        for resource, value in (status.get(kind) or {}).items():
            yield (
                f"kube_node_status_{kind}",
                {"node": name, "resource": re.sub(r"\W", "_", resource)},
                amount(str(value)),
            )


def machines(world: World) -> Iterable[Sample]:
    """What node exporters export."""
    now = world.kubelets.time
    use: dict[str, float] = {}
    for pod in world.kubelets.pods.values():
        use[pod.machine.name] = use.get(pod.machine.name, 0.0) + sum(c.memory_now for c in pod.siblings)
    for machine in world.kubelets.machines.values():
        if not machine.network_up(now):
            continue
        labels, total = {"node": machine.name, "instance": f"{machine.name}:9100"}, amount(machine.capacity["memory"])
        yield "node_memory_MemTotal_bytes", labels, total
        yield "node_memory_MemAvailable_bytes", labels, total - machine.memory_used(use.get(machine.name, 0.0))
        yield "node_filesystem_size_bytes", labels | {"mountpoint": "/"}, amount(machine.capacity["ephemeral-storage"])
        yield "node_filesystem_avail_bytes", labels | {"mountpoint": "/"}, machine.disk_free()
        cores = amount(machine.capacity["cpu"])
        yield "node_cpu_seconds_total", labels | {"mode": "user"}, machine.cpu_seconds
        yield (
            "node_cpu_seconds_total",
            labels | {"mode": "idle"},
            max(0.0, cores * (now - world.flow.started) - machine.cpu_seconds),
        )
        yield "kubelet_up", labels, float(machine.kubelet_up(now))


def gpus(world: World) -> Iterable[Sample]:
    """What DCGM exports."""
    now = world.kubelets.time
    for machine in world.kubelets.machines.values():
        for index, gpu in enumerate(machine.gpus):
            user = gpu.user if gpu.user and gpu.user.phase == "running" else None
            labels = {"gpu": str(index), "UUID": gpu.uuid, "modelName": gpu.model, "Hostname": machine.name}
            if user:
                meta = user.pod.obj["metadata"]
                labels |= {
                    "exported_namespace": meta["namespace"],
                    "exported_pod": meta["name"],
                    "exported_container": user.name,
                }
            yield "DCGM_FI_DEV_XID_ERRORS", labels, gpu.xid
            if gpu.health == "lost" or not machine.network_up(now):
                continue
            load = user.app.gpu_util * world.rng.uniform(0.95, 1.0) if user else 0.0
            used = user.app.gpu_memory_mib if user else 4.0
            yield "DCGM_FI_DEV_GPU_UTIL", labels, round(load)
            yield "DCGM_FI_DEV_FB_USED", labels, used
            yield "DCGM_FI_DEV_FB_FREE", labels, gpu.memory_mib - used
            yield "DCGM_FI_DEV_GPU_TEMP", labels, gpu.temperature or round(33 + 0.4 * load)
            yield "DCGM_FI_DEV_POWER_USAGE", labels, round(90 + 5.5 * load)
            yield "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL", labels, gpu.ecc_errors


EXPORTERS: dict[str, Callable[[World], Iterable[Sample]]] = {
    "apps": applications, "cadvisor": cadvisor, "kube-state-metrics": kube_state, "node-exporter": machines, "dcgm-exporter": gpus,
}  # fmt: skip
