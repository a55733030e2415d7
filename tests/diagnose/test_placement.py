"""Pods that are not created, find no node or no volume; nodes that fail."""

from __future__ import annotations

import pytest

from steersman_tools.testing import Given, Stage

from .helpers import diagnose, named, shop

UNSCHEDULABLE = "0/2 nodes are available"


def pending(stage: Stage, **given: Given) -> Given:
    pod: Given = stage.deployment("cart", replicas=1, ready=0, node="", state={}, **given)[0]
    stage.service("cart")
    stage.event(f"Pod/{pod['metadata']['name']}", "FailedScheduling", UNSCHEDULABLE)
    return pod


@pytest.mark.parametrize(
    ("spec", "container", "fault"),
    [
        ({"nodeSelector": {"disk": "nvme"}}, {}, "node-selector-mismatch"),
        (
            {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["z"]}]}]}}}},
            {},
            "node-affinity-mismatch",
        ),
        ({}, {"resources": {"requests": {"memory": "64Gi"}}}, "insufficient-memory"),
        ({}, {"resources": {"requests": {"cpu": "12"}}}, "insufficient-cpu"),
        ({}, {"resources": {"limits": {"nvidia.com/gpu": 1}}}, "insufficient-gpu"),
        (
            {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
                {"labelSelector": {"matchLabels": {"app": "frontend"}}, "topologyKey": "region"}]}}},
            {},
            None,
        ),
    ],
)  # fmt: skip
def test_what_keeps_a_pod_off_every_node(spec: Given, container: Given, fault: str | None) -> None:
    """The one condition that no node meets is the cause; where the pod would fit after all, none is invented."""
    stage = shop()
    pending(stage, spec=spec, container=container)
    assert named(stage) == ([f"{fault} shop/Deployment/cart"] if fault else [])


def test_cordoned_nodes() -> None:
    """All nodes are cordoned: the nodes are at fault, not the pod."""
    stage = shop()
    for kind, obj in stage.objects:
        if kind == "Node":
            obj["spec"] = {"unschedulable": True}
    pending(stage)
    assert named(stage) == ["node-cordoned /Node/node-1"]


def test_a_taint_that_came_after_the_pods() -> None:
    """A taint which pods that run there do not tolerate is new: the node is at fault."""
    stage = shop()
    for kind, obj in stage.objects:
        if kind == "Node":
            obj["spec"] = {"taints": [{"key": "dedicated", "effect": "NoSchedule"}]}
    pending(stage)
    assert named(stage) == ["taint-not-tolerated /Node/node-1"]


def test_nodes_set_apart_are_not_the_answer() -> None:
    """GPU nodes with a taint of their own do not make a too large request a question of tolerations."""
    stage = shop()
    stage.nodes("gpu-1", memory="512Gi", taints=[{"key": "nvidia.com/gpu", "effect": "NoSchedule"}])
    pending(stage, container={"resources": {"requests": {"memory": "64Gi"}}})
    assert named(stage) == ["insufficient-memory shop/Deployment/cart"]


def test_what_changed_last_is_suspected_first() -> None:
    """Of two conditions that both exclude every node, the one that the newest revision brought leads."""
    stage = shop()
    stage.nodes("old-1", labels={"pool": "old"})
    pending(
        stage,
        container={"resources": {"requests": {"memory": "64Gi"}}},
        before={"resources": {"requests": {"memory": "1Gi"}}},
    )
    cause = diagnose(stage).causes[0]
    assert (cause.fault, cause.expected) == ("insufficient-memory", "1Gi")


def test_nobody_schedules() -> None:
    """A pod that nobody has looked at for long waits for a scheduler."""
    stage = shop()
    pod = stage.deployment("cart", replicas=1, ready=0, node="", state={})[0]
    pod["status"]["conditions"] = []
    assert named(stage) == ["scheduler-unavailable kube-system/Pod/kube-scheduler"]


REFUSALS = [
    ('exceeded quota: mem, requested: limits.memory=256Mi, used: limits.memory=1Gi, limited: limits.memory=1Gi', "quota-exceeded shop/ResourceQuota/mem"),
    ("failed quota: mem: must specify limits.memory", "quota-exceeded shop/ResourceQuota/mem"),
    ('error looking up service account shop/carter: serviceaccount "carter" not found', "service-account-missing shop/ServiceAccount/carter"),
    ('failed calling webhook "v.example.com": Post "https://x": dial tcp: connect: connection refused', "webhook-unavailable /ValidatingWebhookConfiguration/guard"),
    ('failed calling webhook "v.example.com": Post "https://x": x509: certificate signed by unknown authority', "webhook-certificate-invalid /ValidatingWebhookConfiguration/guard"),
    ('failed calling webhook "v.example.com": Post "https://x": context deadline exceeded', "webhook-timeout /ValidatingWebhookConfiguration/guard"),
    ('violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false', "pod-security-violation shop/Deployment/cart"),
    ("maximum memory usage per Container is 128Mi, but limit is 256Mi", "limit-range-violation shop/LimitRange/range"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "expected"), REFUSALS)
