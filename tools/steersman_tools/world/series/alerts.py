"""Alerts: the usual rules of a cluster, judged natively each time the series are taken down.

The rules have the names, conditions and waits of the lab's Prometheus rules (`shared/lab/rules.yml`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from ...metrics import Aggregate, Match, Query, Series
from ...snapshot import Alert

Labels = Mapping[str, str]


class Asked(Protocol):
    """Something that answers queries at once."""

    def now(self, query: Query, at: datetime | None = None) -> list[Series]: ...


Condition = Callable[[Asked], list[tuple[Labels, float]]]
"""The label sets for which a rule holds now, with their values."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One alerting rule."""

    name: str
    seconds: float
    """For how long it must hold before it fires."""
    severity: str
    summary: str
    condition: Condition


def _q(metric: str, *match: Match, function: str = "raw", window: float = 30.0, aggregate: Aggregate = "none", by: tuple[str, ...] = (),
       quantile: float | None = None) -> Query:  # fmt: skip
    return Query.model_validate(
        {
            "metric": metric,
            "match": match,
            "function": function,
            "window": window,
            "aggregate": aggregate,
            "by": by,
            "quantile": quantile,
        }
    )


def _values(asked: Asked, query: Query) -> list[tuple[Labels, float]]:
    return [
        ({k: v for k, v in s.labels.items() if k != "__name__"}, s.values[-1]) for s in asked.now(query) if s.values
    ]


def _when(query: Query, holds: Callable[[float], bool]) -> Condition:
    return lambda asked: [(labels, value) for labels, value in _values(asked, query) if holds(value)]


def _key(labels: Labels, on: Sequence[str]) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in on)


def _ratio(top: Query, bottom: Query, on: tuple[str, ...], limit: float) -> Condition:
    """Where one is more than a share of the other."""

    def condition(asked: Asked) -> list[tuple[Labels, float]]:
        below = {_key(labels, on): value for labels, value in _values(asked, bottom)}
        found = [
            (labels, value / below[_key(labels, on)])
            for labels, value in _values(asked, top)
            if below.get(_key(labels, on))
        ]
        return [(labels, share) for labels, share in found if share > limit]

    return condition


def _differs(one: str, two: str) -> Condition:
    def condition(asked: Asked) -> list[tuple[Labels, float]]:
        other = {tuple(sorted(labels.items())): value for labels, value in _values(asked, _q(two))}
        return [
            (labels, value)
            for labels, value in _values(asked, _q(one))
            if other.get(tuple(sorted(labels.items())), value) != value
        ]

    return condition


def _not_ready(asked: Asked) -> list[tuple[Labels, float]]:
    counted = _values(
        asked,
        _q(
            "kube_pod_status_phase",
            Match(label="phase", value="Pending|Running|Failed", operator="=~"),
            aggregate="sum",
            by=("namespace", "pod"),
        ),
    )
    ready = {
        _key(labels, ("namespace", "pod")): value
        for labels, value in _values(asked, _q("kube_pod_status_ready", Match(label="condition", value="true")))
    }
    return [
        (labels, value)
        for labels, value in counted
        if value > 0 and ready.get(_key(labels, ("namespace", "pod")), 1.0) == 0
    ]


def _job_failed(asked: Asked) -> list[tuple[Labels, float]]:
    good = {
        _key(labels, ("namespace", "job_name")): value
        for labels, value in _values(asked, _q("kube_job_status_succeeded"))
    }
    return [
        (labels, value)
        for labels, value in _values(asked, _q("kube_job_status_failed"))
        if value > 0 and not good.get(_key(labels, ("namespace", "job_name")))
    ]


def _near_limit(asked: Asked) -> list[tuple[Labels, float]]:
    on = ("namespace", "pod", "container")
    limits = {
        _key(labels, on): value
        for labels, value in _values(
            asked, _q("kube_pod_container_resource_limits", Match(label="resource", value="memory"))
        )
    }
    used = [
        (labels, value / limits[_key(labels, on)])
        for labels, value in _values(asked, _q("container_memory_working_set_bytes"))
        if limits.get(_key(labels, on))
    ]
    return [(labels, share) for labels, share in used if share > 0.9]


def _filling(asked: Asked) -> list[tuple[Labels, float]]:
    on = ("namespace", "persistentvolumeclaim")
    size = {_key(labels, on): value for labels, value in _values(asked, _q("kubelet_volume_stats_capacity_bytes"))}
    left = [
        (labels, value / size[_key(labels, on)])
        for labels, value in _values(asked, _q("kubelet_volume_stats_available_bytes"))
        if size.get(_key(labels, on))
    ]
    return [(labels, share) for labels, share in left if share < 0.1]


_SERVICE, _TARGET = ("namespace", "service"), ("namespace", "service", "target")
_WAITING = "kube_pod_container_status_waiting_reason"

