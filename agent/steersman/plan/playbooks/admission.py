"""Remedies for requests that the API server refuses because of a webhook, a security level or a missing right."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steersman_tools.fields import Fields
from steersman_tools.types import Json, Ref

from ...faults import Fault
from ..book import playbook
from ..site import Draft, Site, value_at
from .resources import restarts


@playbook(Fault.WEBHOOK_CERTIFICATE_INVALID)
def authority(site: Site) -> Iterator[Draft]:
    """The authority that signed the certificate which the webhook's own Secret holds."""
    hook = Fields(value_at(site.raw, site.cause.field))
    service = Ref(hook.text("clientConfig.service.namespace"), "Service", hook.text("clientConfig.service.name"))
    for secret in site.scene.snapshot.all("Secret"):
        bundle = secret.map("data").get("ca.crt", "")
        near = secret.namespace == service.namespace and service.name and service.name in secret.name
        if bundle and near and bundle != hook.text("clientConfig.caBundle"):
            action = site.patch((f"{site.cause.field}.clientConfig.caBundle", bundle))
            yield Draft(
                "trust-authority", (action, *restarts(site)), f"{secret.ref} holds the authority of its certificate"
            )


@playbook(Fault.WEBHOOK_UNAVAILABLE, Fault.WEBHOOK_TIMEOUT, Fault.WEBHOOK_CERTIFICATE_INVALID)
def webhook(site: Site) -> Iterator[Draft]:
    """Requests pass while the webhook is away: it stays, and guards again as soon as it answers."""
    hook = Fields(value_at(site.raw, site.cause.field))
    if not hook or hook.text("failurePolicy") == "Ignore":
        return
    fields: list[tuple[str, Json]] = [(f"{site.cause.field}.failurePolicy", "Ignore")]
    if site.cause.fault == Fault.WEBHOOK_TIMEOUT and hook.count("timeoutSeconds", 10) > 3:
        fields.append((f"{site.cause.field}.timeoutSeconds", 3))
    notes = (
        f"Until {hook.text('name')} answers again, what it would have checked passes unchecked: bring it back, then undo this.",
    )
    yield Draft("fail-open", (site.patch(*fields), *restarts(site)), f"{site.cause.observed[:120]}", notes)


@playbook(Fault.POD_SECURITY_VIOLATION)
def security(site: Site) -> Iterator[Draft]:
    """The settings that the level demands, for what its message names and nothing else."""
    if site.workload is None:
        return
    words, fields = site.cause.observed, list[tuple[str, Json]]()
    for container in site.workload.containers:
        path = f"{site.workload.container_path(container.text('name'))}.securityContext"
        if "allowPrivilegeEscalation" in words:
            fields.append((f"{path}.allowPrivilegeEscalation", False))
        if "unrestricted capabilities" in words:
            fields.append((f"{path}.capabilities", {"drop": ["ALL"]}))
        if "privileged" in words and container.flag("securityContext.privileged"):
            fields.append((f"{path}.privileged", False))
    pod = f"{site.workload.spec_path}.securityContext"
    if "runAsNonRoot" in words:
        fields.append((f"{pod}.runAsNonRoot", True))
    if "seccompProfile" in words:
        fields.append((f"{pod}.seccompProfile", {"type": "RuntimeDefault"}))
    for flag in ("hostNetwork", "hostPID", "hostIPC"):
        if site.workload.spec.flag(flag) and ("host namespaces" in words or flag in words):
            fields.append((f"{site.workload.spec_path}.{flag}", None))
    if fields:
        yield Draft("comply", (site.patch(*fields),), words[:160])


@playbook(Fault.RBAC_DENIED)
def right(site: Site) -> Iterator[Draft]:
    """The one right that is missing, in the role that was meant to give it."""
    if site.resource is None:
        return
    asked = re.search(
        r"(?:no |to )(?P<verb>\w+) (?:of )?(?P<resource>[\w./-]+)", site.cause.observed + " " + site.cause.expected
    )
    if site.entity.kind == "Role" and asked:
        rules = [dict(r.raw) for r in site.resource.each("rules")]
        plural = asked["resource"].partition(".")[0]
        group = asked["resource"].partition(".")[2] or _group(plural)
        rule: Json = {"apiGroups": [group], "resources": [plural], "verbs": [asked["verb"]]}
        yield Draft(
            "grant",
            (site.patch(("rules", [*rules, rule])),),
            f"{site.cause.observed}; the role is bound for this purpose",
        )
    elif site.cause.field == "subjects" and (found := re.search(r"namespace (\S+)$", site.cause.expected)):
        subjects: list[Json] = []
        for subject in site.resource.each("subjects"):
            wrong = subject.text("kind") == "ServiceAccount" and site.cause.observed.endswith(
                f" {subject.text('namespace')}"
            )
            subjects.append(dict(subject.raw) | ({"namespace": found[1]} if wrong else {}))
        yield Draft("bind", (site.patch(("subjects", subjects)),), f"the account lives in {found[1]}")


def _group(plural: str) -> str:
    return {
        "deployments": "apps",
        "replicasets": "apps",
        "statefulsets": "apps",
        "daemonsets": "apps",
        "jobs": "batch",
        "cronjobs": "batch",
    }.get(plural, "")
