"""Remedies for calls that do not arrive: Services, policies, routes, names."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from steersman_tools.actions import CreateObject
from steersman_tools.fields import Fields
from steersman_tools.snapshot import Resource
from steersman_tools.types import Json, Ref

from ...diagnose.analyzers.services import served_ports
from ...diagnose.scene import ServiceView
from ...diagnose.workloads import Workload
from ...faults import Fault
from ..book import playbook
from ..site import Draft, Site


@playbook(Fault.SERVICE_SELECTOR_MISMATCH, Fault.SERVICE_SELECTOR_TOO_WIDE)
def selector(site: Site) -> Iterator[Draft]:
    """The labels that the right pods carry."""
    pairs = [p.split("=", 1) for p in site.cause.expected.split(",") if re.fullmatch(r"[^\s=]+=[^\s=]*", p)]
    wanted: Json = {key: value for key, value in pairs}  # noqa: C416  as JSON, not as text to text
    if site.cause.field == "spec.externalName":
        yield from _no_alias(site, wanted)
    elif wanted and site.resource:
        yield Draft("set-selector", (site.patch(("spec.selector", wanted)),), f"pods carry {site.cause.expected}")
    elif site.resource and (near := _namesake(site)):
        labels: Json = {k: v for k, v in near.pod_labels.items() if k in site.resource.map("spec.selector")}
        if labels:
            why = f"the pods of {near.ref.kind} {near.ref.name} carry these labels"
            yield Draft("set-selector", (site.patch(("spec.selector", labels)),), why)


def _namesake(site: Site) -> Workload | None:
    same = [w for w in site.scene.workloads.values() if w.ref.namespace == site.entity.namespace]
    names = difflib.get_close_matches(site.entity.name, [w.ref.name for w in same], 1, 0.8)
    return next((w for w in same if names and w.ref.name == names[0]), None)


@playbook(Fault.SERVICE_PORT_MISMATCH)
def port(site: Site) -> Iterator[Draft]:
    """The port on which the pods listen, or on which callers ask."""
    if re.fullmatch(r"\d+", site.cause.expected):
        yield _set(site, int(site.cause.expected), "set-port")
    elif re.fullmatch(r"[a-z][a-z0-9-]*", site.cause.expected):
        yield _set(site, site.cause.expected, "set-port")
    elif numbers := re.findall(r"\d+", site.cause.expected):
        yield _set(site, int(numbers[0]), "set-port")


@playbook(Fault.SERVICE_PROTOCOL_MISMATCH, Fault.INTERNAL_TRAFFIC_POLICY_LOCAL)
def literal(site: Site) -> Iterator[Draft]:
    """The one value that it can be."""
    if re.fullmatch(r"[A-Za-z]+", site.cause.expected):
        yield _set(site, site.cause.expected, "set-field")


def _set(site: Site, value: Json, name: str) -> Draft:
    return Draft(
        name, (site.patch((site.cause.field, value)),), f"{site.cause.observed} should be {value}: {site.cause.summary}"
    )


@playbook(Fault.SERVICE_MISSING)
def missing(site: Site) -> Iterator[Draft]:
    """The Service that callers ask for, in front of the workload of its name."""
    if not (backend := _namesake(site)) or not backend.pod_labels:
        return
    asked, ports = _wanted_ports(site, backend)
    if not asked:
        return
    labels = _identifying(backend)
    manifest: dict[str, Json] = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": site.entity.name, "labels": dict(labels)},
        "spec": {"selector": dict(labels), "ports": ports},
    }
    why = f"callers ask for port {', '.join(map(str, asked))}; {backend.ref.kind} {backend.ref.name} carries {labels}"
    yield Draft("create-service", (CreateObject(target=site.entity, manifest=manifest),), why)


def _wanted_ports(site: Site, backend: Workload) -> tuple[list[int], list[Json]]:
    """The ports that callers ask for, and the Service's ports for them."""
    calls = [c for c in site.scene.calls if c.service == site.entity and c.port]
    served = sorted(n for n in served_ports(backend) if n)
    asked = sorted({c.port for c in calls if c.port}) or served[:1]
    ports: list[Json] = []
    for number in asked:
        name: dict[str, Json] = {"name": f"port-{number}"} if len(asked) > 1 else {}
        ports.append({**name, "port": number, "targetPort": number if number in served or not served else served[0]})
    return asked, ports