def test_pods_that_are_refused(words: str, expected: str) -> None:
    """No pod exists: only the controller's events tell why."""
    stage = shop()
    stage.add("{kind: ResourceQuota, metadata: {name: mem}, spec: {hard: {limits.memory: 1Gi}}}")
    stage.add("{kind: LimitRange, metadata: {name: range}}")
    stage.add("{kind: ValidatingWebhookConfiguration, metadata: {name: guard}, webhooks: [{name: v.example.com}]}")
    stage.deployment("cart", replicas=1, ready=0)
    stage.objects = [(k, o) for k, o in stage.objects if k != "Pod" or o["metadata"]["name"].startswith("frontend")]
    stage.event("ReplicaSet/cart-rs1", "FailedCreate", f'Error creating: pods "cart-" is forbidden: {words}')
    assert named(stage) == [expected]


def test_a_refusal_that_is_over() -> None:
    """Events of a shortage that has passed are no cause."""
    stage = shop()
    stage.deployment("cart")
    stage.service("cart")
    stage.event(
        "ReplicaSet/cart-rs1", "FailedCreate", "exceeded quota: mem, requested: pods=1, used: pods=9, limited: pods=9"
    )
    assert diagnose(stage).healthy


CLAIM = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}


def claiming(claim: str, volume: str = "") -> list[str]:
    stage = shop()
    stage.add("{kind: StorageClass, metadata: {name: standard}, provisioner: disk.example}")
    stage.add(
        f"{{kind: PersistentVolumeClaim, metadata: {{name: data}}, spec: {{{claim}}}, status: {{phase: Pending}}}}"
    )
    if volume:
        stage.add(f"{{kind: PersistentVolume, metadata: {{name: pv-1, labels: {{disk: slow}}}}, spec: {{{volume}}}}}")
    pod = stage.deployment("cart", replicas=1, ready=0, node="", state={}, spec=CLAIM)[0]
    stage.event(
        f"Pod/{pod['metadata']['name']}", "FailedScheduling", "pod has unbound immediate PersistentVolumeClaims"
    )
    return named(stage)


SIZE = "resources: {requests: {storage: 5Gi}}"
VOLUME = "storageClassName: manual, accessModes: [ReadWriteOnce], capacity: {storage: 10Gi}"


@pytest.mark.parametrize(
    ("claim", "volume", "fault"),
    [
        (f"storageClassName: fast, accessModes: [ReadWriteOnce], {SIZE}", "", "pvc-storage-class-missing"),
        (f"storageClassName: manual, accessModes: [ReadWriteMany], {SIZE}", VOLUME, "pvc-access-mode-mismatch"),
        (
            "storageClassName: manual, accessModes: [ReadWriteOnce], resources: {requests: {storage: 50Gi}}",
            VOLUME,
            "pvc-capacity-mismatch",
        ),
        (
            f"storageClassName: manual, accessModes: [ReadWriteOnce], selector: {{matchLabels: {{disk: fast}}}}, {SIZE}",
            VOLUME,
            "pvc-selector-mismatch",
        ),
        (
            f"storageClassName: manual, accessModes: [ReadWriteOnce], {SIZE}",
            VOLUME + ", claimRef: {namespace: x, name: y}",
            "pv-already-bound",
        ),
    ],
)
def test_claims_without_a_volume(claim: str, volume: str, fault: str) -> None:
    """The one condition that the volumes fail is the cause."""
    assert claiming(claim, volume) == [f"{fault} shop/PersistentVolumeClaim/data"]


def test_a_claim_that_does_not_exist() -> None:
    """A pod that mounts a claim which is not there."""
    stage = shop()
    stage.deployment("cart", replicas=1, ready=0, node="", state={}, spec=CLAIM)
    assert named(stage) == ["pvc-missing shop/PersistentVolumeClaim/data"]


def test_a_silent_kubelet() -> None:
    """A node without a word from its kubelet explains the pods that it takes down."""
    stage = shop()
    stage.deployment("cart", ready=1, state={})
    stage.service("cart")
    node = next(o for k, o in stage.objects if k == "Node")
    node["status"]["conditions"] = [
        {
            "type": "Ready",
            "status": "Unknown",
            "reason": "NodeStatusUnknown",
            "message": "Kubelet stopped posting node status.",
        }
    ]
    cause = diagnose(stage).causes[0]
    assert (cause.fault, str(cause.entity)) == ("kubelet-down", "/Node/node-1")
    assert "shop/Deployment/cart" in map(str, cause.explains)
    assert diagnose(stage).unexplained == ()


@pytest.mark.parametrize(
    ("resources", "fault"),
    [
        ({"limits": {"example.com/fpga": "1"}}, "insufficient-resource"),
        ({"requests": {"hugepages-2Mi": "4Gi"}}, "insufficient-resource"),
        ({"requests": {"memory": "900Gi"}}, "insufficient-memory"),
    ],
)
def test_what_no_node_has_so_much_of(resources: dict[str, object], fault: str) -> None:
    """Not a taint that some other node bears; and the field is that of the init container that asks for it."""
    stage = shop()
    stage.nodes("gpu-0", taints=[{"key": "gpu", "effect": "NoSchedule"}])
    stage.deployment(
        "mail", replicas=1, ready=0, node="", spec={"initContainers": [{"name": "warm", "resources": resources}]}
    )
    cause = diagnose(stage).causes[0]
    assert (cause.fault, str(cause.entity)) == (fault, "shop/Deployment/mail")
    assert cause.field.startswith("spec.template.spec.initContainers[0].resources")
