"""Every series that is read of a live cluster, by name: the exporters' own names (cAdvisor, kube-state-metrics, node-exporter, DCGM,
and the usual http_* metrics of applications or a mesh), asked so that one answer covers all services."""

from __future__ import annotations

from collections.abc import Mapping

from steersman_tools.metrics import Match, Query

WINDOW = 60.0
"""Seconds over which rates are taken unless the step is longer; four scrapes at the usual 15 s."""

_SERVICE = ("namespace", "service")
_FAILED = Match(label="code", value="5..", operator="=~")


def queries(window: float = WINDOW) -> Mapping[str, Query]:
    """Name → question. Rates are taken over `window` seconds."""

    def rate(metric: str, by: tuple[str, ...], *match: Match) -> Query:
        return Query(metric=metric, match=match, function="rate", window=window, aggregate="sum", by=by)

    def plain(metric: str, *match: Match) -> Query:
        return Query(metric=metric, match=match)

    def resource(kind: str, name: str) -> Query:
        return plain(f"kube_pod_container_resource_{kind}", Match(label="resource", value=name))

    return {
        "rate": rate("http_requests_total", _SERVICE),
        "errors": rate("http_requests_total", _SERVICE, _FAILED),
        "slow": rate("http_request_duration_seconds_bucket", (*_SERVICE, "le")).model_copy(update={"quantile": 0.95}),
        "seconds": rate("http_request_duration_seconds_sum", _SERVICE),
        "served": rate("http_request_duration_seconds_count", _SERVICE),
        "calls": rate("http_client_requests_total", (*_SERVICE, "target", "result")),
        "cpu": rate("container_cpu_usage_seconds_total", ("namespace", "pod", "container")),
        "cpu-limit": resource("limits", "cpu"),
        "throttled": rate("container_cpu_cfs_throttled_periods_total", ("namespace", "pod", "container")),
        "memory": plain("container_memory_working_set_bytes"),
        "memory-limit": resource("limits", "memory"),
        "restarts": plain("kube_pod_container_status_restarts_total"),
        "generation": plain("kube_deployment_metadata_generation"),
        "replicas": plain("kube_deployment_spec_replicas"),
        "pods": plain("kube_pod_info"),
        "volume-free": plain("kubelet_volume_stats_available_bytes"),
        "disk-free": plain("node_filesystem_avail_bytes"),
        "node-memory-free": plain("node_memory_MemAvailable_bytes"),
        "gpu-use": plain("DCGM_FI_DEV_GPU_UTIL"),
        "gpu-memory": plain("DCGM_FI_DEV_FB_USED"),
        "gpu-heat": plain("DCGM_FI_DEV_GPU_TEMP"),
    }