def _no_alias(site: Site, labels: Json) -> Iterator[Draft]:
    """A Service with a selector again, where its name has been made an alias of nothing."""
    if labels and site.resource and (backend := _namesake(site)):
        asked, ports = _wanted_ports(site, backend)
        fields: tuple[tuple[str, Json], ...] = (
            ("spec.type", "ClusterIP"), ("spec.externalName", None), ("spec.selector", labels), ("spec.ports", ports),
        )  # fmt: skip
        if asked:
            yield Draft(
                "end-alias",
                (site.patch(*fields),),
                f"{backend.ref.kind} {backend.ref.name} serves what callers ask for",
            )


def _identifying(workload: Workload) -> dict[str, str]:
    """The labels by which the workload itself finds its pods."""
    return workload.resource.map("spec.selector.matchLabels") or workload.pod_labels


def _entries(site: Site, chosen: dict[str, str]) -> list[ServiceView]:
    """The Services through which users come from outside to pods that the policy selects, and do not get through now."""
    routed = {
        (i.namespace, path.text("backend.service.name") or path.text("backend.serviceName"))
        for i in site.scene.snapshot.all("Ingress")
        for rule in i.each("spec.rules")
        for path in rule.each("http.paths")
    }
    return [
        v
        for v in site.scene.services.values()
        if v.ref.namespace == site.entity.namespace
        and (v.resource.text("spec.type") in ("LoadBalancer", "NodePort") or (v.ref.namespace, v.ref.name) in routed)
        and any(chosen.items() <= w.pod_labels.items() for w in v.workloads)
        and any(w.ref in site.cause.explains for w in v.workloads)
    ]


@playbook(Fault.NETWORK_POLICY_BLOCKS)
def allow(site: Site) -> Iterator[Draft]:
    """One more rule for exactly the callers that are shut out; the policy stays."""
    if site.resource is None:
        return
    names = re.search(r"lets (?P<callers>.+) reach (?P<targets>.+)$", site.cause.expected)
    if not names:
        return
    callers = [w for n in names["callers"].split(", ") for w in _called(site, n)]
    targets = [v for n in names["targets"].split(", ") for v in site.scene.services.values() if v.ref.name == n]
    spec = site.resource.at("spec")
    fields: list[tuple[str, Json]] = []
    ports = _ports([w for v in targets for w in v.workloads], [p for v in targets for p in v.ports])
    chosen = spec.map("podSelector.matchLabels")
    closes_callers = any(
        chosen.items() <= w.pod_labels.items() and w.ref.namespace == site.entity.namespace for w in callers
    )
    kinds = spec.texts("policyTypes") or ("Ingress",)
    if "Ingress" in kinds and not (closes_callers and "Egress" in kinds and _is_open(spec, "ingress")):
        rules: list[Json] = [*_rules(spec, "ingress"), {"from": [_peer(site, w) for w in callers], "ports": ports}]
        if entries := _entries(site, chosen):  # those whom nobody in the cluster calls
            rules.append(
                {"ports": _ports([w for v in entries for w in v.workloads], [p for v in entries for p in v.ports])}
            )
        fields.append(("spec.ingress", rules))
    if "Egress" in kinds and closes_callers and not _is_open(spec, "egress"):
        peers: list[Json] = [_peer(site, w) for v in targets for w in v.workloads]
        dns: Json = {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}
        fields.append(("spec.egress", [*_rules(spec, "egress"), {"to": peers, "ports": ports}, dns]))
    if fields and callers:
        why = f"{names['callers']} must reach {names['targets']}; nothing else is opened"
        yield Draft("allow-callers", (site.patch(*fields),), why)


def _is_open(spec: Fields, part: str) -> bool:
    return any(not rule.raw for rule in spec.each(part))


def _called(site: Site, name: str) -> list[Workload]:
    return [w for w in site.scene.workloads.values() if w.ref.name == name]


def _rules(spec: Fields, part: str) -> list[Json]:
    return [dict(rule.raw) for rule in spec.each(part)]


