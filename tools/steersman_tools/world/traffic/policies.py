"""Whether NetworkPolicies let one pod reach another's port. Pure: objects in, a verdict out."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from ...fields import Fields
from ...selectors import selects
from ..node.pod import Pod
from ..objects import Obj
from ..store import Store

OUTSIDE = "198.51.100.1"
"""The address of those who call from outside the cluster."""


@dataclass(frozen=True, slots=True)
class Target:
    """A port of a pod."""

    pod: Pod
    port: int
    protocol: str = "TCP"


def allowed(store: Store, client: Pod | None, target: Target) -> bool:
    """Whether the client (None: from outside) may reach the target."""
    if client is target.pod:
        return True
    if not store.items["networkpolicies.networking.k8s.io"]:
        return True
    if not _side(store, target.pod, client, "Ingress", "from", target):
        return False
    return client is None or _side(store, client, target.pod, "Egress", "to", target)


def _side(store: Store, pod: Pod, peer: Pod | None, kind: str, peers: str, target: Target) -> bool:
    policies = [
        p["spec"]
        for p in store.of("networkpolicies.networking.k8s.io", pod.namespace)
        if kind in (p["spec"].get("policyTypes") or ("Ingress",))
        and selects(Fields(p["spec"].get("podSelector") or {}), pod.labels)
    ]
    rules = [rule for policy in policies for rule in policy.get(kind.lower()) or ()]
    return not policies or any(_rule(store, rule, peers, pod.namespace, peer, target) for rule in rules)


def _rule(store: Store, rule: Obj, peers: str, namespace: str, peer: Pod | None, target: Target) -> bool:
    ports = rule.get("ports")
    if ports and not any(_port(entry, target) for entry in ports):
        return False
    return not rule.get(peers) or any(_peer(store, entry, namespace, peer) for entry in rule[peers])


def _port(entry: Obj, target: Target) -> bool:
    if entry.get("protocol", "TCP") != target.protocol:
        return False
    if "port" not in entry:
        return True
    first = target.pod.port_number(entry["port"])
    return bool(first <= target.port <= entry.get("endPort", first))


def _peer(store: Store, entry: Obj, namespace: str, peer: Pod | None) -> bool:
    if block := entry.get("ipBlock"):
        address = ipaddress.ip_address(peer.ip if peer and peer.ip else OUTSIDE)
        excepted = any(address in ipaddress.ip_network(e) for e in block.get("except") or ())
        return address in ipaddress.ip_network(block["cidr"]) and not excepted
    if peer is None:
        return False
    if "namespaceSelector" in entry:
        space = store.get("namespaces", "", peer.namespace) or {"metadata": {}}
        if not selects(Fields(entry["namespaceSelector"]), space["metadata"].get("labels") or {}):
            return False
    elif peer.namespace != namespace:
        return False
    return selects(Fields(entry.get("podSelector") or {}), peer.labels)
