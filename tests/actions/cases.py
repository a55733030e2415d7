"""Every action on an object of the example shop, and one that somebody else owns in part."""

from __future__ import annotations

from steersman_tools.actions import ACTION, Action

NETWORK_POLICY = {
    "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "lone"},
    "spec": {"podSelector": {"matchLabels": {"app": "nobody"}}, "policyTypes": ["Ingress"]},
}  # fmt: skip
SERVICE = {
    "apiVersion": "v1", "kind": "Service", "metadata": {"name": "fresh"},
    "spec": {"selector": {"app": "catalogue"}, "ports": [{"port": 80, "targetPort": 8080}]},
}  # fmt: skip

CASES: dict[str, dict[str, object]] = {
    "scale": {"do": "Scale", "target": "books/Deployment/catalogue", "replicas": 4},
    "restart": {"do": "RestartRollout", "target": "books/Deployment/catalogue", "at": "2026-11-21T10:00:00Z"},
    "image": {"do": "SetImage", "target": "books/Deployment/catalogue", "container": "{container}", "image": "registry.example/catalogue:9"},
    "resources": {"do": "SetResources", "target": "books/Deployment/catalogue", "container": "{container}", "requests": {"cpu": "70m"}, "limits": {"memory": "", "cpu": "2"}},
    "env": {"do": "SetEnv", "target": "books/Deployment/catalogue", "container": "{container}", "name": "EXTRA", "value": "1"},
    "patch added map": {"do": "PatchField", "target": "books/Deployment/catalogue", "fields": [{"path": "spec.template.spec.nodeSelector.disk", "value": "ssd"}]},
    "patch defaulted": {"do": "PatchField", "target": "books/Service/catalogue", "fields": [{"path": "spec.ports[0].targetPort", "value": 9999}, {"path": "spec.sessionAffinity", "value": "ClientIP"}]},
    "patch list": {"do": "PatchField", "target": "books/Service/catalogue", "fields": [{"path": "spec.ports", "value": [{"name": "a", "port": 80, "targetPort": 8080}, {"name": "b", "port": 81}]}]},
    "patch absent": {"do": "PatchField", "target": "books/Service/catalogue", "fields": [{"path": "spec.selector.app", "absent": True}, {"path": "spec.selector.other", "value": "x"}]},
    "label": {"do": "PatchField", "target": "books/Deployment/catalogue", "fields": [{"path": "metadata.labels['team.example/owner']", "value": "me"}]},
    "cordon": {"do": "Cordon", "target": "/Node/{node}"},
    "taint": {"do": "Taint", "target": "/Node/{node}", "key": "steersman.dev/hold", "taint": "PreferNoSchedule"},
    "create policy": {"do": "CreateObject", "target": "books/NetworkPolicy/lone", "manifest": NETWORK_POLICY},
    "create service": {"do": "CreateObject", "target": "books/Service/fresh", "manifest": SERVICE},
    "delete service": {"do": "DeleteObject", "target": "books/Service/catalogue"},
    "delete config": {"do": "DeleteObject", "target": "books/ConfigMap/catalogue-config"},
    "roll back": {"do": "RollBack", "target": "books/Deployment/catalogue", "revision": 1, "source": "books/ReplicaSet/{old}"},
    "create power cap": {"do": "CapPower", "target": "books/Job/cap", "node": "{node}", "devices": ["GPU-1"], "watts": 400, "before": 700},
    "suspend": {"do": "Suspend", "target": "ai/Job/finetune"},
    "drain": {"do": "Drain", "target": "/Node/{node}"},
}  # fmt: skip


def action(name: str, values: dict[str, str]) -> Action:
    """The action of that name, its blanks filled in."""

    def filled(value: object) -> object:
        if isinstance(value, str) and "{" in value:
            return value.format_map(values)
        if isinstance(value, dict):
            return {k: filled(v) for k, v in value.items()}
        return value

    return ACTION.validate_python(filled(CASES[name]))