def _peer(site: Site, workload: Workload) -> Json:
    peer: dict[str, Json] = {"podSelector": {"matchLabels": dict(_identifying(workload))}}
    if workload.ref.namespace != site.entity.namespace:
        namespace = site.scene.snapshot.get(Ref("", "Namespace", workload.ref.namespace))
        labels = namespace.labels if namespace else {}
        peer["namespaceSelector"] = {"matchLabels": dict(labels)} if labels else {}
    return peer


def _ports(workloads: list[Workload], service_ports: list[Fields]) -> list[Json]:
    """The pods' ports behind the Services: those of targetPort, with names looked up."""
    found: set[tuple[int | str, str]] = set()
    for port in service_ports:
        target = port.integer("targetPort") or port.text("targetPort") or port.integer("port")
        if target:
            found.add((target, port.text("protocol", "TCP")))
    return [{"port": n, "protocol": p} for n, p in sorted(found, key=str)]


@playbook(Fault.INGRESS_MISROUTE, Fault.GATEWAY_MISROUTE)
def route(site: Site) -> Iterator[Draft]:
    """The Service or port that the route must have meant: the nearest name, or the only port."""
    field, expected, observed = site.cause.field, site.cause.expected, site.cause.observed
    if site.resource is None or field.startswith("data["):
        yield from _configured(site)
        return
    if field.endswith("port"):
        if numbers := re.findall(r"\d+", expected):
            path = field if site.entity.kind == "HTTPRoute" else _port_field(site.resource, field)
            yield Draft("set-port", (site.patch((path, int(numbers[0]))),), f"the Service offers {expected}")
        return
    names = expected.removeprefix("one of: ").split(", ")
    for name in difflib.get_close_matches(observed, names, 2, 0.5):
        path = field if field.endswith("name") else f"{field}.name"
        if site.entity.kind == "Ingress" and Fields(site.raw).get("apiVersion") != "networking.k8s.io/v1":
            path = field.replace(".service.name", ".serviceName")
        yield Draft(
            "set-backend", (site.patch((path, name)),), f"{observed} does not exist; {name} is the nearest name"
        )


def _port_field(ingress: Resource, field: str) -> str:
    """`service.port.number` in today's form, `servicePort` in the old one."""
    return f"{field}.number" if ingress.text("apiVersion").endswith("/v1") or not ingress.has("apiVersion") else field


def _configured(site: Site) -> Iterator[Draft]:
    """A route in a gateway's own configuration: the line with the name that was meant."""
    if site.resource is None or not (meant := re.search(r"route to (\S+)", site.cause.expected)):
        return
    key = site.cause.field.removeprefix("data['").removesuffix("']")
    text, line = site.resource.map("data").get(key, ""), site.cause.observed
    target = re.search(r"(?:lb|https?)://([\w.-]+)", line)
    if target and text.count(line) == 1:
        new = text.replace(line, line.replace(target[1], meant[1].split("/")[-1], 1))
        yield Draft("set-route", (site.patch((site.cause.field, new)),), f"requests for {meant[1]} go to {target[1]}")


@playbook(Fault.DNS_RECORD_BROKEN)
def dns(site: Site) -> Iterator[Draft]:
    """The configuration without the part that answers in place of the cluster's own records."""
    text = site.resource.map("data").get("Corefile", "") if site.resource else ""
    broken = r"\s+".join(map(re.escape, site.cause.observed.split()))
    cleaned = re.sub(rf"^[ \t]*{broken}[ \t]*\n?", "", text, flags=re.M)
    if text and cleaned != text:
        why = f"'{site.cause.observed[:80]}' stands before the cluster's own records"
        yield Draft("remove-dns-rule", (site.patch(("data['Corefile']", cleaned)),), why)


@playbook(Fault.TLS_EXPIRED)
def certificate(site: Site) -> Iterator[Draft]:
    """Nobody but the issuer can make a new certificate."""
    yield Draft("renew", (), "a certificate cannot be made up", choices=(
        f"Have its issuer renew it: kubectl cert-manager renew, or replace {site.entity} with a new certificate.",
    ))  # fmt: skip
