"""NetworkPolicies: the description tells in prose what the specification demands, and this reads it back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ....types import Json
from ..build import Object, number_or_text, only, put
from ..outline import Described
from .common import comma, metadata, selector

_PORT = re.compile(r"To Port(?: Range)?: (\S+?)(?:-(\d{1,5}))?/(\w+)$")
_SELECTORS = {"PodSelector": "podSelector", "NamespaceSelector": "namespaceSelector"}


def network_policy(text: Described) -> Object:
    obj = metadata(text)
    part = ""
    lines: dict[str, list[str]] = {"ingress": [], "egress": []}
    for line in (line.strip() for line in text.section("Spec").lines):
        title, _, value = line.partition(":")
        value = value.strip()
        if title == "PodSelector" and not part:
            put(obj, "spec.podSelector", wanted := _selector(value))
            if wanted == {}:
                obj.setdefault("spec", {})["podSelector"] = {}  # type: ignore[index,call-overload]   # put leaves it out
        elif line.startswith("Allowing "):
            part = "ingress" if "ingress" in line else "egress"
        elif line.startswith("Not affecting "):
            part = "-"
        elif title == "Policy Types":
            put(obj, "spec.policyTypes", comma(value))
        elif part in lines:
            lines[part].append(line)
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        put(obj, f"spec.{direction}", _rules(lines[direction], peers))
    return obj


def _selector(text: str) -> Object | None:
    return {} if text.startswith("<none>") else selector(text)


def _rules(lines: Sequence[str], peers: str) -> list[Json]:
    """The rules, which lines of dashes part; none where the pods are isolated."""
    if not lines or lines[0].startswith("<none>"):
        return []
    groups: list[list[str]] = [[]]
    for line in lines:
        if line and set(line) == {"-"}:
            groups.append([])
        elif line:
            groups[-1].append(line)
    return [_rule(group, peers) for group in groups if group]


def _rule(lines: Sequence[str], peers: str) -> Object:
    ports: list[Json] = []
    found: list[Json] = []
    peer: Object = {}
    for line in lines:
        title, _, value = line.partition(":")
        value = value.strip()
        if match := _PORT.match(line):
            end = int(match[2]) if match[2] else None
            ports.append(only(port=number_or_text(match[1]), endPort=end, protocol=match[3]))
        elif title in ("From", "To") and not value:
            peer = {}
            found.append(peer)
        elif title in _SELECTORS:
            peer[_SELECTORS[title]] = _selector(value) or {}
        elif title == "CIDR":
            put(peer, "ipBlock.cidr", value)
        elif title == "Except":
            put(peer, "ipBlock.except", comma(value.strip("[]").replace(" ", ",")))
    rule: Object = only(ports=ports)
    put(rule, peers, [p for p in found if p])
    return rule
