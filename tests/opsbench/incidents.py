"""Incidents of the small shop, one or several for each root cause that no case of the development data shows, in the words of
Kubernetes 1.31, containerd, MySQL and the usual clients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from textwrap import dedent
from typing import Any

from .kubectl import BASKET, FRONT, SPACE, Node, Pod, Service, Shop, replica_set

PENDING = replace(
    BASKET,
    node="<none>",
    state="Waiting\n  Reason:       ContainerCreating",
    ready=False,
    status="Pending",
    shown="Pending",
)
CREATING = replace(
    BASKET, state="Waiting\n  Reason:       ContainerCreating", ready=False, status="Pending", shown="ContainerCreating"
)
UNREADY = replace(BASKET, ready=False)
CRASHED = "Terminated\n  Reason:       Error\n  Exit Code:    {}\n  Started:      Mon, 02 Mar 2026 10:04:00 +0000\n  Finished:     Mon, 02 Mar 2026 10:04:05 +0000"


def _quota(resource: str, requested: str, used: str, limited: str) -> Shop:
    message = (
        f'Warning  FailedCreate  10s (x6 over 60s)  replicaset-controller  Error creating: pods "basket-7d4b9c6f5d-vv2qp" is forbidden: '
        f"exceeded quota: limits-of-shop, requested: {resource}={requested}, used: {resource}={used}, limited: {resource}={limited}"
    )
    quota = f"Name:       limits-of-shop\nNamespace:  {SPACE}\nResource  Used  Hard\n--------  ----  ----\n{resource}  {used}  {limited}\n"
    return replace(
        Shop().without("basket").serve(Service("basket", endpoints="")),
        more=(
            (f"kubectl get resourcequotas -n {SPACE}", f"NAME             AGE   REQUEST                    LIMIT\nlimits-of-shop   3m    {resource}: {used}/{limited}   "),
            (f"kubectl describe resourcequota limits-of-shop -n {SPACE}", quota),
            replica_set("basket", message),
        ),
    )  # fmt: skip


def _services_full() -> Shop:
    """A Service that the quota did not let through: nothing but its absence tells."""
    quota = f"Name:       count-of-shop\nNamespace:  {SPACE}\nResource  Used  Hard\n--------  ----  ----\nservices  2     2\n"
    return replace(
        Shop(),
        services=tuple(s for s in Shop().services if s.app != "basket"),
        more=((f"kubectl describe resourcequotas -n {SPACE}", quota),),
    )


_CLAIM = """\
    Name:          basket-data
    Namespace:     shop
    StorageClass:  {storage_class}
    Status:        Pending
    Volume:        {volume}
    Labels:        <none>
    Annotations:   <none>
    Finalizers:    [kubernetes.io/pvc-protection]
    Capacity:      0
    Access Modes:
    VolumeMode:    Filesystem
    Used By:       basket-7d4b9c6f5d-k9q8w
    Events:
      Type     Reason              Age                From                         Message
      ----     ------              ----               ----                         -------
      {event}
"""
_VOLUME = """\
    Name:            disk-1
    Labels:          {labels}
    Annotations:     <none>
    Finalizers:      [kubernetes.io/pv-protection]
    StorageClass:    standard
    Status:          {status}
    Claim:           {claim}
    Reclaim Policy:  Retain
    Access Modes:    RWO
    VolumeMode:      Filesystem
    Capacity:        5Gi
    Node Affinity:   <none>
    Message:
    Source:
        Type:          HostPath (bare host directory volume)
        Path:          /data/disk-1
        HostPathType:
    Events:            <none>
"""
_NO_VOLUME = "Normal   FailedBinding  3s (x8 over 95s)   persistentvolume-controller  no persistent volumes available for this claim and no storage class is set"
_WANTED = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: basket-data
  namespace: shop
spec:
  accessModes: [{mode}]
  storageClassName: {storage_class}
  resources:
    requests:
      storage: {size}
{rest}"""


