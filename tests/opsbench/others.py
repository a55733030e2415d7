"""Incidents of the small shop for the root causes that the development data shows too, in other words than it has: other clients,
other languages, other releases of Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .incidents import CREATING, _crashing, _logged, _probe, _unit, _unschedulable
from .kubectl import BASKET, FRONT, SPACE, Node, Service, Shop, replica_set

_PULL = 'Warning  Failed     3s (x3 over 50s)   kubelet            Failed to pull image "{image}": {words}'
_ALL = "3 node(s) didn't match Pod's node affinity/selector"


def _pulling(
    words: str, image: str = "registry.example.com/shop/app:1.0", *, before: bool = False, **changes: str
) -> Shop:
    """A pod whose image does not come; with `before`, the ErrImagePull that comes before the pauses."""
    reason = "ErrImagePull" if before else "ImagePullBackOff"
    pod = replace(
        BASKET, image=image, ready=False, shown=reason, status="Pending", state=f"Waiting\n  Reason:       {reason}",
        events=(_PULL.format(image=image, words=words), f'Normal   BackOff    2s (x4 over 50s)   kubelet            Back-off pulling image "{image}"'),
        **changes,
    )  # fmt: skip
    return Shop().put(pod).serve(Service("basket", endpoints=""))


def _account() -> Shop:
    words = (
        'Warning  FailedCreate  10s (x6 over 60s)  replicaset-controller  Error creating: pods "basket-7d4b9c6f5d-" is forbidden: '
        'error looking up service account shop/basket-runner: serviceaccount "basket-runner" not found'
    )
    return replace(
        Shop().without("basket").serve(Service("basket", endpoints="")), more=(replica_set("basket", words),)
    )


def _called(app: str, lines: str, **changes: str) -> Shop:
    """The front is set up to call the database, and its log says how that goes."""
    env = changes.pop("env", "BASKET_ADDR:  basket:80\nDB_HOST:      store-db\nDB_PORT:      3306")
    return replace(Shop().put(replace(FRONT, env=env, **changes)), more=(_logged(app, lines),))


def _times(line: str, count: int = 4) -> str:
    return "".join(f"2026-03-02T10:04:5{number}Z {line}\n" for number in range(count))


def _routed(lines: str, env: str) -> Shop:
    return replace(Shop().put(replace(FRONT, env=env)), more=(_logged("front", lines),))


def _zero() -> Shop:
    head = "NAME       READY   UP-TO-DATE   AVAILABLE   AGE"
    rows = "front      1/1     1            1           20d\nbasket     0/0     0            0           20d\nstore-db   1/1     1            1           20d"
    described = next(text for line, text in Shop().pairs() if line.startswith("kubectl describe deployment basket"))
    described = described.replace(
        "1 desired | 1 updated | 1 total | 1 available", "0 desired | 0 updated | 0 total | 0 available"
    )
    return replace(
        Shop().without("basket").serve(Service("basket", endpoints="")),
        apps=("front", "store-db"),
        more=(
            (f"kubectl get deployments -n {SPACE}", f"{head}\n{rows}"),
            (f"kubectl describe deployment basket -n {SPACE}", described),
            _logged("front", _times('rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 10.96.0.6:80: connect: connection refused"')),
        ),
    )  # fmt: skip


def _killed(state: str) -> Shop:
    pod = replace(
        BASKET, ready=False, restarts=4, shown="CrashLoopBackOff", state=state,
        last="Terminated\n  Reason:       OOMKilled\n  Exit Code:    137\n  Started:      Mon, 02 Mar 2026 10:04:00 +0000\n  Finished:     Mon, 02 Mar 2026 10:04:09 +0000",
        resources="Limits:\n  memory:  20Mi\nRequests:\n  cpu:        100m\n  memory:     20Mi",
    )  # fmt: skip
    return Shop().put(pod).serve(Service("basket", endpoints=""))


_CONFIG_WAIT = "Waiting\n  Reason:       CreateContainerConfigError"
_NO_SECRET = 'Warning  Failed     3s (x8 over 95s)   kubelet            Error: secret "basket-credentials" not found'
_BACK = "Waiting\n  Reason:       CrashLoopBackOff"
_KEYS = "Warning  Failed     3s (x8 over 95s)   kubelet            Error: couldn't find key password in Secret shop/basket-credentials"
_UNMOUNTED = 'Warning  FailedMount  3s (x8 over 95s)   kubelet            MountVolume.SetUp failed for volume "keys" : secret "basket-credentials" not found'

OTHERS: Mapping[str, tuple[tuple[str, Shop], ...]] = {
    "missing_service_account": (("app/basket", _account()),),
    "node_cordon_mismatch": (
        ("app/basket", Shop().put(_unschedulable("1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector", selector="kubernetes.io/hostname=n1")).node(Node("n1", unschedulable=True, taints="node.kubernetes.io/unschedulable:NoSchedule"))),
        ("app/basket", replace(Shop().put(_unschedulable("3 node(s) were unschedulable")), nodes=tuple(Node(n, unschedulable=True, taints="node.kubernetes.io/unschedulable:NoSchedule") for n in ("n1", "n2", "n3")))),
    ),
    "node_affinity_mismatch": (
        ("app/basket", replace(Shop().put(_unschedulable(_ALL)), more=(("cat basket.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: basket, namespace: shop}\nspec:\n  template:\n    spec:\n      affinity:\n        nodeAffinity:\n          requiredDuringSchedulingIgnoredDuringExecution:\n            nodeSelectorTerms:\n            - matchExpressions: [{key: zone, operator: In, values: [mars]}]\n"),))),
    ),
    "node_selector_mismatch": (
        ("app/basket", Shop().put(_unschedulable(_ALL, selector="disk=nvme"))),
        ("app/basket", Shop().put(_unschedulable("3 node(s) didn't match node selector", selector="disk=nvme"))),
    ),
    "taint_toleration_mismatch": (
        ("app/basket", replace(Shop().put(_unschedulable("3 node(s) had untolerated taint {dedicated: batch}")), nodes=tuple(Node(n, taints="dedicated=batch:NoSchedule") for n in ("n1", "n2", "n3")))),
        ("app/basket", replace(Shop().put(_unschedulable("3 node(s) had taint {dedicated: batch}, that the pod didn't tolerate")), nodes=tuple(Node(n, taints="dedicated=batch:NoSchedule") for n in ("n1", "n2", "n3")))),
    ),
    "cpu_capacity_mismatch": (
        ("app/basket", Shop().put(_unschedulable("3 Insufficient cpu", resources="Requests:\n  cpu:        64\n  memory:     64Mi"))),
    ),
    "memory_capacity_mismatch": (
        ("app/basket", Shop().put(_unschedulable("3 Insufficient memory", resources="Requests:\n  cpu:        100m\n  memory:     640Gi"))),
    ),
    "kube_proxy_unavailable": (
        ("node/n2", replace(_called("front", _times('dial tcp 10.96.0.6:80: i/o timeout')), more=(_unit("n2", "kube-proxy", active=False), _unit("n2", "kubelet", active=True), _unit("n1", "kube-proxy", active=True), _logged("front", _times('dial tcp 10.96.0.6:80: i/o timeout'))))),
    ),
    "image_registry_dns_failure": (
        ("app/basket", _pulling('failed to pull and unpack image "registry.exmaple.com/shop/app:1.0": failed to resolve reference "registry.exmaple.com/shop/app:1.0": failed to do request: Head "https://registry.exmaple.com/v2/shop/app/manifests/1.0": dial tcp: lookup registry.exmaple.com on 10.0.0.2:53: no such host', "registry.exmaple.com/shop/app:1.0")),
        ("app/basket", _pulling('rpc error: code = Unknown desc = Error response from daemon: Get "https://registry.exmaple.com/v2/": dial tcp: lookup registry.exmaple.com: Temporary failure in name resolution', "registry.exmaple.com/shop/app:1.0", before=True)),
        ("app/basket", _pulling('rpc error: code = DeadlineExceeded desc = failed to pull and unpack image "registry.exmaple.com/shop/app:1.0": failed to do request: Head "https://registry.exmaple.com/v2/shop/app/manifests/1.0": dial tcp: lookup registry.exmaple.com on 10.0.0.2:53: read udp 10.0.0.5:41233->10.0.0.2:53: i/o timeout', "registry.exmaple.com/shop/app:1.0")),
    ),
    "incorrect_image_reference": (
        ("app/basket", _pulling('rpc error: code = NotFound desc = failed to pull and unpack image "registry.example.com/shop/app:9.9": failed to resolve reference "registry.example.com/shop/app:9.9": registry.example.com/shop/app:9.9: not found', "registry.example.com/shop/app:9.9")),
        ("app/basket", _pulling('rpc error: code = Unknown desc = Error response from daemon: manifest for registry.example.com/shop/app:9.9 not found: manifest unknown: manifest unknown', "registry.example.com/shop/app:9.9")),
        ("app/basket", _pulling("rpc error: code = Unknown desc = Error response from daemon: pull access denied for shop/ap, repository does not exist or may require 'docker login': denied: requested access to the resource is denied", "shop/ap:1.0")),
        ("app/basket", Shop().put(replace(BASKET, image="registry.example.com/shop/App:1.0", ready=False, status="Pending", shown="InvalidImageName", state="Waiting\n  Reason:       InvalidImageName", events=('Warning  InspectFailed  3s (x8 over 95s)   kubelet            Failed to apply default image tag "registry.example.com/shop/App:1.0": couldn\'t parse image name "registry.example.com/shop/App:1.0": invalid reference format: repository name (shop/App) must be lowercase',)))),
    ),
    "missing_image_pull_secret": (
        ("app/basket", _pulling('failed to pull and unpack image "registry.example.com/shop/app:1.0": failed to resolve reference "registry.example.com/shop/app:1.0": failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://registry.example.com/token: 401 Unauthorized')),
        ("app/basket", _pulling('unexpected status code 403 Forbidden: no basic auth credentials')),
    ),
    "missing_secret_binding": (
        ("app/basket", Shop().put(replace(BASKET, ready=False, status="Pending", shown="CreateContainerConfigError", state=_CONFIG_WAIT, events=(_NO_SECRET,), env="PASSWORD:  <set to the key 'password' in secret 'basket-credentials'>  Optional: false"))),
        ("app/basket", Shop().put(replace(BASKET, ready=False, status="Pending", shown="CreateContainerConfigError", state=_CONFIG_WAIT, events=(_KEYS,), env="PASSWORD:  <set to the key 'password' in secret 'basket-credentials'>  Optional: false"))),
        ("app/basket", Shop().put(replace(CREATING, events=(_UNMOUNTED,), volumes="  keys:\n    Type:        Secret (a volume populated by a Secret)\n    SecretName:  basket-credentials\n    Optional:    false\n"))),
        ("app/basket", _crashing(1, "2026-03-02T10:04:05Z KeyError: 'STORE_PASSWORD'\n")),
    ),
    "oom_killed": (
        ("app/basket", _killed(_BACK)),
        ("app/basket", _killed("Terminated\n  Reason:       OOMKilled\n  Exit Code:    137\n  Started:      Mon, 02 Mar 2026 10:04:40 +0000\n  Finished:     Mon, 02 Mar 2026 10:04:50 +0000")),
        ("app/basket", Shop().put(replace(CREATING, resources="Limits:\n  memory:  3Mi\nRequests:\n  cpu:        100m\n  memory:     3Mi", events=("Warning  FailedCreatePodSandBox  3s (x9 over 2m)  kubelet  Failed to create pod sandbox: rpc error: code = Unknown desc = failed to start sandbox container task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: container init was OOM-killed (memory limit too low?): unknown",)))),
    ),
    "liveness_probe_incorrect_protocol": (
        ("app/basket", _probe("Liveness", "http-get https://:8080/health delay=5s timeout=1s period=5s #success=1 #failure=3", 'Get "https://10.1.0.6:8080/health": tls: first record does not look like a TLS handshake', killed=True)),
        ("app/basket", _probe("Liveness", "http-get http://:8080/health delay=5s timeout=1s period=5s #success=1 #failure=3", 'Get "http://10.1.0.6:8080/health": read tcp 10.0.0.1:40112->10.1.0.6:8080: read: connection reset by peer', killed=True)),
        ("app/basket", _probe("Liveness", "http-get http://:8080/health delay=5s timeout=1s period=5s #success=1 #failure=3\nReadiness:  tcp-socket :8080 delay=5s timeout=1s period=5s #success=1 #failure=3", "HTTP probe failed with statuscode: 403", killed=True)),
    ),
    "liveness_probe_incorrect_port": (
        ("app/basket", _probe("Liveness", "http-get http://:9999/health delay=5s timeout=1s period=5s #success=1 #failure=3", 'Get "http://10.1.0.6:9999/health": dial tcp 10.1.0.6:9999: connect: connection refused', killed=True)),
        ("app/basket", _probe("Liveness", "tcp-socket :9999 delay=5s timeout=1s period=5s #success=1 #failure=3", "dial tcp 10.1.0.6:9999: connect: connection refused", killed=True)),
    ),
    "readiness_probe_incorrect_port": (
        ("app/basket", _probe("Readiness", "http-get http://:9999/health delay=5s timeout=1s period=5s #success=1 #failure=3", 'Get "http://10.1.0.6:9999/health": dial tcp 10.1.0.6:9999: connect: connection refused')),
        ("app/basket", _probe("Readiness", "tcp-socket :9999 delay=5s timeout=1s period=5s #success=1 #failure=3", "dial tcp 10.1.0.6:9999: i/o timeout")),
    ),
    "mysql_invalid_credentials": (
        ("app/front", _called("front", _times("Error 1045 (28000): Access denied for user 'shop'@'10.1.0.5' (using password: YES)"))),
        ("app/front", _called("front", _times("java.sql.SQLException: Access denied for user 'shop'@'10.1.0.5' (using password: YES)"))),
        ("app/front", _called("front", _times("Error: ER_ACCESS_DENIED_ERROR: Access denied for user 'shop'@'10.1.0.5' (using password: NO)"))),
        ("app/front", _called("front", _times("""(pymysql.err.OperationalError) (1045, "Access denied for user 'shop'@'10.1.0.5' (using password: YES)")"""))),
        ("app/front", _called("front", _times("Error 1044 (42000): Access denied for user 'shop'@'%' to database 'shop'"))),
    ),
    "mysql_invalid_port": (
        ("app/front", _called("front", _times("dial tcp 10.96.0.8:3307: i/o timeout"), env="BASKET_ADDR:  basket:80\nDB_HOST:      store-db\nDB_PORT:      3307")),
        ("app/front", _called("front", _times("com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure"), env="BASKET_ADDR:  basket:80\nDB_URL:  jdbc:mysql://store-db:33060/shop?useSSL=false")),
        ("app/front", _called("front", _times("Error: connect ETIMEDOUT 10.96.0.8:3308"), env="BASKET_ADDR:  basket:80\nMYSQL_HOST:      store-db\nMYSQL_PORT:      3308")),
    ),
    "db_read_only": (
        ("app/store-db", _called("front", _times("Error 1290 (HY000): The MySQL server is running with the --read-only option so it cannot execute this statement"))),
        ("app/store-db", _called("front", _times("java.sql.SQLException: The MySQL server is running with the --super-read-only option so it cannot execute this statement"))),
        ("app/store-db", _called("front", _times("Error: ER_OPTION_PREVENTS_STATEMENT: The MySQL server is running with the --read-only option so it cannot execute this statement"))),
        ("app/store-db", _called("front", _times("Error 1836 (HY000): Running in read-only mode"))),
        ("app/store-db", _called("front", _times("Error 1792 (25006): Cannot execute statement in a READ ONLY transaction."))),
    ),
    "deployment_zero_replicas": (("app/basket", _zero()),),
    "service_selector_mismatch": (
        ("app/basket", replace(Shop().serve(Service("basket", selector="app=baskett", endpoints="<none>")), more=(_logged("front", _times("connect ECONNREFUSED 10.96.0.6:80")),))),
    ),
    "service_port_mapping_mismatch": (
        ("app/basket", replace(Shop().serve(Service("basket", target="8081/TCP", endpoints="10.1.0.6:8081")), more=(_logged("front", _times('dial tcp 10.96.0.6:80: connect: connection refused')),))),
        ("app/basket", replace(Shop().serve(Service("basket", target="web/TCP", endpoints="")), more=(_logged("front", _times('urllib3.exceptions.NewConnectionError: Failed to establish a new connection: [Errno 111] Connection refused')),))),
    ),
    "service_env_var_address_mismatch": (
        ("app/front", _routed(_times("dial tcp: lookup baskett on 10.96.0.10:53: no such host"), "BASKET_ADDR:  baskett:80")),
        ("app/front", _routed(_times("dial tcp 10.96.0.6:8888: i/o timeout"), "BASKET_ADDR:  basket:8888")),
        ("app/front", _routed(_times("Error: getaddrinfo ENOTFOUND basket-svc"), "BASKET_ADDR:  basket-svc:80")),
    ),
}  # fmt: skip
