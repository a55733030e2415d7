"""The way in: Ingresses and Gateway routes that lead to nothing or to the wrong place, and certificates that have expired."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from datetime import UTC, datetime

from steersman_tools.fields import Fields
from steersman_tools.snapshot import Resource
from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..scene import Scene


def ingresses(scene: Scene) -> Iterator[Output]:
    """Backends of Ingresses that do not exist, or ports that they do not have."""
    for ingress in scene.snapshot.all("Ingress"):
        for field, backend in _backends(ingress):
            name = backend.text("service.name") or backend.text("serviceName")
            port = (
                backend.text("service.port.number") or backend.text("service.port.name") or backend.text("servicePort")
            )
            target = Ref(ingress.namespace, "Service", name)
            if not name:
                continue
            if scene.snapshot.lacks(target):
                yield _misroute(
                    scene,
                    ingress,
                    Fault.INGRESS_MISROUTE,
                    f"{field}.service.name",
                    name,
                    _names(scene, ingress),
                    f"Service {name}, which does not exist",
                )
            elif (view := scene.services.get(target)) and port and not view.external:
                offered = {p.text("port") for p in view.ports} | {p.text("name") for p in view.ports}
                if port not in offered:
                    offer = ", ".join(p.text("port") for p in view.ports)
                    yield _misroute(
                        scene,
                        ingress,
                        Fault.INGRESS_MISROUTE,
                        f"{field}.service.port",
                        port,
                        offer,
                        f"port {port} of Service {name}, which offers {offer}",
                    )


def _backends(ingress: Resource) -> Iterator[tuple[str, Fields]]:
    for i, rule in enumerate(ingress.each("spec.rules")):
        for j, path in enumerate(rule.each("http.paths")):
            yield f"spec.rules[{i}].http.paths[{j}].backend", path.at("backend")
    if default := ingress.at("spec.defaultBackend"):
        yield "spec.defaultBackend", default


def _names(scene: Scene, near: Resource) -> str:
    return "one of: " + ", ".join(sorted(s.name for s in scene.services if s.namespace == near.namespace)[:10])


def _misroute(
    scene: Scene, route: Resource, fault: Fault, field: str, observed: str, expected: str, words: str
) -> Finding:
    return Finding(
        fault=fault,
        entity=route.ref,
        field=field,
        observed=observed,
        expected=expected,
        summary=f"{route.kind} {route.name} sends requests to {words}",
        advice=f"Set {field} of {route.kind} {route.name} to {expected}",
        certainty=0.95,
        breaks=(route.ref,),
        needs_symptom=False,
        observations=(cite.fields(scene, route, "spec.rules"),),
    )


def gateway_routes(scene: Scene) -> Iterator[Output]:
    """HTTPRoutes whose backend or Gateway does not exist, or that were not accepted."""
    for route in scene.snapshot.all("HTTPRoute"):
        for i, rule in enumerate(route.each("spec.rules")):
            for j, backend in enumerate(rule.each("backendRefs")):
                target = Ref(
                    backend.text("namespace") or route.namespace, backend.text("kind", "Service"), backend.text("name")
                )
                field = f"spec.rules[{i}].backendRefs[{j}]"
                view = scene.services.get(target)
                if scene.snapshot.lacks(target):
                    yield _misroute(
                        scene,
                        route,
                        Fault.GATEWAY_MISROUTE,
                        field,
                        target.name,
                        _names(scene, route),
                        f"{target.kind} {target.name}, which does not exist",
                    )
                elif view and backend.has("port") and backend.text("port") not in {p.text("port") for p in view.ports}:
                    offer = ", ".join(p.text("port") for p in view.ports)
                    yield _misroute(
                        scene,
                        route,
                        Fault.GATEWAY_MISROUTE,
                        f"{field}.port",
                        backend.text("port"),
                        offer,
                        f"port {backend.text('port')} of Service {target.name}, which offers {offer}",
                    )
        for i, parent in enumerate(route.each("spec.parentRefs")):
            gateway = Ref(
                parent.text("namespace") or route.namespace, parent.text("kind", "Gateway"), parent.text("name")
            )
            if scene.snapshot.lacks(gateway):
                yield _misroute(
                    scene,
                    route,
                    Fault.GATEWAY_MISROUTE,
                    f"spec.parentRefs[{i}]",
                    gateway.name,
                    "a Gateway that exists",
                    f"nobody: its Gateway {gateway.name} does not exist",
                )


def certificates(scene: Scene) -> Iterator[Output]:
    """Certificates in TLS Secrets that are in use and have expired."""
    users: dict[Ref, list[Ref]] = {}
    for ingress in scene.snapshot.all("Ingress"):
        for tls in ingress.each("spec.tls"):
            users.setdefault(Ref(ingress.namespace, "Secret", tls.text("secretName")), []).append(ingress.ref)
    for workload in scene.workloads.values():
        for volume in workload.spec.each("volumes"):
            users.setdefault(Ref(workload.ref.namespace, "Secret", volume.text("secret.secretName")), []).append(
                workload.ref
            )
    for secret in scene.snapshot.all("Secret"):
        ended = expiry(secret.map("data").get("tls.crt", ""))
        if ended is None or ended > scene.now or secret.ref not in users:
            continue
        names = ", ".join(f"{u.kind} {u.name}" for u in users[secret.ref])
        yield Finding(
            fault=Fault.TLS_EXPIRED,
            entity=secret.ref,
            field="data['tls.crt']",
            observed=f"expired at {ended:%Y-%m-%d %H:%M} UTC",
            expected="a certificate that is valid now",
            summary=f"The certificate in Secret {secret.name}, which {names} uses, expired at {ended:%Y-%m-%d %H:%M} UTC",
            advice="Renew the certificate; if cert-manager or another issuer made it, see why it did not renew it",
            certainty=0.95,
            breaks=tuple(users[secret.ref]),
            needs_symptom=False,
            observations=(
                cite.listing(
                    scene,
                    f"kubectl get secret {secret.name} -n {secret.namespace} -o jsonpath='{{.data.tls\\.crt}}' | base64 -d | openssl x509 -noout -enddate",
                    [f"notAfter={ended:%b %d %H:%M:%S %Y} GMT"],
                ),
            ),
        )


def expiry(encoded: str) -> datetime | None:
    """When the first certificate of a base64-encoded PEM ends; None where there is none that can be read."""
    if not encoded:
        return None
    from cryptography import x509  # noqa: PLC0415  an eighth of a second, and few looks meet a certificate

    try:
        return (
            x509.load_pem_x509_certificate(base64.b64decode(encoded)).not_valid_after_utc.astimezone(UTC)
            if encoded
            else None
        )
    except (ValueError, binascii.Error):
        return None