def _claim(
    *,
    mode: str = "ReadWriteOnce",
    size: str = "1Gi",
    storage_class: str = "standard",
    rest: str = "",
    labels: str = "<none>",
    claim: str = "",
    volume: str = "",
    event: str = _NO_VOLUME,
) -> Shop:
    """A pod that waits for its claim, beside one volume of 5Gi, ReadWriteOnce, class standard."""
    wait = "Warning  FailedScheduling  70s  default-scheduler  0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
    pod = replace(
        PENDING,
        events=(wait,),
        volumes="  data:\n    Type:       PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)\n    ClaimName:  basket-data\n    ReadOnly:   false\n",
    )
    filled = {"labels": labels, "status": "Bound" if claim else "Available", "claim": claim}
    return replace(
        Shop().put(pod).serve(Service("basket", endpoints="")),
        more=(
            (f"kubectl get persistentvolumeclaims -n {SPACE}", f"NAME          STATUS    VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   VOLUMEATTRIBUTESCLASS   AGE\nbasket-data   Pending   {volume:<8} 0                         {storage_class:<14} <unset>                 95s"),
            (f"kubectl describe pvc basket-data -n {SPACE}", dedent(_CLAIM).format(storage_class=storage_class, volume=volume, event=event)),
            ("kubectl get persistentvolumes", f"NAME     CAPACITY   ACCESS MODES   RECLAIM POLICY   STATUS      CLAIM                STORAGECLASS   VOLUMEATTRIBUTESCLASS   REASON   AGE\ndisk-1   5Gi        RWO            Retain           {filled['status']:<11} {claim:<20} standard       <unset>                          9d"),
            ("kubectl describe pv disk-1", dedent(_VOLUME).format(**filled)),
            ("kubectl get storageclasses", "NAME       PROVISIONER                    RECLAIMPOLICY   VOLUMEBINDINGMODE   ALLOWVOLUMEEXPANSION   AGE\nstandard   kubernetes.io/no-provisioner   Delete          Immediate           false                  28d"),
            ("cat basket-data.yaml", _WANTED.format(mode=mode, size=size, storage_class=storage_class, rest=rest)),
        ),
    )  # fmt: skip


def _unschedulable(words: str, **changes: Any) -> Pod:
    line = f"Warning  FailedScheduling  70s  default-scheduler  0/3 nodes are available: {words}. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod."
    return replace(PENDING, events=(line,), **changes)


CONTROL_PLANE = Node(
    "n0", labels="kubernetes.io/role=master", unschedulable=True, taints="node.kubernetes.io/unschedulable:NoSchedule"
)
_ANTI = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: basket, namespace: shop}
spec:
  template:
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - labelSelector:
              matchExpressions: [{key: app, operator: In, values: [front, store-db, basket-old]}]
            topologyKey: kubernetes.io/os
"""


def _unit(node: str, unit: str, *, active: bool) -> tuple[str, str]:
    words = (
        "active (running) since Mon 2026-03-02 08:00:00 UTC; 2h ago"
        if active
        else "inactive (dead) since Mon 2026-03-02 10:02:11 UTC; 2min ago"
    )
    return (
        f"ssh {node} systemctl status {unit}",
        f"{'●' if active else '○'} {unit}.service - {unit}\n     Loaded: loaded (/etc/systemd/system/{unit}.service; enabled; vendor preset: enabled)\n     Active: {words}\n",
    )


def _units(node: str, dead: str, *others: str) -> tuple[tuple[str, str], ...]:
    stopped = (dead, *others)
    every = ("kubelet", "containerd", "kube-proxy")
    found = [_unit(n, u, active=not (n == node and u in stopped)) for n in ("n1", "n2", "n3") for u in every]
    return (*found, _unit("n1", "kube-scheduler", active="kube-scheduler" not in stopped))


_SILENT = "Unknown Mon, 02 Mar 2026 10:01:50 +0000   Mon, 02 Mar 2026 10:02:40 +0000   NodeStatusUnknown            Kubelet stopped posting node status."
_NO_RUNTIME = "False   Mon, 02 Mar 2026 10:04:50 +0000   Mon, 02 Mar 2026 10:02:40 +0000   KubeletNotReady              [container runtime is down, PLEG is not healthy: pleg was last seen active 3m2s ago; threshold is 3m0s]"


def _logged(app: str, lines: str, *, previous: bool = False) -> tuple[str, str]:
    return f"kubectl logs deployment/{app} -n {SPACE}{' --previous' if previous else ''}", dedent(lines)


def _crashing(code: int, lines: str, **changes: Any) -> Shop:
    pod = replace(
        BASKET,
        state="Waiting\n  Reason:       CrashLoopBackOff",
        last=CRASHED.format(code),
        ready=False,
        restarts=4,
        shown="CrashLoopBackOff",
        events=(
            "Warning  BackOff    5s (x12 over 2m)   kubelet            Back-off restarting failed container main in pod basket-7d4b9c6f5d-k9q8w_shop(0)",
        ),
        **changes,
    )
    return replace(
        Shop().put(pod).serve(Service("basket", endpoints="")), more=(_logged("basket", lines, previous=True),)
    )


def _probe(kind: str, spec: str, message: str, *, killed: bool = False, **changes: Any) -> Shop:
    events = [f"Warning  Unhealthy  2s (x9 over 82s)   kubelet            {kind} probe failed: {message}"]
    pod = replace(BASKET, probes=f"{kind}:   {spec}\n", **changes)
    if killed:
        events.append(
            f"Normal   Killing    2s (x3 over 62s)   kubelet            Container main failed {kind.lower()} probe, will be restarted"
        )
        last = "Terminated\n  Reason:       Error\n  Exit Code:    137\n  Started:      Mon, 02 Mar 2026 10:03:50 +0000\n  Finished:     Mon, 02 Mar 2026 10:04:20 +0000"
        pod = replace(
            pod, last=last, restarts=3, state="Running\n  Started:      Mon, 02 Mar 2026 10:04:21 +0000", ready=False
        )
    else:
        pod = replace(pod, ready=False)
    return Shop().put(replace(pod, events=tuple(events))).serve(Service("basket", endpoints=""))


_SIDECAR = """\
  metrics:
    Container ID:   containerd://77aa
    Image:          registry.example.com/tools/exporter:2.1
    Image ID:
    Port:           8080/TCP
    Host Port:      0/TCP
    State:          Waiting
      Reason:       CrashLoopBackOff
    Last State:     Terminated
      Reason:       Error
      Exit Code:    1
      Started:      Mon, 02 Mar 2026 10:04:00 +0000
      Finished:     Mon, 02 Mar 2026 10:04:01 +0000
    Ready:          False
    Restart Count:  5
    Environment:    <none>
    Mounts:         <none>
