"""A small shop as kubectl 1.31 prints it, written from knowledge of kubectl: what tests paste. Nothing in it is from a benchmark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from textwrap import indent

SPACE = "shop"
NODES = ("n1", "n2", "n3")
_NEW = "\n"


@dataclass(frozen=True)
class Pod:
    """One pod, as `describe` shows it; the defaults are those of a pod that is well."""

    app: str
    node: str = "n1"
    image: str = "registry.example.com/shop/app:1.0"
    port: str = "8080/TCP"
    state: str = "Running\n  Started:      Mon, 02 Mar 2026 10:00:10 +0000"
    last: str = ""
    ready: bool = True
    restarts: int = 0
    status: str = "Running"
    shown: str = "Running"
    probes: str = ""
    env: str = "<none>"
    mounts: str = "/var/run/secrets/kubernetes.io/serviceaccount from kube-api-access-x2b4z (ro)"
    volumes: str = ""
    selector: str = "<none>"
    resources: str = "Requests:\n  cpu:        100m\n  memory:     64Mi"
    events: tuple[str, ...] = ()
    more: str = ""
    """Other containers, as they stand below `Containers:`."""
    extra_ready: str = ""

    @property
    def name(self) -> str:
        return f"{self.app}-7d4b9c6f5d-{'x2b4z' if self.app != 'basket' else 'k9q8w'}"

    @property
    def containers(self) -> str:
        last = f"Last State:     {self.last}\n" if self.last else ""
        started = "containerd://4f1c" if self.state.startswith("Running") else ""
        body = (
            f"Container ID:   {started}\nImage:          {self.image}\nImage ID:       \nPort:           {self.port}\n"
            f"Host Port:      0/TCP\nState:          {self.state}\n{last}Ready:          {self.ready}\n"
            f"Restart Count:  {self.restarts}\n{self.resources}\n{self.probes}"
            f"Environment:    {_block(self.env)}\nMounts:\n  {self.mounts}\n"
        )
        return f"  main:\n{indent(body, '    ')}{self.more}"

    def describe(self) -> str:
        scheduled = self.node != "<none>"
        ready = str(self.ready)
        rows = [("PodReadyToStartContainers", str(self.state.startswith("Running"))), ("Initialized", "True")]
        rows += [("Ready", ready), ("ContainersReady", ready), ("PodScheduled", str(scheduled))]
        if not scheduled:
            rows = [("PodScheduled", "False")]
        table = "\n".join(f"  {name:<27} {value} " for name, value in rows)
        where = f"{self.node}/10.0.0.{self.node[-1]}" if scheduled else "<none>"
        events = "\n".join(f"  {line}" for line in self.events)
        head = "  Type     Reason            Age                From               Message\n"
        head += "  ----     ------            ----               ----               -------\n"
        return (
            f"Name:             {self.name}\nNamespace:        {SPACE}\nPriority:         0\nService Account:  default\n"
            f"Node:             {where}\nStart Time:       Mon, 02 Mar 2026 10:00:00 +0000\nLabels:           app={self.app}\n"
            f"                  pod-template-hash=7d4b9c6f5d\nAnnotations:      <none>\nStatus:           {self.status}\n"
            f"IP:               10.1.0.{len(self.app)}\nIPs:\n  IP:           10.1.0.{len(self.app)}\n"
            f"Controlled By:  ReplicaSet/{self.app}-7d4b9c6f5d\nContainers:\n{self.containers}Conditions:\n"
            f"  Type                        Status\n{table}\nVolumes:\n{self.volumes}  kube-api-access-x2b4z:\n"
            "    Type:                    Projected (a volume that contains injected data from multiple sources)\n"
            "    TokenExpirationSeconds:  3607\n    ConfigMapName:           kube-root-ca.crt\n"
            "    ConfigMapOptional:       <nil>\n    DownwardAPI:             true\nQoS Class:                   Burstable\n"
            f"Node-Selectors:              {self.selector}\n"
            "Tolerations:                 node.kubernetes.io/not-ready:NoExecute op=Exists for 300s\n"
            "                             node.kubernetes.io/unreachable:NoExecute op=Exists for 300s\n"
            f"Events:{_NEW + head + events if self.events else '                      <none>'}\n"
        )

    @property
    def row(self) -> str:
        count = "1/1" if self.ready else "0/1"
        return f"{self.name:<34}{count:<8}{self.shown:<20}{self.restarts:<11}5m"


def _block(text: str) -> str:
    return text if text.startswith("<") else "\n" + indent(text, "  ")


@dataclass(frozen=True)
class Service:
    """One Service of the shop."""

    app: str
    port: int = 80
    target: str = "8080/TCP"
    protocol: str = "TCP"
    selector: str = ""
    endpoints: str = "10.1.0.6:8080"

    def describe(self) -> str:
        return (
            f"Name:                     {self.app}\nNamespace:                {SPACE}\nLabels:                   app={self.app}\n"
            f"Annotations:              <none>\nSelector:                 {self.selector or f'app={self.app}'}\n"
            "Type:                     ClusterIP\nIP Family Policy:         SingleStack\nIP Families:              IPv4\n"
            f"IP:                       10.96.0.{len(self.app)}\nIPs:                      10.96.0.{len(self.app)}\n"
            f"Port:                     http  {self.port}/{self.protocol}\nTargetPort:               {self.target}\n"
            f"Endpoints:                {self.endpoints}\nSession Affinity:         None\n"
            "Internal Traffic Policy:  Cluster\nEvents:                   <none>\n"
        )

    @property
    def row(self) -> str:
        return f"{self.app:<12}ClusterIP   10.96.0.{len(self.app):<5}<none>        {self.port}/{self.protocol}   20d"


@dataclass(frozen=True)
class Node:
    """One node; `ready` is the whole row of its Ready condition after the type."""

    name: str
    ready: str = "True    Mon, 02 Mar 2026 10:04:50 +0000   Mon, 02 Feb 2026 09:00:00 +0000   KubeletReady                 kubelet is posting ready status"
    taints: str = "<none>"
    labels: str = ""
    unschedulable: bool = False
    cpu: str = "4"
    memory: str = "8Gi"

    def describe(self) -> str:
        more = f"\n                    {self.labels}" if self.labels else ""
        return (
            f"Name:               {self.name}\nRoles:              <none>\nLabels:             kubernetes.io/hostname={self.name}\n"
            f"                    kubernetes.io/os=linux{more}\nAnnotations:        node.alpha.kubernetes.io/ttl: 0\n"
            f"CreationTimestamp:  Mon, 02 Feb 2026 09:00:00 +0000\nTaints:             {self.taints}\n"
            f"Unschedulable:      {str(self.unschedulable).lower()}\nLease:\n  HolderIdentity:  {self.name}\n"
            "  AcquireTime:     <unset>\n  RenewTime:       Mon, 02 Mar 2026 10:04:58 +0000\nConditions:\n"
            "  Type             Status  LastHeartbeatTime                 LastTransitionTime                Reason                       Message\n"
            "  ----             ------  -----------------                 ------------------                ------                       -------\n"
            "  MemoryPressure   False   Mon, 02 Mar 2026 10:04:50 +0000   Mon, 02 Feb 2026 09:00:00 +0000   KubeletHasSufficientMemory   kubelet has sufficient memory available\n"
            f"  Ready            {self.ready}\nAddresses:\n  InternalIP:  10.0.0.{self.name[-1]}\n  Hostname:    {self.name}\n"
            f"Capacity:\n  cpu:     {self.cpu}\n  memory:  {self.memory}\n  pods:    110\nAllocatable:\n  cpu:     {self.cpu}\n"
            f"  memory:  {self.memory}\n  pods:    110\nSystem Info:\n  Kubelet Version:            v1.31.2\n"
            "Non-terminated Pods:          (0 in total)\nEvents:              <none>\n"
        )

    @property
    def row(self) -> str:
        words = "Ready" if self.ready.startswith("True") else "NotReady"
        return (
            f"{self.name:<8}{words + (',SchedulingDisabled' if self.unschedulable else ''):<27}<none>   28d   v1.31.2"
        )


FRONT = Pod("front", env="BASKET_ADDR:  basket:80", node="n2")
BASKET = Pod("basket")
DB = Pod("store-db", node="n3", image="mysql:8.0", port="3306/TCP")


@dataclass(frozen=True)
class Shop:
    """A front that calls a basket, a database, three nodes: all well unless told otherwise."""

    pods: tuple[Pod, ...] = (FRONT, BASKET, DB)
    apps: tuple[str, ...] = ("front", "basket", "store-db")
    services: tuple[Service, ...] = (
        Service("front"),
        Service("basket"),
        Service("store-db", 3306, "3306/TCP", endpoints="10.1.0.8:3306"),
    )
    nodes: tuple[Node, ...] = tuple(Node(name) for name in NODES)
    events: tuple[str, ...] = ()
    """Rows of `kubectl get events`."""
    more: tuple[tuple[str, str], ...] = ()
    """Further commands with what they print."""
    templates: tuple[tuple[str, str], ...] = field(default=())
    """By app: the container block of its Deployment where it differs from that of its pod."""

    def put(self, pod: Pod) -> Shop:
        """The same shop with this pod in place of the one of its app."""
        return replace(self, pods=(*(p for p in self.pods if p.app != pod.app), pod))

    def without(self, app: str) -> Shop:
        """The same shop, in which the app has no pod."""
        return replace(self, pods=tuple(p for p in self.pods if p.app != app))

    def serve(self, service: Service) -> Shop:
        return replace(self, services=(*(s for s in self.services if s.app != service.app), service))

    def node(self, node: Node) -> Shop:
        return replace(self, nodes=tuple(node if n.name == node.name else n for n in self.nodes))

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Commands and what they print."""
        here = f"-n {SPACE}"
        head = "NAME                              READY   STATUS              RESTARTS   AGE"
        yield f"kubectl get pods {here}", "\n".join([head, *(p.row for p in self.pods)])
        head = "NAME        TYPE        CLUSTER-IP    EXTERNAL-IP   PORT(S)   AGE"
        yield f"kubectl get services {here}", "\n".join([head, *(s.row for s in self.services)])
        yield (
            "kubectl get nodes",
            "\n".join(["NAME    STATUS                     ROLES    AGE   VERSION", *(n.row for n in self.nodes)]),
        )
        for pod in self.pods:
            yield f"kubectl describe pod {pod.name} {here}", pod.describe()
        for service in self.services:
            yield f"kubectl describe service {service.app} {here}", service.describe()
        for node in self.nodes:
            yield f"kubectl describe node {node.name}", node.describe()
        for app in self.apps:
            yield f"kubectl describe deployment {app} {here}", self._deployment(app)
        if self.events:
            rows = "\n".join(
                ["LAST SEEN   TYPE      REASON             OBJECT                            MESSAGE", *self.events]
            )
            yield f"kubectl get events {here}", rows
        for kind in ("persistentvolumeclaims", "resourcequotas", "configmaps"):
            if not any(f" {kind}" in line for line, _ in self.more):
                yield f"kubectl get {kind} {here}", f"No resources found in {SPACE} namespace."
        yield from self.more

    def _deployment(self, app: str) -> str:
        pod = next((p for p in self.pods if p.app == app), None)
        shown = pod or {"front": FRONT, "basket": BASKET, "store-db": DB}.get(app) or Pod(app)
        ready = int(pod is not None and pod.ready)
        body = dict(self.templates).get(app) or f"   main:\n{indent(_template(shown), '    ')}{indent(shown.more, ' ')}"
        volumes = indent(shown.volumes, " ") if shown.volumes else ""
        return (
            f"Name:                   {app}\nNamespace:              {SPACE}\n"
            f"CreationTimestamp:      Mon, 02 Mar 2026 09:59:58 +0000\nLabels:                 app={app}\n"
            f"Annotations:            deployment.kubernetes.io/revision: 1\nSelector:               app={app}\n"
            f"Replicas:               1 desired | {int(pod is not None)} updated | {int(pod is not None)} total | {ready} available | {1 - ready} unavailable\n"
            "StrategyType:           RollingUpdate\nMinReadySeconds:        0\n"
            "RollingUpdateStrategy:  25% max unavailable, 25% max surge\nPod Template:\n"
            f"  Labels:  app={app}\n  Containers:\n{body}  Volumes:{_NEW + volumes if volumes else ' <none>' + _NEW}"
            f"  Node-Selectors:  {shown.selector}\n  Tolerations:     <none>\nConditions:\n  Type           Status  Reason\n"
            f"  ----           ------  ------\n  Available      {bool(ready)}   MinimumReplicasAvailable\n"
            f"OldReplicaSets:  <none>\nNewReplicaSet:   {app}-7d4b9c6f5d ({int(pod is not None)}/1 replicas created)\nEvents:          <none>\n"
        )


