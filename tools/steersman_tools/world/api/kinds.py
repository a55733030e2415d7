"""The resource types that the world serves: names, versions and subresources, as a real server's discovery lists them."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..schema import Definition, definition

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True)
class Type:
    """One resource type. `versions` maps each served version to its definition; objects are stored in the shape of the first."""

    plural: str
    kind: str
    group: str = ""
    versions: tuple[tuple[str, str], ...] = ()
    namespaced: bool = True
    short: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    columns: tuple[tuple[str, str, str], ...] = field(default=(), compare=False)
    """Printer columns of a custom resource: name, type, JSON path."""
    custom: bool = False

    @property
    def id(self) -> str:
        """`deployments.apps`; of core types the plural alone."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def storage(self) -> str:
        return self.versions[0][0]

    def definition(self, version: str = "") -> Definition:
        return definition(dict(self.versions)[version or self.storage])

    def api_version(self, version: str = "") -> str:
        return f"{self.group}/{version or self.storage}" if self.group else version or self.storage

    def path(self, namespace: str, name: str, version: str = "") -> str:
        root = f"/apis/{self.group}/{version or self.storage}" if self.group else f"/api/{version or self.storage}"
        where = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{where}/{self.plural}/{name}"


def _core(plural: str, kind: str, short: str = "", subs: str = "", *, ns: bool = True, categories: str = "") -> Type:
    return Type(plural, kind, "", (("v1", f"core.v1.{kind}"),), ns, _split(short), _split(subs), _split(categories))


def _group(group: str, plural: str, kind: str, short: str = "", subs: str = "", *, versions: str = "v1", ns: bool = True,
           categories: str = "", package: str = "") -> Type:  # fmt: skip
    package = package or group.split(".")[0]
    served = tuple((v, f"{package}.{v}.{kind}") for v in versions.split())
    return Type(plural, kind, group, served, ns, _split(short), _split(subs), _split(categories))


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_NET, _RBAC, _ADM = "networking.k8s.io", "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
_STORAGE, _GATEWAY = "storage.k8s.io", "gateway.networking.k8s.io"


def _gateway(plural: str, kind: str, short: str, *, ns: bool = True) -> Type:
    served = (("v1", f"gateway.v1.{kind}"), ("v1beta1", f"gateway.v1.{kind}"))
    return Type(plural, kind, _GATEWAY, served, ns, _split(short), ("status",))


TYPES: tuple[Type, ...] = (
    _core("bindings", "Binding"),
    _core("configmaps", "ConfigMap", "cm"),
    _core("endpoints", "Endpoints", "ep"),
    _core("events", "Event", "ev"),
    _core("limitranges", "LimitRange", "limits"),
    _core("namespaces", "Namespace", "ns", "finalize status", ns=False),
    _core("nodes", "Node", "no", "status", ns=False),
    _core("persistentvolumeclaims", "PersistentVolumeClaim", "pvc", "status"),
    _core("persistentvolumes", "PersistentVolume", "pv", "status", ns=False),
    _core("pods", "Pod", "po", "binding eviction log status", categories="all"),
    _core("podtemplates", "PodTemplate"),
    _core("replicationcontrollers", "ReplicationController", "rc", "scale status", categories="all"),
    _core("resourcequotas", "ResourceQuota", "quota", "status"),
    _core("secrets", "Secret"),
    _core("serviceaccounts", "ServiceAccount", "sa", "token"),
    _core("services", "Service", "svc", "status", categories="all"),
    _group("apps", "controllerrevisions", "ControllerRevision"),
    _group("apps", "daemonsets", "DaemonSet", "ds", "status", categories="all"),
    _group("apps", "deployments", "Deployment", "deploy", "scale status", categories="all"),
    _group("apps", "replicasets", "ReplicaSet", "rs", "scale status", categories="all"),
    _group("apps", "statefulsets", "StatefulSet", "sts", "scale status", categories="all"),
    _group("batch", "jobs", "Job", "", "status", categories="all"),
    Type("cronjobs", "CronJob", "batch", (("v1", "batch.v1.CronJob"), ("v1beta1", "batch.v1.CronJob")), True, ("cj",),
         ("status",), ("all",)),
    Type("horizontalpodautoscalers", "HorizontalPodAutoscaler", "autoscaling", (
        ("v2", "autoscaling.v2.HorizontalPodAutoscaler"), ("v1", "autoscaling.v1.HorizontalPodAutoscaler"),
        ("v2beta2", "autoscaling.v2.HorizontalPodAutoscaler")), True, ("hpa",), ("status",), ("all",)),
    Type("poddisruptionbudgets", "PodDisruptionBudget", "policy", (
        ("v1", "policy.v1.PodDisruptionBudget"), ("v1beta1", "policy.v1.PodDisruptionBudget")), True, ("pdb",), ("status",)),
    _group(_NET, "ingresses", "Ingress", "ing", "status"),
    _group(_NET, "ingressclasses", "IngressClass", ns=False),
    _group(_NET, "networkpolicies", "NetworkPolicy", "netpol"),
    Type("endpointslices", "EndpointSlice", "discovery.k8s.io", (
        ("v1", "discovery.v1.EndpointSlice"), ("v1beta1", "discovery.v1beta1.EndpointSlice"))),
    _group(_STORAGE, "storageclasses", "StorageClass", "sc", ns=False),
    _group(_STORAGE, "csidrivers", "CSIDriver", ns=False),
    _group(_STORAGE, "csinodes", "CSINode", ns=False),
    _group(_STORAGE, "volumeattachments", "VolumeAttachment", "", "status", ns=False),
    _group("scheduling.k8s.io", "priorityclasses", "PriorityClass", "pc", ns=False),
    _group(_ADM, "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", ns=False),
    _group(_ADM, "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", ns=False),
    _group("apiregistration.k8s.io", "apiservices", "APIService", "", "status", ns=False, categories="api-extensions"),
    _group("apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition", "crd crds", "status", ns=False,
           categories="api-extensions"),
    _group(_RBAC, "roles", "Role", package="rbac"),
    _group(_RBAC, "rolebindings", "RoleBinding", package="rbac"),
    _group(_RBAC, "clusterroles", "ClusterRole", package="rbac", ns=False),
    _group(_RBAC, "clusterrolebindings", "ClusterRoleBinding", package="rbac", ns=False),
    _group("coordination.k8s.io", "leases", "Lease"),
    _group("node.k8s.io", "runtimeclasses", "RuntimeClass", ns=False),
    Type("events", "Event", "events.k8s.io", (("v1", "events.v1.Event"),), True, ("ev",)),
)  # fmt: skip

