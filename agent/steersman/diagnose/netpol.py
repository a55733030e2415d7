"""NetworkPolicies: whether they let one workload reach a port of another, and which of them does not.

Source: kubernetes.io/docs/concepts/services-networking/network-policies (policies add up; a selected pod is closed).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from steersman_tools.fields import Fields
from steersman_tools.selectors import selects
from steersman_tools.snapshot import Resource, Snapshot
from steersman_tools.types import Ref

from .ports import number_of


@dataclass(frozen=True, slots=True)
class Peer:
    """One end of a connection."""

    namespace: str
    labels: dict[str, str]
    pod: Fields
    """A pod or a pod template, for named ports."""
    address: str = ""


def blockers(snapshot: Snapshot, client: Peer, server: Peer, port: int | None, protocol: str = "TCP") -> list[Resource]:
    """The policies that close the way, in either direction; empty where it is open."""
    closed_in = _closing(snapshot, server, client, "Ingress", "from", server, port, protocol)
    return closed_in or _closing(snapshot, client, server, "Egress", "to", server, port, protocol)


def _closing(
    snapshot: Snapshot,
    subject: Peer,
    other: Peer,
    direction: str,
    peers: str,
    server: Peer,
    port: int | None,
    protocol: str,
) -> list[Resource]:
    chosen = [
        policy
        for policy in snapshot.all("NetworkPolicy")
        if policy.namespace == subject.namespace
        and direction in (policy.texts("spec.policyTypes") or _implied(policy))
        and selects(policy.at("spec.podSelector"), subject.labels)
    ]
    rules = [rule for policy in chosen for rule in policy.each(f"spec.{direction.lower()}")]
    if any(_allows(snapshot, rule, peers, subject.namespace, other, server, port, protocol) for rule in rules):
        return []
    return chosen


def _implied(policy: Resource) -> tuple[str, ...]:
    return ("Ingress", "Egress") if policy.has("spec.egress") else ("Ingress",)


def _allows(
    snapshot: Snapshot,
    rule: Fields,
    peers: str,
    namespace: str,
    other: Peer,
    server: Peer,
    port: int | None,
    protocol: str,
) -> bool:
    ports = rule.each("ports")
    if ports and not any(_port(entry, server, port, protocol) for entry in ports):
        return False
    allowed = rule.each(peers)
    return not allowed or any(_peer(snapshot, entry, namespace, other) for entry in allowed)


def _port(entry: Fields, server: Peer, port: int | None, protocol: str) -> bool:
    if entry.text("protocol", "TCP") != protocol:
        return False
    if not entry.has("port") or port is None:
        return True
    first = number_of(entry.text("port"), server.pod)
    return first is not None and first <= port <= entry.count("endPort", first)


def _peer(snapshot: Snapshot, entry: Fields, namespace: str, other: Peer) -> bool:
    if entry.has("ipBlock"):
        return _in_block(entry.at("ipBlock"), other.address)
    if entry.has("namespaceSelector"):
        found = snapshot.get(Ref("", "Namespace", other.namespace))
        if not selects(entry.at("namespaceSelector"), found.labels if found else {}):
            return False
    elif other.namespace != namespace:
        return False
    return selects(entry.at("podSelector"), other.labels)


def _in_block(block: Fields, address: str) -> bool:
    try:
        inside = ipaddress.ip_address(address)
        networks = [ipaddress.ip_network(n, strict=False) for n in (block.text("cidr"), *block.texts("except"))]
    except ValueError:
        return False
    return inside in networks[0] and not any(inside in n for n in networks[1:])