"""
_DB_FULL = """\
2026-03-02T10:04:51Z ERROR SqlExceptionHelper : Data source rejected establishment of connection,  message from server: "Too many connections"
2026-03-02T10:04:53Z ERROR HikariPool : com.mysql.cj.jdbc.exceptions.MySQLNonTransientConnectionException: Data source rejected establishment of connection,  message from server: "Too many connections"
2026-03-02T10:04:55Z ERROR SqlExceptionHelper : Data source rejected establishment of connection,  message from server: "Too many connections"
"""

INCIDENTS: Mapping[str, tuple[tuple[str, Shop], ...]] = {
    "namespace_cpu_quota_exceeded": (("namespace/shop", _quota("requests.cpu", "100m", "950m", "1")),),
    "namespace_memory_quota_exceeded": (
        ("namespace/shop", _quota("limits.memory", "128Mi", "1000Mi", "1Gi")),
        ("namespace/shop", _quota("requests.memory", "64Mi", "1Gi", "1Gi")),
    ),
    "namespace_pod_quota_exceeded": (("namespace/shop", _quota("pods", "1", "2", "2")),),
    "namespace_service_quota_exceeded": (("namespace/shop", _services_full()),),
    "namespace_storage_quota_exceeded": (
        ("namespace/shop", _quota("requests.storage", "5Gi", "8Gi", "10Gi")),
        ("namespace/shop", _quota("persistentvolumeclaims", "1", "3", "3")),
    ),
    "pod_anti_affinity_conflict": (
        ("app/basket", replace(Shop().put(_unschedulable("3 node(s) didn't match pod anti-affinity rules")), more=(("cat basket.yaml", _ANTI),))),
        ("app/basket", Shop().put(_unschedulable("3 node(s) didn't match pod anti-affinity rules"))),
        ("app/basket", replace(Shop().put(_unschedulable("1 node(s) were unschedulable, 3 node(s) didn't match pod anti-affinity rules")), nodes=(*Shop().nodes, CONTROL_PLANE))),
    ),
    "pvc_selector_mismatch": (("app/basket", _claim(rest="  selector:\n    matchLabels: {tier: gold}\n", labels="tier=bronze")),),
    "pvc_storage_class_mismatch": (
        ("app/basket", _claim(storage_class="ultra", event='Warning  ProvisioningFailed  3s (x8 over 95s)   persistentvolume-controller  storageclass.storage.k8s.io "ultra" not found')),
        ("app/basket", _claim(storage_class="ultra")),
    ),
    "pvc_access_mode_mismatch": (("app/basket", _claim(mode="ReadWriteMany")),),
    "pvc_capacity_mismatch": (("app/basket", _claim(size="50Gi")),),
    "pv_binding_occupied": (
        ("app/basket", _claim(volume="disk-1", claim="shop/other-data", rest="  volumeName: disk-1\n", event='Warning  FailedBinding  3s (x8 over 95s)   persistentvolume-controller  volume "disk-1" already bound to a different claim.')),
        ("app/basket", _claim(claim="shop/other-data")),
    ),
    "containerd_unavailable": (
        ("node/n1", replace(Shop().node(Node("n1", ready=_NO_RUNTIME)), more=_units("n1", "containerd"))),
        ("node/n1", replace(Shop().node(Node("n1", ready=_SILENT)), more=_units("n1", "containerd", "kubelet"))),
        ("node/n1", replace(Shop().put(replace(CREATING, events=('Warning  FailedCreatePodSandBox  3s (x9 over 2m)  kubelet  Failed to create pod sandbox: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused"',))), more=_units("n1", "containerd"))),
    ),
    "kubelet_unavailable": (
        ("node/n1", replace(Shop().node(Node("n1", ready=_SILENT)), more=_units("n1", "kubelet"))),
        ("node/n1", Shop().node(Node("n1", ready=_SILENT))),
    ),
    "kube_scheduler_unavailable": (
        ("node/n1", replace(Shop().put(PENDING).serve(Service("basket", endpoints="")), more=_units("n1", "kube-scheduler"))),
    ),
    "volume_mount_permission_denied": (
        ("app/basket", _crashing(1, """\
            2026-03-02T10:04:04Z starting
            2026-03-02T10:04:05Z mkdir: cannot create directory '/data/index': Permission denied
            """)),
        ("app/basket", _crashing(1, "2026-03-02T10:04:05Z Can't open the append-only file: Permission denied\n")),
        ("app/basket", _crashing(1, "2026-03-02T10:04:05Z mysqld: Can't create/write to file '/var/lib/mysql/is_writable' (OS errno 13 - Permission denied)\n")),
        ("app/basket", Shop().put(replace(CREATING, events=('Warning  FailedMount  4s (x7 over 70s)  kubelet  MountVolume.SetUp failed for volume "data" : mount failed: exit status 32\\nMounting command: mount\\nOutput: mount.nfs: access denied by server while mounting 10.9.0.4:/export',)))),
    ),
    "liveness_probe_incorrect_timing": (
        ("app/basket", _probe("Liveness", "http-get http://:8080/health delay=0s timeout=1s period=1s #success=1 #failure=1", 'Get "http://10.1.0.6:8080/health": dial tcp 10.1.0.6:8080: connect: connection refused', killed=True)),
        ("app/basket", _probe("Liveness", "http-get http://:8080/health delay=5s timeout=1s period=5s #success=1 #failure=1", 'Get "http://10.1.0.6:8080/health": context deadline exceeded (Client.Timeout exceeded while awaiting headers)', killed=True)),
        ("app/basket", _probe("Liveness", "grpc <pod>:8080  delay=1s timeout=1s period=1s #success=1 #failure=1", 'timeout: failed to connect service "10.1.0.6:8080" within 1s: context deadline exceeded', killed=True)),
    ),
    "readiness_probe_incorrect_protocol": (
        ("app/basket", _probe("Readiness", "http-get https://:8080/ready delay=0s timeout=1s period=5s #success=1 #failure=3", 'Get "https://10.1.0.6:8080/ready": http: server gave HTTP response to HTTPS client')),
        ("app/basket", _probe("Readiness", "http-get http://:8080/ delay=5s timeout=1s period=10s #success=1 #failure=3", 'Get "http://10.1.0.6:8080/": net/http: HTTP/1.x transport connection broken: malformed HTTP response "\\x00\\x00\\x06\\x04"')),
        ("app/basket", _probe("Readiness", "grpc <pod>:8080  delay=5s timeout=1s period=10s #success=1 #failure=3", 'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service grpc.health.v1.Health')),
        ("app/basket", _probe("Readiness", "http-get http://:8080/ delay=5s timeout=1s period=10s #success=1 #failure=3", 'Get "http://10.1.0.6:8080/": EOF')),
    ),
    "service_sidecar_port_conflict": (
        ("app/basket", replace(Shop().put(replace(BASKET, ready=False, more=_SIDECAR, shown="CrashLoopBackOff", restarts=5)).serve(Service("basket", endpoints="")), more=((f"kubectl logs deployment/basket -n {SPACE} -c metrics --previous", "2026-03-02T10:04:01Z listen tcp :8080: bind: address already in use"),))),
        ("app/basket", Shop().put(replace(BASKET, ready=False, more=_SIDECAR, shown="CrashLoopBackOff", restarts=5)).serve(Service("basket", endpoints=""))),
        ("app/basket", _crashing(1, "2026-03-02T10:04:01Z OSError: [Errno 98] Address already in use\n")),
    ),
    "db_connection_exhaustion": (
        ("app/store-db", replace(Shop().put(replace(FRONT, env="BASKET_ADDR:  basket:80\nDB_HOST:      store-db\nDB_PORT:      3306")), more=(_logged("front", _DB_FULL),))),
        ("app/store-db", replace(Shop().put(replace(FRONT, env="DB_URL:  jdbc:mysql://store-db:3306/shop")), more=(_logged("front", "2026-03-02T10:04:55Z Error: ER_CON_COUNT_ERROR: Too many connections\n" * 3),))),
    ),
    "service_protocol_mismatch": (
        ("app/basket", Shop().serve(Service("basket", target="8080/UDP", protocol="UDP"))),
    ),
}  # fmt: skip
