"""Defaults of the kinds that steer others: autoscalers, network policies, ingresses, bindings, webhooks, definitions."""

from __future__ import annotations

from ..objects import Obj


def autoscaler(obj: Obj) -> None:
    spec = obj["spec"] = obj.get("spec") or {}
    spec.setdefault("minReplicas", 1)
    if not spec.get("metrics"):
        spec["metrics"] = [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
            }
        ]


def network_policy(obj: Obj) -> None:
    spec = obj["spec"] = obj.get("spec") or {}
    for side in ("ingress", "egress"):
        for rule in spec.get(side) or ():
            for port in rule.get("ports") or ():
                port.setdefault("protocol", "TCP")
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", *(["Egress"] if spec.get("egress") else [])]


def ingress(obj: Obj) -> None:
    obj["spec"] = obj.get("spec") or {}


def binding(obj: Obj) -> None:
    group = "rbac.authorization.k8s.io"
    if "roleRef" in obj and not obj["roleRef"].get("apiGroup"):
        obj["roleRef"]["apiGroup"] = group
    for subject in obj.get("subjects") or ():
        if not subject.get("apiGroup") and subject.get("kind") in ("User", "Group"):
            subject["apiGroup"] = group


def priority_class(obj: Obj) -> None:
    obj.setdefault("preemptionPolicy", "PreemptLowerPriority")


def webhooks(obj: Obj) -> None:
    for hook in obj.get("webhooks") or ():
        hook.setdefault("failurePolicy", "Fail")
        hook.setdefault("matchPolicy", "Equivalent")
        hook.setdefault("timeoutSeconds", 10)
        hook.setdefault("namespaceSelector", {})
        hook.setdefault("objectSelector", {})
        if "service" in (hook.get("clientConfig") or {}):
            hook["clientConfig"]["service"].setdefault("port", 443)
        for rule in hook.get("rules") or ():
            rule.setdefault("scope", "*")


def mutating_webhooks(obj: Obj) -> None:
    webhooks(obj)
    for hook in obj.get("webhooks") or ():
        hook.setdefault("reinvocationPolicy", "Never")


def custom_resource(obj: Obj) -> None:
    spec = obj["spec"] = obj.get("spec") or {}
    names = spec.get("names") or {}
    if names.get("kind"):
        names.setdefault("singular", names["kind"].lower())
        names.setdefault("listKind", f"{names['kind']}List")
    spec.setdefault("conversion", {"strategy": "None"})


def endpoints(obj: Obj) -> None:
    for subset in obj.get("subsets") or ():
        for port in subset.get("ports") or ():
            port.setdefault("protocol", "TCP")


def limit_range(obj: Obj) -> None:
    """A maximum is a default limit, a default limit a default request, for containers."""
    for entry in (obj.get("spec") or {}).get("limits") or ():
        if entry.get("type") != "Container":
            continue
        limits = {**(entry.get("max") or {}), **(entry.get("default") or {})}
        requests = {**limits, **(entry.get("min") or {}), **(entry.get("defaultRequest") or {})}
        requests = {k: (entry.get("defaultRequest") or {}).get(k, limits.get(k, v)) for k, v in requests.items()}
        if limits:
            entry["default"] = limits
        if requests:
            entry["defaultRequest"] = requests
