"""Services and what stands behind them: Endpoints and EndpointSlices."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ....types import Json
from ..build import Object, number, number_or_text, only, put, told, truth
from ..outline import Described, Section, grid
from .common import comma, listed, metadata

_PORT = re.compile(r"(\S+) +(\d{1,5})/(\w+)$")
_TARGET = re.compile(r"(\S+)/(\w+)$")
_ADDRESS = re.compile(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+|[0-9a-fA-F:]+)(?::(\d{1,5}))?$")


def service(text: Described) -> Object:
    obj = metadata(text)
    put(obj, "spec.selector", listed(text.value("Selector")))
    put(obj, "spec.type", text.value("Type"))
    put(obj, "spec.ipFamilyPolicy", text.value("IP Family Policy"))
    put(obj, "spec.ipFamilies", comma(text.value("IP Families")))
    put(obj, "spec.clusterIP", text.value("IP"))
    put(obj, "spec.clusterIPs", comma(text.value("IPs")))
    put(obj, "spec.externalIPs", comma(text.value("External IPs")))
    put(obj, "spec.externalName", text.value("External Name"))
    put(obj, "spec.loadBalancerIP", text.value("Desired LoadBalancer IP"))
    put(obj, "spec.ports", [port for port, _ in _ports(text)])
    put(obj, "spec.sessionAffinity", text.value("Session Affinity"))
    put(obj, "spec.externalTrafficPolicy", text.value("External Traffic Policy"))
    put(obj, "spec.internalTrafficPolicy", text.value("Internal Traffic Policy"))
    put(obj, "spec.healthCheckNodePort", number(text.section("HealthCheck NodePort").value))
    put(obj, "spec.loadBalancerSourceRanges", comma(text.value("LoadBalancer Source Ranges")))
    put(obj, "spec.trafficDistribution", text.value("Traffic Distribution"))
    put(obj, "status.loadBalancer.ingress", [_ingress(a) for a in comma(text.value("LoadBalancer Ingress"))])
    return obj


def behind(text: Described) -> Object | None:
    """The Endpoints that a Service's description shows beside its ports; None where it shows none or only some."""
    subsets: list[Json] = []
    for port, endpoints in _ports(text):
        if endpoints is None or "more..." in endpoints:
            return None
        for address in comma(endpoints):
            if (found := _ADDRESS.match(str(address))) and (number_found := number(found[2] or "")):
                ports: list[Json] = [only(name=port.get("name"), port=number_found, protocol=port.get("protocol"))]
                subsets.append({"addresses": [{"ip": found[1].strip("[]")}], "ports": ports})
    return {"metadata": only(name=text.value("Name"), namespace=text.value("Namespace")), "subsets": subsets}


def _ports(text: Described) -> list[tuple[Object, str | None]]:
    """Each port with the endpoints that stand below it: `Port`, `TargetPort`, `NodePort` and `Endpoints` repeat."""
    found: list[tuple[Object, str | None]] = []
    for section in text.sections:
        if section.title == "Port" and (match := _PORT.match(section.value)):
            found.append((only(name=told(match[1]), port=int(match[2]), protocol=match[3]), None))
        elif found and section.title == "TargetPort" and (match := _TARGET.match(section.value)):
            found[-1][0]["targetPort"] = number_or_text(match[1])
        elif found and section.title == "NodePort" and (match := _PORT.match(section.value)):
            found[-1][0]["nodePort"] = int(match[2])
        elif found and section.title == "Endpoints":
            found[-1] = found[-1][0], section.value
    return found


def _ingress(address: Json) -> Json:
    name = str(address).partition(" ")[0]
    return {"ip": name} if name.replace(".", "").isdigit() or ":" in name else {"hostname": name}


def endpoints(text: Described) -> Object:
    obj = metadata(text)
    subsets: list[Json] = []
    subset: Object = {}
    for entry in text.section("Subsets").entries:
        match entry.title:
            case "Addresses":
                subset = only(addresses=_addresses(entry))
                subsets.append(subset)
            case "NotReadyAddresses":
                put(subset, "notReadyAddresses", _addresses(entry))
            case "Ports":
                put(subset, "ports", _port_table(entry.lines))
    put(obj, "subsets", subsets)
    return obj


def _addresses(entry: Section) -> list[Json]:
    return [{"ip": address} for address in comma(entry.value)]


def _port_table(lines: Sequence[str]) -> list[Json]:
    return [
        only(name=told(row.get("Name", "")), port=number(row.get("Port", "")), protocol=told(row.get("Protocol", "")))
        for row in grid(lines)
    ]


def endpoint_slice(text: Described) -> Object:
    obj = metadata(text)
    put(obj, "addressType", text.value("AddressType"))
    put(obj, "ports", _port_table(text.section("Ports").lines))
    found: list[Json] = []
    endpoint: Object = {}
    for entry in (e for part in _slices(text.section("Endpoints").lines) for e in part):
        match entry.title:
            case "- Addresses":
                endpoint = only(addresses=comma(entry.value))
                found.append(endpoint)
            case "Conditions":
                for condition in entry.entries:
                    put(endpoint, f"conditions.{condition.title.lower()}", truth(condition.value))
            case "TargetRef":
                kind, _, name = entry.value.partition("/")
                put(endpoint, "targetRef", {"kind": kind, "name": name})
            case "NodeName" | "Zone" | "Hostname" as title:
                put(endpoint, title[0].lower() + title[1:], told(entry.value))
    put(obj, "endpoints", found)
    return obj


def _slices(lines: Sequence[str]) -> list[list[Section]]:
    """The entries of each endpoint: its first stands behind a dash, two places to the left of the others."""
    groups: list[list[str]] = []
    for line in lines:
        if line.lstrip().startswith("- "):
            groups.append([f"    {line.strip()}"])
        elif groups:
            groups[-1].append(line)
    return [Section("", lines=group).entries for group in groups]