GATEWAY_TYPES: tuple[Type, ...] = (
    _gateway("gatewayclasses", "GatewayClass", "gc", ns=False),
    _gateway("gateways", "Gateway", "gtw"),
    _gateway("httproutes", "HTTPRoute", ""),
)
"""Types of an add-on: served once a CustomResourceDefinition or a snapshot brings them."""

GROUP_ORDER = (
    "", "apiregistration.k8s.io", "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch",
    "networking.k8s.io", "policy", "rbac.authorization.k8s.io", "storage.k8s.io", "admissionregistration.k8s.io",
    "apiextensions.k8s.io", "scheduling.k8s.io", "coordination.k8s.io", "node.k8s.io", "discovery.k8s.io", "metrics.k8s.io",
)  # fmt: skip


class Types:
    """The types served at present; CustomResourceDefinitions add to them."""

    def __init__(self) -> None:
        self.by_id: dict[str, Type] = {}
        self._by_path: dict[tuple[str, str, str], Type] = {}
        self._by_kind: dict[tuple[str, str], Type] = {}
        for entry in TYPES:
            self.add(entry)

    def add(self, entry: Type) -> None:
        self.remove(entry.id)
        self.by_id[entry.id] = entry
        self._by_kind[entry.group, entry.kind] = entry
        for version, _ in entry.versions:
            self._by_path[entry.group, version, entry.plural] = entry

    def remove(self, type_id: str) -> None:
        if old := self.by_id.pop(type_id, None):
            self._by_kind.pop((old.group, old.kind), None)
            for version, _ in old.versions:
                self._by_path.pop((old.group, version, old.plural), None)

    def __getitem__(self, type_id: str) -> Type:
        return self.by_id[type_id]

    def at(self, group: str, version: str, plural: str) -> Type | None:
        return self._by_path.get((group, version, plural))

    def of_kind(self, group: str, kind: str) -> Type | None:
        return self._by_kind.get((group, kind))

    def named(self, kind: str) -> Type | None:
        """The type of a kind whatever its group, built-in ones first."""
        return next((t for t in self.by_id.values() if t.kind == kind and t.group != "events.k8s.io"), None)

    def groups(self) -> dict[str, list[str]]:
        """The served groups and their versions, best first."""
        found: dict[str, list[str]] = {}
        for entry in self.by_id.values():
            for version, _ in entry.versions:
                if version not in found.setdefault(entry.group, []):
                    found[entry.group].append(version)
        for extra in ("authentication.k8s.io", "authorization.k8s.io"):
            found.setdefault(extra, ["v1"])
        found.setdefault("metrics.k8s.io", ["v1beta1"])
        place = {name: index for index, name in enumerate(GROUP_ORDER)}
        return dict(sorted(found.items(), key=lambda item: (place.get(item[0], 99), item[0])))
