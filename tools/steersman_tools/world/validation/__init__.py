"""What the API server refuses, kind by kind, in its own words.

Source: k8s.io/kubernetes pkg/apis/*/validation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..api.kinds import Type
from ..api.status import Cause
from ..objects import Obj
from . import core, policies, workloads
from .base import Errors
from .meta import created_meta, updated_meta
from .pods import pod, pod_update

Create = Callable[[Obj, Errors], None]
Update = Callable[[Obj, Obj, Errors], None]

CREATE: Mapping[str, Create] = {
    "pods": pod,
    "services": core.service,
    "configmaps": core.config_map,
    "secrets": core.secret,
    "persistentvolumeclaims": core.claim,
    "persistentvolumes": core.volume,
    "storageclasses.storage.k8s.io": core.storage_class,
    "resourcequotas": core.quota,
    "deployments.apps": workloads.deployment,
    "replicasets.apps": workloads.replica_set,
    "statefulsets.apps": workloads.stateful_set,
    "daemonsets.apps": workloads.daemon_set,
    "jobs.batch": workloads.job,
    "cronjobs.batch": workloads.cron_job,
    "horizontalpodautoscalers.autoscaling": policies.autoscaler,
    "poddisruptionbudgets.policy": policies.budget,
    "networkpolicies.networking.k8s.io": policies.network_policy,
    "ingresses.networking.k8s.io": policies.ingress,
    "roles.rbac.authorization.k8s.io": policies.role,
    "clusterroles.rbac.authorization.k8s.io": policies.role,
    "rolebindings.rbac.authorization.k8s.io": policies.binding,
    "clusterrolebindings.rbac.authorization.k8s.io": policies.binding,
    "priorityclasses.scheduling.k8s.io": policies.priority_class,
    "customresourcedefinitions.apiextensions.k8s.io": policies.custom_resource,
}

UPDATE: Mapping[str, Update] = {
    "pods": pod_update,
    "services": core.service_update,
    "configmaps": core.config_map_update,
    "secrets": core.secret_update,
    "persistentvolumeclaims": core.claim_update,
    "storageclasses.storage.k8s.io": core.storage_class_update,
    "deployments.apps": workloads.selector_update,
    "replicasets.apps": workloads.selector_update,
    "daemonsets.apps": workloads.selector_update,
    "statefulsets.apps": workloads.stateful_set_update,
    "jobs.batch": workloads.job_update,
    "rolebindings.rbac.authorization.k8s.io": policies.binding_update,
    "clusterrolebindings.rbac.authorization.k8s.io": policies.binding_update,
    "priorityclasses.scheduling.k8s.io": policies.priority_class_update,
}

WHOLE_ON_UPDATE = frozenset(CREATE) - {"pods", "jobs.batch", "persistentvolumeclaims"}
"""Types whose updates pass all the checks of a creation as well."""


def on_create(kind: Type, obj: Obj) -> list[Cause]:
    """What is wrong with a new object; nothing, for most."""
    errors = Errors()
    created_meta(kind, obj, errors)
    if check := CREATE.get(kind.id):
        check(obj, errors)
    return errors.causes


def on_update(kind: Type, old: Obj, new: Obj) -> list[Cause]:
    """What is wrong with a change."""
    errors = Errors()
    updated_meta(kind, old, new, errors)
    if kind.id in WHOLE_ON_UPDATE:
        CREATE[kind.id](new, errors)
    if check := UPDATE.get(kind.id):
        check(old, new, errors)
    return errors.causes
