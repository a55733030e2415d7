"""What the API server fills in where a client left something out, kind by kind.

Source: k8s.io/kubernetes pkg/apis/*/v1/defaults.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..objects import Obj, copy
from . import policy, workloads
from .core import namespace, node, secret, service
from .pods import pod, pod_spec
from .storage import claim, storage_class, volume

Default = Callable[[Obj], None]

DEFAULTS: Mapping[str, Default] = {
    "pods": pod,
    "podtemplates": lambda o: pod_spec(o["template"]["spec"]) if "spec" in o.get("template", {}) else None,
    "services": service,
    "secrets": secret,
    "namespaces": namespace,
    "nodes": node,
    "persistentvolumeclaims": claim,
    "persistentvolumes": volume,
    "storageclasses.storage.k8s.io": storage_class,
    "deployments.apps": workloads.deployment,
    "replicasets.apps": workloads.replica_set,
    "replicationcontrollers": workloads.replication_controller,
    "statefulsets.apps": workloads.stateful_set,
    "daemonsets.apps": workloads.daemon_set,
    "jobs.batch": workloads.job,
    "cronjobs.batch": workloads.cron_job,
    "horizontalpodautoscalers.autoscaling": policy.autoscaler,
    "networkpolicies.networking.k8s.io": policy.network_policy,
    "ingresses.networking.k8s.io": policy.ingress,
    "rolebindings.rbac.authorization.k8s.io": policy.binding,
    "clusterrolebindings.rbac.authorization.k8s.io": policy.binding,
    "priorityclasses.scheduling.k8s.io": policy.priority_class,
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": policy.mutating_webhooks,
    "validatingwebhookconfigurations.admissionregistration.k8s.io": policy.webhooks,
    "customresourcedefinitions.apiextensions.k8s.io": policy.custom_resource,
    "endpoints": policy.endpoints,
    "limitranges": policy.limit_range,
}


_CONTAINER: Obj = {"name": "", "ready": False, "restartCount": 0, "image": "", "imageID": ""}
_WRITTEN: Mapping[str, Obj] = {
    "conditions": {"type": "", "status": ""}, "containerStatuses": _CONTAINER, "initContainerStatuses": _CONTAINER,
}  # fmt: skip
"""Fields of a status that the server always writes, even when a client left them out."""


def filled(type_id: str, obj: Obj) -> Obj:
    """The object with the defaults of its type."""
    make = DEFAULTS.get(type_id)
    if make is None and "status" not in obj:
        return obj
    made = copy(obj)
    for part, fields in _WRITTEN.items():
        for entry in (made.get("status") or {}).get(part) or ():
            for name, value in fields.items():
                entry.setdefault(name, value)
    if make is not None:
        make(made)
    return made
