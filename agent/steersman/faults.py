"""The closed list of fault names, a sentence each. Add freely, rename never: scripts and memories depend on them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self, TypeAlias

from pydantic import AfterValidator


class Fault(StrEnum):
    """What can be wrong. `sentence` says it in general terms; a finding says it of one object."""

    sentence: str
    group: str

    def __new__(cls, name: str, group: str = "", sentence: str = "") -> Self:
        member = str.__new__(cls, name)
        member._value_, member.group, member.sentence = name, group, sentence
        return member

    QUOTA_EXCEEDED = (
        "quota-exceeded",
        "admission",
        "A ResourceQuota leaves no room for the objects that a controller must create.",
    )
    SERVICE_ACCOUNT_MISSING = (
        "service-account-missing",
        "admission",
        "Pods name a ServiceAccount that does not exist, so none is created.",
    )
    WEBHOOK_UNAVAILABLE = (
        "webhook-unavailable",
        "admission",
        "An admission webhook that must answer does not, so requests are refused.",
    )
    WEBHOOK_CERTIFICATE_INVALID = (
        "webhook-certificate-invalid",
        "admission",
        "The API server does not trust the certificate of an admission webhook.",
    )
    WEBHOOK_TIMEOUT = "webhook-timeout", "admission", "An admission webhook answers too late, so requests are refused."
    WEBHOOK_MUTATES_RESOURCES = (
        "webhook-mutates-resources",
        "admission",
        "An admission webhook changes what is asked for into something that fails.",
    )
    POD_SECURITY_VIOLATION = (
        "pod-security-violation",
        "admission",
        "The namespace's pod security level forbids what the pod template asks for.",
    )
    LIMIT_RANGE_VIOLATION = (
        "limit-range-violation",
        "admission",
        "A LimitRange forbids the resources that the pod template asks for.",
    )

    ADMISSION_DENIED = (
        "admission-denied",
        "admission",
        "The API server refuses to create the pods, for a reason that it states.",
    )

    NODE_SELECTOR_MISMATCH = (
        "node-selector-mismatch",
        "scheduling",
        "No node carries the labels of the pod's nodeSelector.",
    )
    NODE_AFFINITY_MISMATCH = (
        "node-affinity-mismatch",
        "scheduling",
        "No node satisfies the pod's required node affinity.",
    )
    TAINT_NOT_TOLERATED = (
        "taint-not-tolerated",
        "scheduling",
        "The nodes that would fit have a taint that the pod does not tolerate.",
    )
    NODE_CORDONED = "node-cordoned", "scheduling", "The nodes that would fit are cordoned."
    ANTI_AFFINITY_CONFLICT = (
        "anti-affinity-conflict",
        "scheduling",
        "The pod's anti-affinity excludes every node that would fit.",
    )
    INSUFFICIENT_CPU = "insufficient-cpu", "scheduling", "No node has as much CPU left as the pod requests."
    INSUFFICIENT_MEMORY = "insufficient-memory", "scheduling", "No node has as much memory left as the pod requests."
    INSUFFICIENT_RESOURCE = "insufficient-resource", "scheduling", "No node has as much left of another resource."
    INSUFFICIENT_GPU = "insufficient-gpu", "scheduling", "No node has as many GPUs left as the pod asks for."
    HOST_PORT_CONFLICT = (
        "host-port-conflict",
        "scheduling",
        "The host port that the pod asks for is taken on every node that would fit.",
    )
    VOLUME_NODE_CONFLICT = (
        "volume-node-conflict",
        "scheduling",
        "The pod's volume can be attached only to nodes that do not fit otherwise.",
    )
    TOPOLOGY_SPREAD_CONFLICT = (
        "topology-spread-conflict",
        "scheduling",
        "The pod's topology spread constraint cannot be satisfied.",
    )
    PREEMPTED_BY_PRIORITY = (
        "preempted-by-priority",
        "scheduling",
        "A pod of higher priority has taken the place of this one.",
    )
    SCHEDULER_UNAVAILABLE = "scheduler-unavailable", "scheduling", "No scheduler assigns pods to nodes."

    PVC_MISSING = "pvc-missing", "storage", "A pod mounts a PersistentVolumeClaim that does not exist."
    PVC_STORAGE_CLASS_MISSING = (
        "pvc-storage-class-missing",
        "storage",
        "The claim names a StorageClass that does not exist or cannot provision.",
    )
    PVC_SELECTOR_MISMATCH = "pvc-selector-mismatch", "storage", "No volume carries the labels of the claim's selector."
    PVC_ACCESS_MODE_MISMATCH = "pvc-access-mode-mismatch", "storage", "No volume offers the access mode of the claim."
    PVC_CAPACITY_MISMATCH = "pvc-capacity-mismatch", "storage", "No volume is as large as the claim asks for."
    PV_ALREADY_BOUND = "pv-already-bound", "storage", "The volume that the claim names is bound to another claim."
    VOLUME_PERMISSION_DENIED = "volume-permission-denied", "storage", "The container may not read or write its volume."
    VOLUME_MOUNT_FAILED = (
        "volume-mount-failed",
        "storage",
        "A volume of the pod cannot be mounted, so no container starts.",
    )
    VOLUME_SHARED_RWO = "volume-shared-rwo", "storage", "A ReadWriteOnce volume is wanted by pods on several nodes."

    IMAGE_NOT_FOUND = "image-not-found", "startup", "The image or its tag does not exist in the registry."
    IMAGE_REGISTRY_UNREACHABLE = (
        "image-registry-unreachable",
        "startup",
        "The registry of the image cannot be reached or its name is wrong.",
    )
    IMAGE_PULL_UNAUTHORIZED = (
        "image-pull-unauthorized",
        "startup",
        "The registry refuses the pull: credentials are missing or wrong.",
    )
    IMAGE_PULL_SLOW = (
        "image-pull-slow",
        "startup",
        "An image is being pulled for long while what the pod holds, such as GPUs, lies idle.",
    )
    IMAGE_ARCHITECTURE_MISMATCH = (
        "image-architecture-mismatch",
        "startup",
        "The image has no build for the node's architecture.",
    )
    CONFIGMAP_MISSING = "configmap-missing", "startup", "A container needs a ConfigMap that does not exist."
    SECRET_MISSING = "secret-missing", "startup", "A container needs a Secret that does not exist."
    CONFIG_KEY_MISSING = (
        "config-key-missing",
        "startup",
        "A container needs a key that the ConfigMap or Secret does not have.",
    )
    INIT_CONTAINER_BLOCKED = (
        "init-container-blocked",
        "startup",
        "An init container does not finish, so the pod never starts.",
    )
    COMMAND_INVALID = "command-invalid", "startup", "The container's command cannot be run."

    OOM_KILLED = "oom-killed", "runtime", "The container needs more memory than its limit and is killed."
    MEMORY_LEAK = "memory-leak", "runtime", "The container's memory grows until its limit kills it."
    CRASH_ON_START = "crash-on-start", "runtime", "The container exits soon after it starts."
    LIVENESS_PROBE_PORT = (
        "liveness-probe-port",
        "runtime",
        "The liveness probe asks a port on which nothing listens, so the container is killed.",
    )
    LIVENESS_PROBE_PROTOCOL = (
        "liveness-probe-protocol",
        "runtime",
        "The liveness probe speaks another protocol than the container, so it is killed.",
    )
    LIVENESS_PROBE_PATH = (
        "liveness-probe-path",
        "runtime",
        "The liveness probe asks for a path that the container does not know, so it is killed.",
    )
    LIVENESS_PROBE_TIMING = (
        "liveness-probe-timing",
        "runtime",
        "The liveness probe is too hasty for the container, so it is killed.",
    )
    READINESS_PROBE_PORT = (
        "readiness-probe-port",
        "runtime",
        "The readiness probe asks a port on which nothing listens, so the pod gets no traffic.",
    )
    READINESS_PROBE_PROTOCOL = (
        "readiness-probe-protocol",
        "runtime",
        "The readiness probe speaks another protocol than the container, so the pod gets no traffic.",
    )
    READINESS_PROBE_PATH = (
        "readiness-probe-path",
        "runtime",
        "The readiness probe asks for a path that the container does not know, so the pod gets no traffic.",
    )
    READINESS_PROBE_TIMING = (
        "readiness-probe-timing",
        "runtime",
        "The readiness probe is too hasty for the container, so the pod gets no traffic.",
    )
    CONTAINER_PORT_CONFLICT = "container-port-conflict", "runtime", "Two containers of the pod want the same port."
    ENV_MISSING = "env-missing", "runtime", "The container lacks an environment variable that it needs."
    ENV_ADDRESS_WRONG = (
        "env-address-wrong",
        "runtime",
        "An environment variable gives a wrong address of something that the container calls.",
    )
    ENV_DUPLICATED = "env-duplicated", "runtime", "An environment variable is set twice; the later entry wins."
    SECRET_STALE = (
        "secret-stale",
        "runtime",
        "Running pods still use the value that a Secret had before it was changed.",
    )
    CPU_THROTTLED = "cpu-throttled", "runtime", "The container needs more CPU than its limit and is throttled."
    SCALED_TO_ZERO = "scaled-to-zero", "runtime", "A workload that others need is scaled to zero."
    DB_CREDENTIALS_INVALID = (
        "db-credentials-invalid",
        "runtime",
        "A database refuses the user or password that a client presents.",
    )
    DB_PORT_WRONG = "db-port-wrong", "runtime", "A client asks for its database on a port where it does not listen."
    DB_READ_ONLY = "db-read-only", "runtime", "The database refuses writes."
    DB_CONNECTIONS_EXHAUSTED = "db-connections-exhausted", "runtime", "The database accepts no more connections."

    SERVICE_SELECTOR_MISMATCH = (
        "service-selector-mismatch",
        "routing",
        "The Service's selector matches none of the pods it is for.",
    )
    SERVICE_SELECTOR_TOO_WIDE = (
        "service-selector-too-wide",
        "routing",
        "The Service's selector matches pods that do not serve it.",
    )
    SERVICE_PORT_MISMATCH = (
        "service-port-mismatch",
        "routing",
        "The Service sends its traffic to a port on which the pods do not listen.",
    )
    SERVICE_PROTOCOL_MISMATCH = (
        "service-protocol-mismatch",
        "routing",
        "The Service's port has another protocol than the application.",
    )
    SERVICE_MISSING = "service-missing", "routing", "A Service that others call does not exist."
    NETWORK_POLICY_BLOCKS = (
        "network-policy-blocks",
        "routing",
        "A NetworkPolicy drops traffic that the applications need.",
    )
    INGRESS_MISROUTE = "ingress-misroute", "routing", "An Ingress sends requests to the wrong Service or port."
    GATEWAY_MISROUTE = "gateway-misroute", "routing", "A gateway's route sends requests to the wrong backend."
    INTERNAL_TRAFFIC_POLICY_LOCAL = (
        "internal-traffic-policy-local",
        "routing",
        "internalTrafficPolicy Local drops the calls from nodes without a local endpoint.",
    )
    DNS_RECORD_BROKEN = "dns-record-broken", "routing", "The cluster's DNS gives no or a wrong answer for a name."
    DNS_POLICY_WRONG = (
        "dns-policy-wrong",
        "routing",
        "The pod's dnsPolicy or dnsConfig keeps it from resolving names of the cluster.",
    )
    TLS_EXPIRED = "tls-expired", "routing", "A certificate that is in use has expired."

    HPA_NO_CPU_REQUEST = (
        "hpa-no-cpu-request",
        "controllers",
        "The autoscaler cannot compute utilisation: the containers request none of the resource.",
    )
    HPA_TARGET_MISSING = "hpa-target-missing", "controllers", "The autoscaler's target does not exist."
    HPA_MISCONFIGURED = (
        "hpa-misconfigured",
        "controllers",
        "The autoscaler's settings keep it from scaling as it should.",
    )
    CRONJOB_SIDECAR_BLOCKS = (
        "cronjob-sidecar-blocks",
        "controllers",
        "A sidecar keeps the pods of a Job from ever finishing.",
    )
    ROLLOUT_STRATEGY_UNSAFE = (
        "rollout-strategy-unsafe",
        "controllers",
        "The rollout strategy takes the workload down or cannot proceed.",
    )
    ROLLOUT_STUCK = "rollout-stuck", "controllers", "A rollout makes no progress."
    FINALIZER_STUCK = "finalizer-stuck", "controllers", "An object is being deleted but a finalizer never completes."
    RBAC_DENIED = "rbac-denied", "controllers", "A workload's ServiceAccount may not do what it needs."
    EXTERNAL_WRITER = (
        "external-writer",
        "controllers",
        "Something outside keeps writing a value that breaks the workload.",
    )

    KUBELET_DOWN = "kubelet-down", "nodes", "The node's kubelet does not report."
    CONTAINER_RUNTIME_DOWN = "container-runtime-down", "nodes", "The node's container runtime does not answer."
    KUBE_PROXY_DOWN = (
        "kube-proxy-down",
        "nodes",
        "The node's kube-proxy does not run, so Services are not reachable from it.",
    )
    DISK_PRESSURE = "disk-pressure", "nodes", "The node runs out of disk and evicts pods."
    MEMORY_PRESSURE = "memory-pressure", "nodes", "The node runs out of memory and evicts pods."
    PID_PRESSURE = "pid-pressure", "nodes", "The node runs out of process ids."
    NODE_NETWORK_UNAVAILABLE = (
        "node-network-unavailable",
        "nodes",
        "The node's network was never set up, so its pods get no connection.",
    )
    NODE_NETWORK_DELAY = "node-network-delay", "nodes", "The node's network is slow."
    NODE_NETWORK_LOSS = "node-network-loss", "nodes", "The node's network loses packets."

    CPU_OVERLOAD = "cpu-overload", "performance", "The workload needs more CPU than it has."
    NETWORK_DELAY = "network-delay", "performance", "The network of the workload's pods is slow."
    LOAD_SURGE = "load-surge", "performance", "More requests arrive than the workload can serve."
    LOAD_AHEAD = "load-ahead", "performance", "More requests are coming than the workload's replicas will carry."
    LOAD_PASSED = "load-passed", "performance", "Replicas that were added for a rise in load are needed no longer."
    RETRY_STORM = "retry-storm", "performance", "Retries multiply the load on something that already fails."
    RELEASE_REGRESSION = (
        "release-regression",
        "performance",
        "The latest release is slower or fails more than the one before.",
    )

    GPU_LOST = "gpu-lost", "gpu", "A GPU has fallen off the bus or is no longer enumerated."
    GPU_ECC_UNCORRECTABLE = "gpu-ecc-uncorrectable", "gpu", "A GPU has uncorrectable memory errors."
    GPU_ROW_REMAP = "gpu-row-remap", "gpu", "A GPU's memory row remapping is pending or has failed."
    GPU_NVLINK_ERROR = "gpu-nvlink-error", "gpu", "A GPU's NVLink reports errors."
    GPU_GSP_TIMEOUT = "gpu-gsp-timeout", "gpu", "A GPU's system processor does not answer."
    GPU_THROTTLED = "gpu-throttled", "gpu", "A GPU is slowed down by heat or power."
    GPU_UNHEALTHY = "gpu-unhealthy", "gpu", "The device plugin has taken a GPU out of service."
    GPU_FRAGMENTED = "gpu-fragmented", "gpu", "Enough GPUs are free, but nowhere as many together as are asked for."
    GANG_BLOCKED = "gang-blocked", "gpu", "A group of pods that must start together waits for some of its members."
    GPU_IDLE = "gpu-idle", "gpu", "Allocated GPUs do no work."
    NCCL_TIMEOUT = (
        "nccl-timeout",
        "gpu",
        "A collective operation between GPUs does not finish: one member lags or is gone.",
    )
    CHECKPOINT_FAILED = "checkpoint-failed", "gpu", "A training run cannot write its checkpoints."
    KV_CACHE_EXHAUSTED = "kv-cache-exhausted", "gpu", "An inference server's key-value cache is full."

    BACKEND_OFFLINE = "backend-offline", "quantum", "The quantum backend is not operational."
    BACKEND_PAUSED = "backend-paused", "quantum", "The quantum backend's queue is paused."
    CALIBRATION_STALE = (
        "calibration-stale",
        "quantum",
        "The quantum backend has not been calibrated for longer than usual.",
    )
    CALIBRATION_DRIFTED = (
        "calibration-drifted",
        "quantum",
        "The quantum backend's errors have grown beyond their own history.",
    )
    ISA_MISMATCH = (
        "isa-mismatch",
        "quantum",
        "The circuit uses instructions or couplings that the backend does not have.",
    )
    SESSION_CLOSED = "session-closed", "quantum", "The session that the job belongs to is closed."
    QUEUE_SLOW = "queue-slow", "quantum", "The job's queue moves more slowly than its deadline allows."
    BUDGET_EXHAUSTED = "budget-exhausted", "quantum", "The account's quantum time or budget is used up."
    RAN_TOO_LONG = "ran-too-long", "quantum", "The job ran longer than its limit."
    LICENCE_EXHAUSTED = "licence-exhausted", "quantum", "All licences of the QPU are taken."
    JOB_HELD = "job-held", "quantum", "The job is held and will not start until it is released."
    QPU_NAME_IGNORED = (
        "qpu-name-ignored",
        "quantum",
        "The job names a QPU that the scheduler does not know and silently ignores.",
    )
    QUANTUM_OVER_LIMIT = (
        "quantum-over-limit",
        "quantum",
        "The job asks for more shots, circuits or qubits than the backend takes.",
    )
    QUANTUM_SERVICE_ERROR = "quantum-service-error", "quantum", "The provider's service failed while it had the job."
    QUANTUM_JOB_FAILED = "quantum-job-failed", "quantum", "A quantum job failed for a reason of its own."
    AS_ASKED = "as-asked", "request", "A person asked for this change; nothing need be wrong."
    HYBRID_STALL = "hybrid-stall", "quantum", "GPUs wait idle for a quantum job."


FAULTS = frozenset(Fault)


def _known(name: str) -> str:
    if name in FAULTS or name.startswith("x-"):
        return name
    raise ValueError(f"{name!r} is no fault: use a name of steersman.faults, or one of your own that begins with x-")


FaultName: TypeAlias = Annotated[str, AfterValidator(_known)]
