"""Workloads that are refused by the API server: a missing or broken binding of their ServiceAccount."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steersman_tools.snapshot import Resource
from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..failures import signs
from ..scene import Scene

_REFUSED = re.compile(
    r"""User [\\"]*system:serviceaccount:(?P<namespace>[^:"\\]+):(?P<name>[\w.-]+)[\\"]* cannot (?P<verb>\w+) resource [\\"]*(?P<resource>[\w/]+)"""
)


def denied(scene: Scene) -> Iterator[Output]:
    """One finding for each ServiceAccount that is refused now."""
    seen: set[tuple[str, str, str]] = set()
    for workload, log, sign in signs(scene):
        found = _REFUSED.search(sign.line.text) if sign.kind == "forbidden" else None
        if not found or (key := (found["namespace"], found["name"], found["resource"])) in seen:
            continue
        seen.add(key)
        account = Ref(found["namespace"], "ServiceAccount", found["name"])
        entity, field, observed, expected = _at_fault(scene, account, found["verb"], found["resource"])
        yield Finding(
            fault=Fault.RBAC_DENIED,
            entity=entity,
            field=field,
            observed=observed,
            expected=expected,
            summary=f"ServiceAccount {account.name} of {workload.ref.kind} {workload.ref.name} may not {found['verb']} {found['resource']}",
            advice=f"Bind ServiceAccount {account.name} to a role that allows to {found['verb']} {found['resource']}",
            certainty=0.95,
            breaks=(workload.ref,),
            needs_symptom=False,
            observations=(cite.log(scene, log, [sign.line]),),
        )


def _at_fault(scene: Scene, account: Ref, verb: str, resource: str) -> tuple[Ref, str, str, str]:
    """The binding that is broken, where there is one that was plainly meant; else the ServiceAccount."""
    for binding in scene.snapshot.all("RoleBinding", "ClusterRoleBinding"):
        role = Ref(
            "" if binding.text("roleRef.kind") == "ClusterRole" else binding.namespace,
            binding.text("roleRef.kind"),
            binding.text("roleRef.name"),
        )
        bound = any(
            s.text("kind") == "ServiceAccount" and s.text("name") == account.name for s in binding.each("subjects")
        )
        if bound and scene.snapshot.lacks(role):
            return binding.ref, "roleRef", f"{role.kind} {role.name}, which does not exist", "a role that exists"
        granted = scene.snapshot.get(role)
        wrong = [
            s.text("namespace")
            for s in binding.each("subjects")
            if s.text("name") == account.name and s.text("namespace") != account.namespace
        ]
        if granted and wrong and _grants(granted, verb, resource):
            return binding.ref, "subjects", f"namespace {wrong[0]}", f"namespace {account.namespace}"
        if granted and bound and not _grants(granted, verb, resource) and role.kind == "Role":
            return granted.ref, "rules", f"no {verb} of {resource}", f"a rule that allows to {verb} {resource}"
    return account, "", f"no role allows to {verb} {resource}", f"a binding to a role that allows to {verb} {resource}"


def _grants(role: Resource, verb: str, resource: str) -> bool:
    return any(
        {verb, "*"} & set(r.texts("verbs")) and {resource, "*"} & set(r.texts("resources")) for r in role.each("rules")
    )
