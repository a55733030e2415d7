"""The objects that every cluster has from the start."""

from __future__ import annotations

from .objects import Obj

SYSTEM_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
_RBAC = "clusterroles.rbac.authorization.k8s.io"
_ALL = ["*"]
_READ = ["get", "list", "watch"]
_WRITE = ["create", "delete", "deletecollection", "patch", "update"]


def _role(name: str, rules: list[Obj]) -> tuple[str, Obj]:
    meta = {
        "name": name,
        "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
        "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
    }
    return _RBAC, {"metadata": meta, "rules": rules}


def _bind(name: str, role: str, *groups: str) -> tuple[str, Obj]:
    subjects = [{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": g} for g in groups]
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}
    meta = {"name": name, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}}
    return "clusterrolebindings.rbac.authorization.k8s.io", {"metadata": meta, "roleRef": ref, "subjects": subjects}


_WORK = [
    {"apiGroups": [""], "resources": ["configmaps", "endpoints", "events", "persistentvolumeclaims", "pods", "pods/log", "pods/status",
                                      "replicationcontrollers", "replicationcontrollers/scale", "serviceaccounts", "services",
                                      "resourcequotas", "limitranges", "namespaces", "bindings"]},
    {"apiGroups": ["apps"], "resources": ["controllerrevisions", "daemonsets", "deployments", "deployments/scale", "replicasets",
                                          "replicasets/scale", "statefulsets", "statefulsets/scale"]},
    {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"]},
    {"apiGroups": ["batch"], "resources": ["cronjobs", "jobs"]},
    {"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"]},
    {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "networkpolicies"]},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]},
]  # fmt: skip


def objects(provisioner: str) -> list[tuple[str, Obj]]:
    """Pairs of type id and object."""
    made: list[tuple[str, Obj]] = [("namespaces", {"metadata": {"name": name}}) for name in SYSTEM_NAMESPACES]
    for name, value in (("system-cluster-critical", 2000000000), ("system-node-critical", 2000001000)):
        made.append(
            (
                "priorityclasses.scheduling.k8s.io",
                {"metadata": {"name": name}, "value": value, "description": "Used for system critical pods."},
            )
        )
    view = [rule | {"verbs": _READ} for rule in _WORK]
    edit = [rule | {"verbs": _READ + _WRITE} for rule in _WORK] + [
        {"apiGroups": [""], "resources": ["secrets", "pods/eviction", "pods/exec", "pods/attach", "pods/portforward"], "verbs": _READ + _WRITE}]  # fmt: skip
    rbac = [
        {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "rolebindings"], "verbs": _READ + _WRITE}
    ]
    reviews = [
        {
            "apiGroups": ["authorization.k8s.io"],
            "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
            "verbs": ["create"],
        }
    ]
    paths = [
        "/api",
        "/api/*",
        "/apis",
        "/apis/*",
        "/healthz",
        "/livez",
        "/openapi",
        "/openapi/*",
        "/readyz",
        "/version",
        "/version/",
    ]
    made += [
        _role(
            "cluster-admin",
            [{"apiGroups": _ALL, "resources": _ALL, "verbs": _ALL}, {"nonResourceURLs": _ALL, "verbs": _ALL}],
        ),
        _role("admin", edit + rbac),
        _role("edit", edit),
        _role("view", view),
        _role("system:basic-user", reviews),
        _role("system:discovery", [{"nonResourceURLs": paths, "verbs": ["get"]}]),
        _bind("cluster-admin", "cluster-admin", "system:masters"),
        _bind("system:basic-user", "system:basic-user", "system:authenticated"),
        _bind("system:discovery", "system:discovery", "system:authenticated"),
    ]
    note = {"storageclass.kubernetes.io/is-default-class": "true"}
    made.append(
        (
            "storageclasses.storage.k8s.io",
            {"metadata": {"name": "standard", "annotations": note}, "provisioner": provisioner},
        )
    )
    port = {"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}
    labels = {"component": "apiserver", "provider": "kubernetes"}
    made.append(
        (
            "services",
            {
                "metadata": {"name": "kubernetes", "namespace": "default", "labels": labels},
                "spec": {"clusterIP": "10.96.0.1", "ports": [port]},
            },
        )
    )
    subset = {"addresses": [{"ip": "10.0.0.2"}], "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}]}
    made.append(("endpoints", {"metadata": {"name": "kubernetes", "namespace": "default"}, "subsets": [subset]}))
    return made
