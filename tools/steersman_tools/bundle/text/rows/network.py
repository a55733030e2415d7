"""Lines of `kubectl get` about Services and what leads to them."""

from __future__ import annotations

import re

from ....types import Json
from ..build import Object, number, only, put, told
from ..kinds.common import comma, listed, selector
from ..tables import Row

_PORT = re.compile(r"(\d{1,5})(?::(\d{1,5}))?/(\w+)$")
_ADDRESS = re.compile(r"\[?([0-9a-fA-F:.]+?)\]?:(\d{1,5})$")


def service(row: Row) -> Object:
    """A Service. A line tells neither port names nor target ports."""
    obj: Object = {}
    put(obj, "spec.type", told(row.get("TYPE", "")))
    put(obj, "spec.clusterIP", told(row.get("CLUSTER-IP", "")))
    external = comma(row.get("EXTERNAL-IP"))
    if row.get("TYPE") == "ExternalName":
        put(obj, "spec.externalName", external[0] if external else None)
    elif row.get("TYPE") == "LoadBalancer":
        put(obj, "status.loadBalancer.ingress", [{"ip": a} for a in external if a != "<pending>"])
    ports: list[Json] = []
    for text in comma(row.get("PORT(S)")):
        if found := _PORT.match(str(text)):
            ports.append(only(port=int(found[1]), nodePort=number(found[2] or ""), protocol=found[3]))
    put(obj, "spec.ports", ports)
    put(obj, "spec.selector", listed(row.get("SELECTOR")))
    return obj


def endpoints(row: Row) -> Object:
    """Endpoints, unless there are more than the line shows."""
    obj: Object = {}
    text = row.get("ENDPOINTS", "")
    if "more" not in text:
        found = (_ADDRESS.match(str(part)) for part in comma(text))
        obj["subsets"] = [{"addresses": [{"ip": m[1]}], "ports": [{"port": int(m[2])}]} for m in found if m]
    return obj


def ingress(row: Row) -> Object:
    obj: Object = {}
    put(obj, "spec.ingressClassName", told(row.get("CLASS", "")))
    hosts = comma(row.get("HOSTS"))
    put(obj, "spec.rules", [{"host": host} for host in hosts if host != "*" and "more..." not in str(host)])
    put(obj, "status.loadBalancer.ingress", [{"ip": a} for a in comma(row.get("ADDRESS"))])
    return obj


def network_policy(row: Row) -> Object:
    """The pods that a policy is about; what it allows, a line does not tell."""
    obj: Object = {}
    put(obj, "spec.podSelector", selector(row.get("POD-SELECTOR")))
    return obj
