"""What the server makes of small objects: the whole of what it stores."""

from __future__ import annotations

import json
import re
from typing import Any

from . import Room, config, deployment, plain, pod, register, service

GROUPS = {"deployments": "apps", "statefulsets": "apps", "daemonsets": "apps", "jobs": "batch", "ingresses": "networking.k8s.io",
          "networkpolicies": "networking.k8s.io", "horizontalpodautoscalers": "autoscaling", "rolebindings": "rbac.authorization.k8s.io"}  # fmt: skip
BARE = {"name": "c", "image": "registry.example/web:1"}
TEMPLATE = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [BARE]}}
SELECT = {"matchLabels": {"app": "x"}}

OBJECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "config_map": ("configmaps", config()),
    "secret_string_data": ("secrets", {"metadata": {"name": "s"}, "stringData": {"a": "b"}}),
    "service": ("services", service()),
    "service_headless": ("services", service(clusterIP="None")),
    "service_target_port": ("services", service(ports=[{"port": 80}])),
    "service_external_name": ("services", {"metadata": {"name": "s"}, "spec": {"type": "ExternalName", "externalName": "example.com"}}),
    "pod": ("pods", pod(nodeSelector={"never": "1"})),
    "pod_latest": ("pods", pod(image="registry.example/web", nodeSelector={"never": "1"})),
    "pod_probe": ("pods", pod(nodeSelector={"never": "1"}, containers=[{**BARE, "readinessProbe": {"httpGet": {"port": 80}}, "ports": [{"containerPort": 80}]}])),
    "pod_volumes": ("pods", pod(nodeSelector={"never": "1"}, volumes=[{"name": "a"}, {"name": "b", "configMap": {"name": "x"}}, {"name": "c", "secret": {"secretName": "x"}}, {"name": "h", "hostPath": {"path": "/x"}}])),
    "pod_limits_are_requests": ("pods", pod(nodeSelector={"never": "1"}, containers=[{**BARE, "resources": {"limits": {"cpu": "0.5", "memory": "1024Mi"}}}])),
    "pod_quantities": ("pods", pod(nodeSelector={"never": "1"}, containers=[{**BARE, "resources": {"requests": {"cpu": "1000m", "memory": "1.5Gi"}}}])),
    "deployment": ("deployments", deployment(replicas=0)),
    "deployment_recreate": ("deployments", deployment(replicas=0, strategy={"type": "Recreate"})),
    "stateful_set": ("statefulsets", {"metadata": {"name": "s"}, "spec": {"serviceName": "s", "replicas": 0, "selector": SELECT, "template": TEMPLATE}}),
    "daemon_set": ("daemonsets", {"metadata": {"name": "s"}, "spec": {"selector": SELECT, "template": {**TEMPLATE, "spec": {"nodeSelector": {"never": "1"}, "containers": [BARE]}}}}),
    "ingress": ("ingresses", {"metadata": {"name": "i"}, "spec": {"defaultBackend": {"service": {"name": "a", "port": {"number": 80}}}}}),
    "network_policy": ("networkpolicies", {"metadata": {"name": "n"}, "spec": {"podSelector": {}, "egress": [{"ports": [{"port": 53}]}]}}),
    "claim": ("persistentvolumeclaims", {"metadata": {"name": "c"}, "spec": {"storageClassName": "", "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}}}),
    "role_binding": ("rolebindings", {"metadata": {"name": "r"}, "roleRef": {"kind": "ClusterRole", "name": "view"}, "subjects": [{"kind": "User", "name": "jane"}]}),
    "limit_range": ("limitranges", {"metadata": {"name": "l"}, "spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}}]}}),
    "service_account": ("serviceaccounts", {"metadata": {"name": "robot"}}),
    "autoscaler": ("horizontalpodautoscalers", {"metadata": {"name": "h"}, "spec": {"maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"}}}),
}  # fmt: skip
LATER = {"internalTrafficPolicy", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "secrets"}
"""Fields that came after 1.20, or that depend on which feature gates are on."""


def tidy(obj: Any, ns: str) -> Any:
    """An object without random parts: the token volume, addresses, the namespace's name."""
    obj = plain(obj)
    spec = obj.get("spec") or {}
    if isinstance(spec, dict):
        spec["volumes"] = [
            v for v in spec.get("volumes") or [] if "token" not in v["name"] and "kube-api-access" not in v["name"]
        ]
        if not spec["volumes"]:
            del spec["volumes"]
        for container in spec.get("containers") or []:
            container.pop("volumeMounts", None)
        if re.fullmatch(r"10\.96\.\d+\.\d+", str(spec.get("clusterIP"))):
            spec["clusterIP"] = "ip"
        for field in LATER:
            spec.pop(field, None)
    if "updateStrategy" in spec:
        (spec["updateStrategy"].get("rollingUpdate") or {}).pop("maxSurge", None)
    for field in ("secrets", "status"):
        obj.pop(field, None)
    return json.loads(json.dumps(obj).replace(ns, "NS"))


def _runner(plural: str, body: dict[str, Any]) -> Any:
    def run(room: Room) -> Any:
        status, made = room.create(plural, body, GROUPS.get(plural, ""))
        return [status, tidy(made, room.ns)]

    return run


for _name, (_plural, _body) in OBJECTS.items():
    register(f"defaults.{_name}", _runner(_plural, _body))
