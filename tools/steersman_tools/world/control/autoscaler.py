"""HorizontalPodAutoscalers: replicas by the use of CPU and memory that the world measures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...fields import Fields
from ...quantity import amount
from ...selectors import selects
from ..api.registry import Registry
from ..objects import Obj
from ..recorder import Recorder
from ..store import Key
from .base import Control, active, ready, set_condition

if TYPE_CHECKING:
    from ..node.kubelets import Kubelets

HPA = "horizontalpodautoscalers.autoscaling"
SYNC, TOLERANCE, SETTLE_DOWN = 15.0, 0.1, 300.0


class Autoscaler(Control):
    name = "horizontal-pod-autoscaler"
    watches = (HPA,)

    def __init__(self, registry: Registry, recorder: Recorder, kubelets: Kubelets) -> None:
        super().__init__(registry, recorder)
        self.kubelets = kubelets
        self._wanted: dict[Key, list[tuple[float, int]]] = {}

    @property
    def source(self) -> str:
        return "horizontal-pod-autoscaler"

    def reconcile(self, key: Key) -> float | None:
        obj = self.store.get(HPA, *key)
        if obj is None:
            return None
        self._sync(key, obj)
        return SYNC

    def _condition(self, conditions: list[Obj], kind: str, holds: bool, reason: str, message: str) -> list[Obj]:  # noqa: FBT001
        return set_condition(
            conditions,
            {
                "type": kind,
                "status": "True" if holds else "False",
                "lastTransitionTime": self.registry.now(),
                "reason": reason,
                "message": message,
            },
        )

    def _sync(self, key: Key, obj: Obj) -> None:
        spec, status = obj["spec"], dict(obj.get("status") or {})
        conditions = list(status.get("conditions") or [])
        ref = spec["scaleTargetRef"]
        kind = self.store.types.of_kind(ref.get("apiVersion", "apps/v1").rpartition("/")[0], ref["kind"])
        target = self.store.get(kind.id, key[0], ref["name"]) if kind else None
        if kind is None or target is None:
            plural = f"{kind.plural}.{kind.group}" if kind else ref["kind"].lower()
            message = (
                f'the HPA controller was unable to get the target\'s current scale: {plural} "{ref["name"]}" not found'
            )
            self.tell(HPA, obj, "FailedGetScale", f'{plural} "{ref["name"]}" not found', warning=True)
            status["conditions"] = self._condition(conditions, "AbleToScale", False, "FailedGetScale", message)
            self.status(HPA, obj, _counts(status))
            return
        current = target["spec"].get("replicas", 1)
        conditions = self._condition(
            conditions,
            "AbleToScale",
            True,
            "SucceededGetScale",
            "the HPA controller was able to get the target's current scale",
        )
        if current == 0:
            conditions = self._condition(
                conditions,
                "ScalingActive",
                False,
                "ScalingDisabled",
                "scaling is disabled since the replica count of the target is zero",
            )
            self.status(
                HPA, obj, _counts(status | {"conditions": conditions, "currentReplicas": 0, "desiredReplicas": 0})
            )
            return
        proposal, shown, failure = self._proposal(key, obj, target, current)
        if failure:
            reason, words = failure
            self.tell(HPA, obj, reason, words, warning=True)
            whole = f"invalid metrics (1 invalid out of {len(spec.get('metrics') or ())}), first error is: {words}"
            self.tell(HPA, obj, "FailedComputeMetricsReplicas", whole, warning=True)
            conditions = self._condition(
                conditions, "ScalingActive", False, reason, f"the HPA was unable to compute the replica count: {words}"
            )
            self.status(
                HPA,
                obj,
                _counts(status | {"conditions": conditions, "currentReplicas": current, "desiredReplicas": current}),
            )
            return
        wanted, conditions = self._bounded(key, obj, current, proposal, conditions)
        if wanted != current:
            reason = "cpu resource utilization (percentage of request) " + (
                "above target" if wanted > current else "below target"
            )
            reason = "All metrics below target" if wanted < current else reason
            self.change(kind.id, target, target | {"spec": {**target["spec"], "replicas": wanted}})
            self.tell(HPA, obj, "SuccessfulRescale", f"New size: {wanted}; reason: {reason}")
            status["lastScaleTime"] = self.registry.now()
            conditions = self._condition(
                conditions,
                "AbleToScale",
                True,
                "SucceededRescale",
                f"the HPA controller was able to update the target scale to {wanted}",
            )
        self.status(
            HPA,
            obj,
            status
            | {
                "conditions": conditions,
                "currentReplicas": current,
                "desiredReplicas": wanted,
                "currentMetrics": shown,
            },
        )

    def _proposal(self, key: Key, obj: Obj, target: Obj, current: int) -> tuple[int, list[Obj], tuple[str, str] | None]:
        """The replicas that the metrics ask for, the metrics as they are, and what is wrong if nothing can be computed."""
        selector = target["spec"].get("selector") or {}
        wanted = Fields(
            selector if "matchLabels" in selector or "matchExpressions" in selector else {"matchLabels": selector}
        )
        pods = [
            p for p in self.store.of("pods", key[0]) if active(p) and selects(wanted, p["metadata"].get("labels") or {})
        ]
        best, shown = 0, []
        for metric in obj["spec"].get("metrics") or ():
            resource = metric.get("resource") or {}
            name = resource.get("name", "cpu")
            if metric.get("type") != "Resource":
                return (
                    0,
                    [],
                    (
                        "FailedGetExternalMetric",
                        f"unable to get external metric: no metrics returned from {metric.get('type')} metrics API",
                    ),
                )
            failure = self._lacking(name, resource, pods)
            if failure:
                return 0, [], ("FailedGetResourceMetric", failure)
            used = {p["metadata"]["name"]: self._use(p, name) for p in pods if ready(p)}
            used = {n: v for n, v in used.items() if v is not None}
            if not used:
                return (
                    0,
                    [],
                    (
                        "FailedGetResourceMetric",
                        f"failed to get {name} utilization: unable to get metrics for resource {name}: no metrics returned from resource metrics API",
                    ),
                )
            target_spec = resource.get("target") or {}
            total = sum(v for v in used.values() if v is not None)
            current_value: Obj = {
                "averageValue": f"{math.ceil(total / len(used) * 1000)}m"
                if name == "cpu"
                else str(int(total / len(used)))
            }
            if target_spec.get("averageUtilization") is not None:
                asked = sum(self._request(p, name) for p in pods if p["metadata"]["name"] in used)
                percent = 100 * total / asked
                current_value["averageUtilization"] = int(percent)
                ratio = percent / target_spec["averageUtilization"]
            else:
                ratio = (total / len(used)) / max(amount(str(target_spec.get("averageValue", "1"))), 1e-9)
            proposal = current if abs(ratio - 1) <= TOLERANCE else math.ceil(ratio * len(used))
            shown.append({"type": "Resource", "resource": {"name": name, "current": current_value}})
            best = max(best, proposal)
        return best, shown, None

    def _lacking(self, name: str, resource: Obj, pods: list[Obj]) -> str:
        if (resource.get("target") or {}).get("averageUtilization") is None:
            return ""
        for pod in pods:
            for container in pod["spec"]["containers"]:
                if name not in ((container.get("resources") or {}).get("requests") or {}):
                    return f"failed to get {name} utilization: missing request for {name} in container {container['name']} of Pod {pod['metadata']['name']}"
        return ""

    def _request(self, pod: Obj, name: str) -> float:
        return sum(
            amount(str(((c.get("resources") or {}).get("requests") or {}).get(name, "0")))
            for c in pod["spec"]["containers"]
        )

    def _use(self, pod: Obj, name: str) -> float | None:
        running = self.kubelets.pods.get((pod["metadata"]["namespace"], pod["metadata"]["name"]))
        containers = [c for c in running.mains if c.phase == "running" and c.cpu_now] if running else []
        return sum(c.cpu_now if name == "cpu" else c.memory_now for c in containers) if containers else None

    def _bounded(self, key: Key, obj: Obj, current: int, proposal: int, conditions: list[Obj]) -> tuple[int, list[Obj]]:
        spec, now = obj["spec"], self.now.timestamp()
        settle = ((spec.get("behavior") or {}).get("scaleDown") or {}).get("stabilizationWindowSeconds")
        window = SETTLE_DOWN if settle is None else float(settle)
        past = [(t, n) for t, n in self._wanted.get(key, []) if now - t <= window]
        self._wanted[key] = [*past, (now, proposal)]
        steady = max([proposal, *(n for _, n in past)]) if proposal < current else proposal
        if steady > proposal and steady >= current:
            steady = current
            conditions = self._condition(
                conditions,
                "AbleToScale",
                True,
                "ScaleDownStabilized",
                "recent recommendations were higher than current one, applying the highest recent recommendation",
            )
        conditions = self._condition(
            conditions,
            "ScalingActive",
            True,
            "ValidMetricFound",
            "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)",
        )
        least, most = spec.get("minReplicas", 1), spec["maxReplicas"]
        top = min(most, max(2 * current, 4))
        wanted = max(least, min(steady, top))
        if steady > most:
            limited = (True, "TooManyReplicas", "the desired replica count is more than the maximum replica count")
        elif steady < least:
            limited = (True, "TooFewReplicas", "the desired replica count is less than the minimum replica count")
        else:
            limited = (False, "DesiredWithinRange", "the desired count is within the acceptable range")
        return wanted, self._condition(conditions, "ScalingLimited", *limited)


def _counts(status: Obj) -> Obj:
    return {"currentReplicas": 0, "desiredReplicas": 0} | status
