"""Names as a pod resolves them: its DNS policy, the cluster's DNS pods, and what their Corefile says."""

from __future__ import annotations

import re

from ..node.pod import Pod
from ..store import Store

DNS = "10.96.0.10"
_DOMAIN = "svc.cluster.local"


def server_of(pod: Pod) -> str:
    """The DNS server that the pod asks."""
    spec = pod.obj["spec"]
    policy = spec.get("dnsPolicy", "ClusterFirst")
    if policy == "None":
        servers = (spec.get("dnsConfig") or {}).get("nameservers") or ()
        return str(servers[0]) if servers else "127.0.0.1"
    outside = policy == "Default" or (policy == "ClusterFirst" and spec.get("hostNetwork"))
    return "192.0.2.53" if outside else DNS


def full(pod: Pod, name: str) -> str:
    """The full name of a Service that a pod asks for."""
    parts = name.rstrip(".").split(".")
    return f"{name}.{pod.namespace}.{_DOMAIN}" if len(parts) == 1 else f"{'.'.join(parts[:2])}.{_DOMAIN}"


def corefile_error(store: Store, pod: Pod, name: str) -> str:
    """What the Corefile does to a name: '' when it is answered."""
    text = ((store.get("configmaps", "kube-system", "coredns") or {}).get("data") or {}).get("Corefile")
    if text is None:
        return ""
    if not re.search(r"^\s*kubernetes\s+.*cluster\.local", text, re.MULTILINE):
        return "no such host"
    wanted = full(pod, name)
    for zone, body in re.findall(r"template\s+\S+\s+\S+\s*([^\s{]*)\s*\{([^}]*)\}", text):
        patterns, code = re.findall(r"match\s+(\S+)", body), re.search(r"rcode\s+(\w+)", body)
        covered = zone in ("", ".") or wanted == zone.rstrip(".") or wanted.endswith("." + zone.strip("."))
        if covered and code and (not patterns or any(re.search(p.strip('"'), wanted + ".") for p in patterns)):
            return "server misbehaving" if code[1] == "SERVFAIL" else "no such host"
    return ""


_PORTS = {"http": 80, "https": 443, "grpc": 80, "redis": 6379, "postgres": 5432, "postgresql": 5432, "mysql": 3306}


def split(address: str) -> tuple[str, int | None]:
    """Host and port of an address, which may be a URL."""
    scheme, _, rest = address.rpartition("://")
    name, _, port = rest.split("/")[0].rpartition("@")[2].partition(":")
    if port.isdigit():
        return name, int(port)
    return name, None if port else _PORTS.get(scheme)
