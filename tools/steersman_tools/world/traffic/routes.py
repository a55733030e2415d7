"""Where an address leads: from a variable's text to pods and ports, or to an error in the words of a client library."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..node.container import Container
from ..node.kubelets import Kubelets
from ..node.pod import Pod
from ..objects import Obj
from ..store import Store
from .names import DNS, corefile_error, server_of, split
from .policies import Target, allowed


@dataclass
class Route:
    """The end of a way: targets, an outside service, or an error."""

    targets: list[tuple[Pod, int]] = field(default_factory=list)
    error: str = ""
    host: str = ""
    """The address dialled, as clients print it."""
    external: Mapping[str, Any] | None = None


class Routes:
    """Ways through the live cluster."""

    def __init__(self, store: Store, kubelets: Kubelets, externals: dict[str, Mapping[str, Any]]) -> None:
        self.store, self.kubelets, self.externals = store, kubelets, externals
        self.by_ip: dict[str, Pod] = {}

    def refresh(self) -> None:
        """Learns which pod has which address."""
        self.by_ip = {
            p.ip: p
            for p in self.kubelets.pods.values()
            if p.ip and not p.obj["spec"].get("hostNetwork") and not p.terminal
        }

    def lookup_error(self, pod: Pod, name: str) -> str:
        """Why the pod's resolver does not find a name of the cluster; '' when it does."""
        server = server_of(pod)
        head = f"dial tcp: lookup {name} on {server}:53"
        if server != DNS:
            return f"{head}: no such host"
        dns = self.store.get("services", "kube-system", "kube-dns")
        if dns is not None:
            now = self.kubelets.time
            up = any(
                allowed(self.store, pod, Target(p, port, "UDP")) and p.machine.network_up(now)
                for p, port in self.endpoints(dns, 53)
            )
            if not up:
                return f"{head}: read udp {pod.ip}:41{len(name):03d}->{server}:53: i/o timeout"
        why = corefile_error(self.store, pod, name)
        return f"{head}: {why}" if why else ""

    def resolve(self, pod: Pod, address: str) -> Route:
        """Where a client in the pod gets to when it dials the address."""
        host, port = split(address)
        if not host or port is None or not 0 < port < 65536:
            return Route(error=f"dial tcp: address {address}: missing or invalid port in address")
        if host in ("localhost", "127.0.0.1"):
            return Route([(pod, port)], host=f"127.0.0.1:{port}")
        if (direct := self._numeric(pod, host, port)) is not None:
            return direct
        if host in self.externals:
            return Route(host=address, external=self.externals[host])
        parts = host.rstrip(".").split(".")
        inside = len(parts) <= 2 or parts[2] == "svc"
        service = (
            self.store.get("services", parts[1] if len(parts) > 1 else pod.namespace, parts[0]) if inside else None
        )
        if error := self.lookup_error(pod, host):
            return Route(error=error)
        if service is None:
            return Route(error=f"dial tcp: lookup {host} on {DNS}:53: no such host")
        if service["spec"].get("type") == "ExternalName":
            return self.resolve(pod, f"{service['spec']['externalName']}:{port}")
        return self.to_service(service, port, pod)

    def _numeric(self, pod: Pod, host: str, port: int) -> Route | None:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return None
        if owner := self.by_ip.get(host):
            return Route([(owner, port)], host=f"{host}:{port}")
        service = next((s for s in self.store.of("services") if s["spec"].get("clusterIP") == host), None)
        return self.to_service(service, port, pod) if service else Route(error=f"dial tcp {host}:{port}: i/o timeout")

    def endpoints(self, service: Obj, port: int) -> list[tuple[Pod, int]]:
        """The ready pods and target ports behind a port of a Service, from its Endpoints."""
        meta, spec = service["metadata"], service["spec"]
        found = self.store.get("endpoints", meta["namespace"], meta["name"]) or {}
        entry = next((p for p in spec.get("ports") or () if p["port"] == port), None)
        targets = []
        for subset in found.get("subsets") or ():
            numbers = [
                p["port"] for p in subset.get("ports") or () if entry is None or p.get("name") == entry.get("name")
            ]
            for address in subset.get("addresses") or ():
                ref = address.get("targetRef") or {}
                pod = self.kubelets.pods.get((meta["namespace"], ref.get("name", ""))) or self.by_ip.get(
                    address.get("ip", "")
                )
                if pod and numbers:
                    targets.append((pod, numbers[0] if entry else port))
        return targets

    def to_service(self, service: Obj, port: int, client: Pod | None) -> Route:
        spec, name = service["spec"], service["metadata"]["name"]
        headless = spec.get("clusterIP") == "None"
        host = f"{name if headless else spec.get('clusterIP')}:{port}"
        if not headless and not any(p["port"] == port for p in spec.get("ports") or ()):
            return Route(error=f"dial tcp {host}: i/o timeout", host=host)
        targets = self.endpoints(service, port)
        if headless:
            targets = [(pod, port) for pod, _ in targets]
            host = f"{targets[0][0].ip}:{port}" if targets else host
        if not targets:
            gone = f"dial tcp: lookup {name} on {DNS}:53: no such host"
            return Route(error=gone if headless else f"dial tcp {host}: connect: connection refused", host=host)
        if client and spec.get("internalTrafficPolicy") == "Local":
            targets = [(p, n) for p, n in targets if p.machine is client.machine]
            if not targets:
                return Route(error=f"dial tcp {host}: i/o timeout", host=host)
        return Route(targets, host=host)

    def connect(self, client: Pod | None, server: Pod, port: int, host: str) -> tuple[Container | None, str]:
        """The container that accepts a connection, or why none does."""
        now = self.kubelets.time
        cut = client is not server and (
            not server.machine.network_up(now) or (client is not None and not client.machine.network_up(now))
        )
        if cut or not allowed(self.store, client, Target(server, port)):
            return None, f"dial tcp {host}: i/o timeout"
        container = server.listener(port, now)
        return container, "" if container else f"dial tcp {host}: connect: connection refused"

    def reach(self, client: Pod, address: str) -> str:
        """Why a script's check of host[:port] fails; '' when it holds. Without a port only the name counts."""
        host, port = split(address)
        if port is None:
            name, _, space = host.partition(".")
            service = self.store.get("services", space.split(".")[0] or client.namespace, name)
            return self.lookup_error(client, host) or ("" if service else f"can't resolve '{host}'")
        route = self.resolve(client, address)
        errors = [self.connect(client, pod, number, route.host)[1] for pod, number in route.targets]
        return "" if route.external is not None or "" in errors else route.error or errors[0]