def _template(pod: Pod) -> str:
    return (
        f"Image:        {pod.image}\nPort:         {pod.port}\nHost Port:    0/TCP\n{pod.resources}\n{pod.probes}"
        f"Environment:  {_block(pod.env)}\nMounts:       <none>\n"
    )


def replica_set(app: str, event: str = "") -> tuple[str, str]:
    """`kubectl describe replicaset`, with the row of an event."""
    head = "  Type     Reason        Age                 From                   Message\n"
    head += "  ----     ------        ----                ----                   -------\n"
    name = f"{app}-7d4b9c6f5d"
    return (
        f"kubectl describe replicaset {name} -n {SPACE}",
        f"Name:           {name}\nNamespace:      {SPACE}\nSelector:       app={app},pod-template-hash=7d4b9c6f5d\n"
        f"Labels:         app={app}\n                pod-template-hash=7d4b9c6f5d\nAnnotations:    deployment.kubernetes.io/desired-replicas: 1\n"
        f"                deployment.kubernetes.io/revision: 1\nControlled By:  Deployment/{app}\nReplicas:       0 current / 1 desired\n"
        f"Pods Status:    0 Running / 0 Waiting / 0 Succeeded / 0 Failed\nPod Template:\n  Labels:  app={app}\n"
        f"           pod-template-hash=7d4b9c6f5d\n  Containers:\n   main:\n    Image:         registry.example.com/shop/app:1.0\n"
        f"    Port:          8080/TCP\n    Environment:   <none>\n    Mounts:        <none>\n  Volumes:         <none>\n"
        f"Events:\n{head}  {event}\n",
    )