RULES: tuple[Rule, ...] = (
    Rule("KubePodCrashLooping", 3, "warning", "Container {container} of {namespace}/{pod} is crash looping.",
         _when(_q(_WAITING, Match(label="reason", value="CrashLoopBackOff")), lambda v: v >= 1)),
    Rule("KubeContainerWaiting", 5, "warning", "Container {container} of {namespace}/{pod} waits: {reason}.",
         _when(_q(_WAITING, Match(label="reason", value="ContainerCreating|PodInitializing|CrashLoopBackOff", operator="!~")), lambda v: v >= 1)),
    Rule("KubePodNotReady", 15, "warning", "Pod {namespace}/{pod} is not ready.", _not_ready),
    Rule("KubeDeploymentReplicasMismatch", 15, "warning", "Deployment {namespace}/{deployment} has not the wanted number of available replicas.",
         _differs("kube_deployment_spec_replicas", "kube_deployment_status_replicas_available")),
    Rule("KubeStatefulSetReplicasMismatch", 15, "warning", "StatefulSet {namespace}/{statefulset} has not the wanted number of ready replicas.",
         _differs("kube_statefulset_replicas", "kube_statefulset_status_replicas_ready")),
    Rule("KubeJobFailed", 5, "warning", "Job {namespace}/{job_name} has failed pods.", _job_failed),
    Rule("ContainerCPUThrottling", 10, "info", "Container {container} of {namespace}/{pod} is throttled.",
         _ratio(_q("container_cpu_cfs_throttled_periods_total", function="rate"), _q("container_cpu_cfs_periods_total", function="rate"),
                ("namespace", "pod", "container"), 0.25)),
    Rule("ContainerMemoryNearLimit", 10, "warning", "Container {container} of {namespace}/{pod} is near its memory limit.", _near_limit),
    Rule("KubePersistentVolumeFillingUp", 5, "critical", "Volume {namespace}/{persistentvolumeclaim} is almost full.", _filling),
    Rule("HighErrorRate", 5, "critical", "More than 10 % of the requests to {namespace}/{service} fail.",
         _ratio(_q("http_requests_total", Match(label="code", value="5..", operator="=~"), function="rate", aggregate="sum", by=_SERVICE),
                _q("http_requests_total", function="rate", aggregate="sum", by=_SERVICE), _SERVICE, 0.1)),
    Rule("HighLatency", 5, "warning", "The 95th percentile of {namespace}/{service} is above 1 s.",
         _when(_q("http_request_duration_seconds_bucket", function="rate", aggregate="sum", by=("namespace", "service", "le"), quantile=0.95), lambda v: v > 1)),
    Rule("ServiceUnreachable", 5, "critical", "{target} does not answer its users.", _when(_q("probe_success"), lambda v: v == 0)),
    Rule("UpstreamCallsFailing", 5, "warning", "Calls of {namespace}/{service} to {target} fail.",
         _ratio(_q("http_client_requests_total", Match(label="result", value="error"), function="rate", aggregate="sum", by=_TARGET),
                _q("http_client_requests_total", function="rate", aggregate="sum", by=_TARGET), _TARGET, 0.5)),
    Rule("NodeNotReady", 3, "critical", "Node {node} is not ready.",
         _when(_q("kube_node_status_condition", Match(label="condition", value="Ready"), Match(label="status", value="true")), lambda v: v == 0)),
    Rule("NodePressure", 3, "warning", "Node {node} has {condition}.",
         _when(_q("kube_node_status_condition", Match(label="condition", value=".*Pressure", operator="=~"), Match(label="status", value="true")), lambda v: v == 1)),
    Rule("GPUXidError", 2, "critical", "GPU {gpu} ({UUID}) of {Hostname} reports XID {value:g}.", _when(_q("DCGM_FI_DEV_XID_ERRORS"), lambda v: v > 0)),
    Rule("GPUTooHot", 5, "warning", "GPU {gpu} of {Hostname} is at {value:g} degrees.", _when(_q("DCGM_FI_DEV_GPU_TEMP"), lambda v: v > 88)),
)  # fmt: skip


class Alerting:
    """Which rules hold, and since when."""

    def __init__(self, rules: tuple[Rule, ...] = RULES) -> None:
        self.rules = rules
        self.alerts: tuple[Alert, ...] = ()
        self._since: dict[tuple[str, tuple[tuple[str, str], ...]], datetime] = {}

    def judge(self, asked: Asked, now: datetime) -> None:
        """Brings the alerts up to date."""
        since: dict[tuple[str, tuple[tuple[str, str], ...]], datetime] = {}
        found: list[Alert] = []
        for rule in self.rules:
            for labels, value in rule.condition(asked):
                key = (rule.name, tuple(sorted(labels.items())))
                since[key] = self._since.get(key, now)
                whole = {"alertname": rule.name, **labels, "severity": rule.severity}
                fires = now - since[key] >= timedelta(seconds=rule.seconds)
                summary = rule.summary.format_map(_Blank(labels | {"value": value}))  # type: ignore[operator]
                found.append(Alert(rule.name, whole, summary, since[key], "firing" if fires else "pending"))
        self._since, self.alerts = since, tuple(found)


class _Blank(dict[str, object]):
    """A label that is not there is written as nothing."""

    def __missing__(self, key: str) -> str:
        return ""
