"""Objects that are not valid: the server's words for what is wrong with each."""

from __future__ import annotations

import json
from typing import Any

from . import Room, answer, config, deployment, pod, register, service


def _with(obj: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    here: Any = obj
    steps = path.split(".")
    for step in steps[:-1]:
        here = here[int(step)] if step.isdigit() else here.setdefault(step, {})
    last: Any = int(steps[-1]) if steps[-1].isdigit() else steps[-1]
    if value is None:
        del here[last]
    else:
        here[last] = value
    return obj


C = "spec.containers.0."
APPS = "apps"
PVC = {
    "metadata": {"name": "c"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}
JOB = {
    "metadata": {"name": "j"},
    "spec": {
        "template": {
            "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "registry.example/task:1"}]}
        }
    },
}
HPA = {
    "metadata": {"name": "h"},
    "spec": {"maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "web", "apiVersion": "apps/v1"}},
}


def _copy(obj: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(obj))
    return made


CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "name_upper": ("pods", "", pod("BAD_NAME!")),
    "name_missing": ("pods", "", _with(pod(), "metadata.name", None)),
    "name_long": ("configmaps", "", config("a" * 254)),
    "label_value": ("configmaps", "", _with(config(), "metadata.labels", {"a": "b c"})),
    "label_key": ("configmaps", "", _with(config(), "metadata.labels", {"a b": "c"})),
    "annotation_key": ("configmaps", "", _with(config(), "metadata.annotations", {"a b": "c"})),
    "config_key": ("configmaps", "", config("cm", **{"a/b": "1"})),
    "finalizer": ("configmaps", "", _with(config(), "metadata.finalizers", ["nodomain"])),
    "pod_no_containers": ("pods", "", _with(pod(), "spec.containers", [])),
    "pod_no_image": ("pods", "", _with(pod(), C + "image", None)),
    "pod_container_name": ("pods", "", _with(pod(), C + "name", "Not_Good")),
    "pod_container_name_missing": ("pods", "", _with(pod(), C + "name", None)),
    "pod_restart_policy": ("pods", "", pod(restartPolicy="Sometimes")),
    "pod_pull_policy": ("pods", "", _with(pod(), C + "imagePullPolicy", "Maybe")),
    "pod_dns_policy": ("pods", "", pod(dnsPolicy="Nope")),
    "pod_dns_none": ("pods", "", pod(dnsPolicy="None")),
    "pod_port_range": ("pods", "", _with(pod(), C + "ports", [{"containerPort": 70000}])),
    "pod_port_protocol": ("pods", "", _with(pod(), C + "ports", [{"containerPort": 80, "protocol": "ICMP"}])),
    "pod_port_name": ("pods", "", _with(pod(), C + "ports", [{"containerPort": 80, "name": "a-very-long-port-name"}])),
    "pod_port_names_twice": ("pods", "", _with(pod(), C + "ports", [{"containerPort": 80, "name": "http"}, {"containerPort": 81, "name": "http"}])),
    "pod_env_name": ("pods", "", _with(pod(), C + "env", [{"name": "1=2", "value": "x"}])),
    "pod_env_both": ("pods", "", _with(pod(), C + "env", [{"name": "A", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}])),
    "pod_env_from_nothing": ("pods", "", _with(pod(), C + "env", [{"name": "A", "valueFrom": {}}])),
    "pod_mount_unknown": ("pods", "", _with(pod(), C + "volumeMounts", [{"name": "nope", "mountPath": "/x"}])),
    "pod_mount_path": ("pods", "", pod(volumes=[{"name": "v", "emptyDir": {}}], containers=[{"name": "c", "image": "i", "volumeMounts": [{"name": "v", "mountPath": "/x"}, {"name": "v", "mountPath": "/x"}]}])),
    "pod_volume_two_sources": ("pods", "", pod(volumes=[{"name": "v", "emptyDir": {}, "configMap": {"name": "x"}}])),
    "pod_volume_twice": ("pods", "", pod(volumes=[{"name": "v", "emptyDir": {}}, {"name": "v", "emptyDir": {}}])),
    "pod_containers_twice": ("pods", "", pod(containers=[{"name": "c", "image": "i"}, {"name": "c", "image": "i"}])),
    "pod_probe_no_handler": ("pods", "", _with(pod(), C + "livenessProbe", {"periodSeconds": 3})),
    "pod_probe_two_handlers": ("pods", "", _with(pod(), C + "livenessProbe", {"httpGet": {"port": 80}, "tcpSocket": {"port": 80}})),
    "pod_probe_port": ("pods", "", _with(pod(), C + "livenessProbe", {"httpGet": {"port": 0}})),
    "pod_probe_success": ("pods", "", _with(pod(), C + "livenessProbe", {"httpGet": {"port": 80}, "successThreshold": 2})),
    "pod_request_over_limit": ("pods", "", _with(pod(), C + "resources", {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}})),
    "pod_resource_name": ("pods", "", _with(pod(), C + "resources", {"requests": {"gold": "1"}})),
    "pod_gpu_not_limited": ("pods", "", _with(pod(), C + "resources", {"requests": {"nvidia.com/gpu": "1"}})),
    "pod_gpu_unequal": ("pods", "", _with(pod(), C + "resources", {"requests": {"nvidia.com/gpu": "1"}, "limits": {"nvidia.com/gpu": "2"}})),
    "pod_toleration_no_key": ("pods", "", pod(tolerations=[{"operator": "Equal", "value": "x"}])),
    "pod_toleration_effect": ("pods", "", pod(tolerations=[{"key": "a", "operator": "Exists", "effect": "Nothing"}])),
    "pod_grace_negative": ("pods", "", pod(activeDeadlineSeconds=0)),
    "pod_spread": ("pods", "", pod(topologySpreadConstraints=[{"maxSkew": 0, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}])),
    "pod_service_account_missing": ("pods", "", pod(serviceAccountName="ghost")),
    "pod_priority_class_missing": ("pods", "", pod(priorityClassName="ghost")),
    "deployment_no_selector": ("deployments", APPS, _with(deployment(), "spec.selector", None)),
    "deployment_labels_differ": ("deployments", APPS, _with(deployment(), "spec.template.metadata.labels", {"app": "other"})),
    "deployment_empty_selector": ("deployments", APPS, _with(deployment(), "spec.selector", {})),
    "deployment_negative": ("deployments", APPS, deployment(replicas=-1)),
    "deployment_restart_policy": ("deployments", APPS, deployment(pod={"restartPolicy": "Never"})),
    "deployment_strategy": ("deployments", APPS, deployment(strategy={"type": "BlueGreen"})),
    "deployment_both_zero": ("deployments", APPS, deployment(strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}})),
    "deployment_percent": ("deployments", APPS, deployment(strategy={"rollingUpdate": {"maxSurge": "many"}})),
    "deployment_recreate_rolling": ("deployments", APPS, deployment(strategy={"type": "Recreate", "rollingUpdate": {"maxSurge": 1}})),
    "deployment_deadline": ("deployments", APPS, deployment(progressDeadlineSeconds=5, minReadySeconds=10)),
    "deployment_two_faults": ("deployments", APPS, _with(deployment(replicas=-1), "spec.template.spec.containers.0.image", None)),
    "replicaset_labels": ("replicasets", APPS, {**_with(deployment("rs"), "spec.template.metadata.labels", {"x": "y"}), "kind": "ReplicaSet"}),
    "service_no_ports": ("services", "", service(ports=[])),
    "service_port_range": ("services", "", service(ports=[{"port": 0}])),
    "service_target_port": ("services", "", service(ports=[{"port": 80, "targetPort": 99999}])),
    "service_protocol": ("services", "", service(ports=[{"port": 80, "protocol": "HTTP"}])),
    "service_unnamed_ports": ("services", "", service(ports=[{"port": 80}, {"port": 81}])),
    "service_names_twice": ("services", "", service(ports=[{"port": 80, "name": "a"}, {"port": 81, "name": "a"}])),
    "service_type": ("services", "", service(type="Magic")),
    "service_external_name": ("services", "", service(type="ExternalName")),
    "service_name_digit": ("services", "", service("1web")),
    "service_affinity": ("services", "", service(sessionAffinity="Cookie")),
    "service_ip_garbage": ("services", "", service(clusterIP="not-an-ip")),
    "service_ip_outside": ("services", "", service(clusterIP="192.168.1.1")),
    "claim_no_modes": ("persistentvolumeclaims", "", _with(_copy(PVC), "spec.accessModes", [])),
    "claim_mode": ("persistentvolumeclaims", "", _with(_copy(PVC), "spec.accessModes", ["Sometimes"])),
    "claim_no_storage": ("persistentvolumeclaims", "", _with(_copy(PVC), "spec.resources", {})),
    "job_restart_policy": ("jobs", "batch", _with(_copy(JOB), "spec.template.spec.restartPolicy", "Always")),
    "job_negative": ("jobs", "batch", _with(_copy(JOB), "spec.parallelism", -1)),
    "hpa_min": ("horizontalpodautoscalers", "autoscaling", _with(_copy(HPA), "spec.minReplicas", 5)),
    "hpa_max": ("horizontalpodautoscalers", "autoscaling", _with(_copy(HPA), "spec.maxReplicas", 0)),
    "ingress_nothing": ("ingresses", "networking.k8s.io", {"metadata": {"name": "i"}, "spec": {}}),
    "ingress_path_type": ("ingresses", "networking.k8s.io", {"metadata": {"name": "i"}, "spec": {"rules": [{"http": {"paths": [{"path": "/", "backend": {"service": {"name": "a", "port": {"number": 80}}}}]}}]}}),
    "ingress_path_relative": ("ingresses", "networking.k8s.io", {"metadata": {"name": "i"}, "spec": {"rules": [{"http": {"paths": [{"path": "x", "pathType": "Prefix", "backend": {"service": {"name": "a", "port": {"number": 80}}}}]}}]}}),
    "policy_type": ("networkpolicies", "networking.k8s.io", {"metadata": {"name": "n"}, "spec": {"podSelector": {}, "policyTypes": ["Sideways"]}}),
    "policy_port": ("networkpolicies", "networking.k8s.io", {"metadata": {"name": "n"}, "spec": {"podSelector": {}, "ingress": [{"ports": [{"port": 70000}]}]}}),
    "role_no_verbs": ("roles", "rbac.authorization.k8s.io", {"metadata": {"name": "r"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": []}]}),
    "binding_kind": ("rolebindings", "rbac.authorization.k8s.io", {"metadata": {"name": "r"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "King", "name": "x"}}),
    "quota_negative": ("resourcequotas", "", {"metadata": {"name": "q"}, "spec": {"hard": {"pods": "-1"}}}),
    "secret_tls_empty": ("secrets", "", {"metadata": {"name": "s"}, "type": "kubernetes.io/tls"}),
    "wrong_kind": ("pods", "", {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}}),
    "wrong_version": ("deployments", APPS, {**deployment(), "apiVersion": "apps/v2"}),
    "wrong_namespace": ("pods", "", _with(pod(), "metadata.namespace", "elsewhere")),
    "version_set": ("pods", "", _with(pod(), "metadata.resourceVersion", "5")),
    "bad_quantity": ("pods", "", _with(pod(), C + "resources", {"requests": {"cpu": "lots"}})),
}  # fmt: skip


def _runner(plural: str, group: str, body: dict[str, Any]) -> Any:
    def run(room: Room) -> Any:
        seen = answer(room.create(plural, body, group))
        if isinstance(seen, list) and seen[0] == 400 and "quantit" in seen[2]:
            return seen[:2]
        return seen

    return run


for _name, (_plural, _group, _body) in CASES.items():
    register(f"refusals.{_name}", _runner(_plural, _group, _body))
