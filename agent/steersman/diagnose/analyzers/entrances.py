"""What must be there for a way in to open: classes, certificates, Gateways that a controller accepts, webhooks that answer."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.snapshot import Resource
from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..scene import Scene

_ACCEPTED = ("Accepted", "Programmed", "ResolvedRefs")


def ingress_needs(scene: Scene) -> Iterator[Output]:
    """Ingresses of a class that no controller serves, or whose certificate does not exist."""
    classes = {c.name for c in scene.snapshot.all("IngressClass")}
    for ingress in scene.snapshot.all("Ingress"):
        name = ingress.text("spec.ingressClassName")
        if name and name not in classes and scene.snapshot.read_whole("IngressClass"):
            words = f"is of class {name}, which does not exist: no controller serves it"
            known = ", ".join(sorted(classes)) or "a class that exists"
            yield _finding(scene, ingress, Fault.INGRESS_MISROUTE, "spec.ingressClassName", name, known, words)
        for i, tls in enumerate(ingress.each("spec.tls")):
            secret = Ref(ingress.namespace, "Secret", tls.text("secretName"))
            if secret.name and scene.snapshot.lacks(secret) and not ingress.annotations.keys() & _ISSUED:
                words = f"takes its certificate from Secret {secret.name}, which does not exist"
                field = f"spec.tls[{i}].secretName"
                yield _finding(
                    scene, ingress, Fault.SECRET_MISSING, field, secret.name, "a TLS Secret that exists", words
                )


_ISSUED = frozenset({"cert-manager.io/cluster-issuer", "cert-manager.io/issuer", "kubernetes.io/tls-acme"})
"""With these, somebody is still to make the Secret, and says himself if he cannot."""


def gateways(scene: Scene) -> Iterator[Output]:
    """Gateways of a class that does not exist, and Gateways and routes that their controller does not take as they are."""
    for gateway in scene.snapshot.all("Gateway"):
        name = gateway.text("spec.gatewayClassName")
        if name and scene.snapshot.lacks(Ref("", "GatewayClass", name)):
            words = f"is of class {name}, which does not exist: no controller serves it"
            found = ", ".join(sorted(c.name for c in scene.snapshot.all("GatewayClass"))) or "a class that exists"
            yield _finding(scene, gateway, Fault.GATEWAY_MISROUTE, "spec.gatewayClassName", name, found, words)
            continue
        for condition in gateway.each("status.conditions"):
            if condition.text("type") in _ACCEPTED and condition.text("status") == "False":
                told = condition.text("message") or condition.text("reason")
                words = f"is not {condition.text('type').lower()}: {told}"
                yield _finding(scene, gateway, Fault.GATEWAY_MISROUTE, "status.conditions", told, "accepted", words)
                break
    for route in scene.snapshot.all("HTTPRoute"):
        yield from _refused(scene, route)


def _refused(scene: Scene, route: Resource) -> Iterator[Output]:
    """A route that a Gateway does not take. A backend or Gateway that is not there is told where it is named."""
    for parent in route.each("status.parents"):
        for condition in parent.each("conditions"):
            reason = condition.text("reason")
            if condition.text("type") in _ACCEPTED and condition.text("status") == "False" and reason not in _TOLD:
                told = condition.text("message") or reason
                name = parent.text("parentRef.name")
                words = f"is not taken by Gateway {name} ({reason}): {told}"
                yield _finding(
                    scene,
                    route,
                    Fault.GATEWAY_MISROUTE,
                    "spec.parentRefs",
                    told,
                    "a route that the Gateway allows",
                    words,
                )
                return


_TOLD = frozenset({"BackendNotFound", "NoMatchingParent"})


def idle_webhooks(scene: Scene) -> Iterator[Output]:
    """Webhooks that must answer, and whose Service is not there or has no ready pod: they refuse what comes next."""
    for holder in scene.snapshot.all("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
        for i, hook in enumerate(holder.each("webhooks")):
            service = hook.at("clientConfig.service")
            target = Ref(service.text("namespace"), "Service", service.text("name"))
            if not service or hook.text("failurePolicy", "Fail") != "Fail":
                continue
            view = scene.services.get(target)
            if scene.snapshot.lacks(target):
                what = "does not exist"
            elif view and not view.external and not view.ready and scene.snapshot.read_whole("Pod", target.namespace):
                what = "has no ready pod"
            else:
                continue
            words = f"sends requests to Service {target.namespace}/{target.name}, which {what}, and refuses all that it is asked about"
            yield _finding(
                scene,
                holder,
                Fault.WEBHOOK_UNAVAILABLE,
                f"webhooks[{i}]",
                f"Service {target.name} {what}",
                "a webhook that answers",
                words,
            )


def _finding(
    scene: Scene, resource: Resource, fault: Fault, field: str, observed: str, expected: str, words: str
) -> Finding:
    return Finding(
        fault=fault,
        entity=resource.ref,
        field=field,
        observed=observed[:240],
        expected=expected,
        summary=f"{resource.kind} {resource.name} {words}"[:300],
        advice=f"Set {field} of {resource.kind} {resource.name} to {expected}, or create what it names",
        certainty=0.9,
        breaks=(resource.ref,),
        needs_symptom=False,
        observations=(cite.fields(scene, resource, field.partition("[")[0]),),
    )
