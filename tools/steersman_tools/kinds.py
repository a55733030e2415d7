"""The kinds of objects that the product reads, with the API versions that serve them, best first."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: `versions` are those whose objects have the shape that the product reads."""

    name: str
    plural: str
    group: str = ""
    versions: tuple[str, ...] = ("v1",)
    namespaced: bool = True
    lean: bool = False
    """Whether managedFields are dropped on arrival: there are many of these objects and nobody asks who wrote them."""

    def path(self, version: str, namespace: str | None = None, name: str | None = None) -> str:
        """The URL path of the collection, or of one object."""
        root = f"/apis/{self.group}/{version}" if self.group else f"/api/{version}"
        where = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{where}/{self.plural}" + (f"/{name}" if name else "")

    @property
    def argument(self) -> str:
        """How kubectl is told the kind, unmistakably."""
        return f"{self.plural}.{self.group}" if "." in self.group and not self.group.endswith("k8s.io") else self.plural


_NETWORKING, _RBAC, _ADMISSION = "networking.k8s.io", "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
_GATEWAY = "gateway.networking.k8s.io"
_DRA, _KUEUE, _JANITOR = "resource.k8s.io", "kueue.x-k8s.io", "janitor.dgxc.nvidia.com"

KINDS: tuple[Kind, ...] = (
    Kind("Namespace", "namespaces", namespaced=False),
    Kind("Node", "nodes", namespaced=False),
    Kind("PersistentVolume", "persistentvolumes", namespaced=False),
    Kind("Pod", "pods", lean=True),
    Kind("Service", "services"),
    Kind("Endpoints", "endpoints", lean=True),
    Kind("ConfigMap", "configmaps"),
    Kind("Secret", "secrets"),
    Kind("ServiceAccount", "serviceaccounts", lean=True),
    Kind("PersistentVolumeClaim", "persistentvolumeclaims"),
    Kind("ResourceQuota", "resourcequotas"),
    Kind("LimitRange", "limitranges"),
    Kind("ReplicationController", "replicationcontrollers"),
    Kind("Deployment", "deployments", "apps"),
    Kind("ReplicaSet", "replicasets", "apps"),
    Kind("StatefulSet", "statefulsets", "apps"),
    Kind("DaemonSet", "daemonsets", "apps"),
    Kind("ControllerRevision", "controllerrevisions", "apps", lean=True),
    Kind("Job", "jobs", "batch"),
    Kind("CronJob", "cronjobs", "batch", ("v1", "v1beta1")),
    Kind("HorizontalPodAutoscaler", "horizontalpodautoscalers", "autoscaling", ("v2", "v2beta2", "v1")),
    Kind("PodDisruptionBudget", "poddisruptionbudgets", "policy", ("v1", "v1beta1")),
    Kind("NetworkPolicy", "networkpolicies", _NETWORKING),
    Kind("Ingress", "ingresses", _NETWORKING),
    Kind("IngressClass", "ingressclasses", _NETWORKING, namespaced=False),
    Kind("StorageClass", "storageclasses", "storage.k8s.io", namespaced=False),
    Kind("PriorityClass", "priorityclasses", "scheduling.k8s.io", namespaced=False, lean=True),
    Kind("MutatingWebhookConfiguration", "mutatingwebhookconfigurations", _ADMISSION, namespaced=False),
    Kind("ValidatingWebhookConfiguration", "validatingwebhookconfigurations", _ADMISSION, namespaced=False),
    Kind("APIService", "apiservices", "apiregistration.k8s.io", namespaced=False, lean=True),
    Kind("Role", "roles", _RBAC, lean=True),
    Kind("RoleBinding", "rolebindings", _RBAC, lean=True),
    Kind("ClusterRole", "clusterroles", _RBAC, namespaced=False, lean=True),
    Kind("ClusterRoleBinding", "clusterrolebindings", _RBAC, namespaced=False, lean=True),
    Kind("Gateway", "gateways", _GATEWAY, ("v1", "v1beta1")),
    Kind("GatewayClass", "gatewayclasses", _GATEWAY, ("v1", "v1beta1"), namespaced=False),
    Kind("HTTPRoute", "httproutes", _GATEWAY, ("v1", "v1beta1")),
    Kind("ResourceSlice", "resourceslices", _DRA, ("v1", "v1beta2", "v1beta1"), namespaced=False, lean=True),
    Kind("ResourceClaim", "resourceclaims", _DRA, ("v1", "v1beta2", "v1beta1"), lean=True),
    Kind("DeviceTaintRule", "devicetaintrules", _DRA, ("v1", "v1beta2", "v1alpha3"), namespaced=False),
    Kind("Workload", "workloads", _KUEUE, ("v1beta2", "v1beta1"), lean=True),
    Kind("LocalQueue", "localqueues", _KUEUE, ("v1beta2", "v1beta1")),
    Kind("ClusterQueue", "clusterqueues", _KUEUE, ("v1beta2", "v1beta1"), namespaced=False),
    Kind("PodGroup", "podgroups", "scheduling.volcano.sh", ("v1beta1",), lean=True),
    Kind("TrainJob", "trainjobs", "trainer.kubeflow.org", ("v1", "v1alpha1")),
    Kind("PyTorchJob", "pytorchjobs", "kubeflow.org"),
    Kind("JobSet", "jobsets", "jobset.x-k8s.io", ("v1", "v1alpha2")),
    Kind("InferenceService", "inferenceservices", "serving.kserve.io", ("v1", "v1beta1")),
    Kind("ScaledObject", "scaledobjects", "keda.sh", ("v1", "v1alpha1")),
    Kind("RebootNode", "rebootnodes", _JANITOR, ("v1", "v1alpha1"), namespaced=False, lean=True),
    Kind("GPUReset", "gpuresets", _JANITOR, ("v1", "v1alpha1"), namespaced=False, lean=True),
)

EVENT = Kind("Event", "events", lean=True)
LEASE = Kind("Lease", "leases", "coordination.k8s.io", lean=True)
"""Not read with the rest: who is healing what."""

BY_NAME = {kind.name: kind for kind in (*KINDS, EVENT, LEASE)}
BY_PLURAL = {kind.plural: kind for kind in (*KINDS, EVENT)}

OPTIONAL_GROUPS = frozenset({
    _GATEWAY, _DRA, _KUEUE, _JANITOR, "scheduling.volcano.sh", "trainer.kubeflow.org", "kubeflow.org", "jobset.x-k8s.io",
    "serving.kserve.io", "keda.sh",
})  # fmt: skip
"""API groups that a cluster need not have, or not with all kinds: their absence is no gap in what was checked."""
