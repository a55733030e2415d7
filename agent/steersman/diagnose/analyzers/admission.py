"""Pods that are never created: the API server refuses them, so nothing but the controller's events tells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from steersman_tools.quantity import amount
from steersman_tools.snapshot import EventRecord, Resource
from steersman_tools.types import Observation, Ref

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..changes import before
from ..scene import Scene
from ..workloads import Workload

_QUOTA = re.compile(
    r"exceeded quota: (?P<name>[\w.-]+), requested: (?P<requested>[^ ]+), used: (?P<used>[^ ]+), limited: (?P<limited>[^ ]+)"
)
_MUST_SPECIFY = re.compile(r"failed quota: (?P<name>[\w.-]+): must specify (?P<what>[\w.,-]+)")
_ACCOUNT = re.compile(r"error looking up service account (?P<namespace>[\w-]+)/(?P<name>[\w.-]+): serviceaccount \"")
_WEBHOOK = re.compile(r"failed calling webhook \"(?P<name>[^\"]+)\"")
_DENIED = re.compile(r"admission webhook \"(?P<name>[^\"]+)\" denied the request")
_SECURITY = re.compile(r"violates PodSecurity \"(?P<level>[^\"]+)\": (?P<what>.*)")
_RANGE = re.compile(
    r"(?P<what>(?:maximum|minimum) (?:cpu|memory|storage|[\w./-]+) usage per (?:Container|Pod)[^.]*|[\w.]+ max limit to request ratio[^.]*)"
)

_BOUND = re.compile(
    r"(?P<side>maximum|minimum) (?P<resource>[\w./-]+) usage per (?P<kind>\w+)|(?P<ratio>[\w./-]+) max limit to request ratio per (?P<ratio_kind>\w+)"
)
_FORBIDDEN = re.compile(r"(?:is forbidden|is invalid): (?P<why>.+)", re.S)
NEWS_SECONDS = 60.0
"""A refusal this young counts although the quota is not listed: it may have been listed at another moment."""
_KNOWN = (_QUOTA, _MUST_SPECIFY, _ACCOUNT, _WEBHOOK, _DENIED, _SECURITY, _RANGE)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A workload whose pods the API server refuses, in its words."""

    workload: Workload
    creator: Resource
    event: EventRecord


def refused(scene: Scene) -> Iterator[Output]:
    """One finding for each workload whose pods are refused now."""
    for workload in scene.workloads.values():
        for refusal in _refusals(scene, workload):
            found = next((f for read in _READERS if (f := read(scene, refusal))), None)
            if found:
                yield found
                break


def _refusals(scene: Scene, workload: Workload) -> Iterator[_Refusal]:
    """The creators of the workload's pods that lack some now, each with its latest complaint."""
    creators = list(workload.revisions or workload.jobs or (workload.resource,))
    for creator in creators:
        wanted = (
            creator.count("spec.replicas", 1)
            if creator.kind != "DaemonSet"
            else creator.count("status.desiredNumberScheduled")
        )
        if creator.kind == "Job":
            wanted = 0 if creator.has("status.completionTime") else creator.count("spec.parallelism", 1)
        own = [p for p in workload.live_pods if creator.kind == workload.ref.kind or p.controller == creator.ref]
        if len(own) >= wanted:
            continue
        complaints = scene.events(creator, "FailedCreate")
        failure = workload.resource.condition("ReplicaFailure")
        if complaints:
            yield from (_Refusal(workload, creator, c) for c in complaints if _same_time(c, complaints[0]))
        elif failure.text("status") == "True":
            record = EventRecord(
                workload.ref, "Warning", "FailedCreate", failure.text("message"), last=failure.time("lastUpdateTime")
            )
            yield _Refusal(workload, creator, record)


def _same_time(event: EventRecord, latest: EventRecord) -> bool:
    """Whether a complaint belongs with the latest one: an older one may be about what has been mended since."""
    return event.last is None or latest.last is None or (latest.last - event.last).total_seconds() < 20


def _quota(scene: Scene, refusal: _Refusal) -> Finding | None:
    message = refusal.event.message
    found = _QUOTA.search(message) or _MUST_SPECIFY.search(message)
    if not found:
        return None
    quota = Ref(refusal.workload.ref.namespace, "ResourceQuota", found["name"])
    gone = scene.snapshot.lacks(quota)
    if gone and not scene.within(refusal.event.last, NEWS_SECONDS):
        return None  # it has been removed since
    resource = scene.snapshot.get(quota)
    ref = refusal.workload.ref
    if "what" in found.re.groupindex:
        observed, expected = f"containers state no {found['what']}", f"{found['what']} on every container"
        words = f"quota {quota.name} demands that every container states {found['what']}"
        field = f"spec.hard['{found['what'].partition(',')[0]}']"
    else:
        observed = f"used {found['used']} of {found['limited']}; {found['requested']} more is asked for"
        expected = _enough(found["requested"], found["used"])
        words = f"quota {quota.name} has no room: {observed}"
        field = f"spec.hard['{_exceeded(found)}']"
    shown = [cite.event(scene, refusal.event)]
    if resource:
        shown.append(cite.fields(scene, resource, "spec.hard", "status.used"))
    return Finding(
        fault=Fault.QUOTA_EXCEEDED,
        entity=quota,
        field=field,
        observed=observed,
        expected=expected,
        summary=f"Pods of {ref.kind} {ref.name} are not created: {words}",
        advice=f"Raise {field or 'the quota'} of ResourceQuota {quota.name}, or free some of it",
        certainty=0.6 if gone else 0.97,
        breaks=(ref,),
        observations=tuple(shown),
    )


def _pairs(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(",") if "=" in part)


def _exceeded(found: re.Match[str]) -> str:
    """The resource of the quota that is exceeded."""
    requested, used, limited = (_pairs(found[part]) for part in ("requested", "used", "limited"))
    over = [k for k, v in requested.items() if amount(v) + amount(used.get(k, "0")) > amount(limited.get(k, "0"))]
    return next(iter(over or requested), "")


def _enough(requested: str, used: str) -> str:
    taken = _pairs(used)
    return ", ".join(f"{k} of at least {taken.get(k, '0')} + {v}" for k, v in _pairs(requested).items())


def _account(scene: Scene, refusal: _Refusal) -> Finding | None:
    found = _ACCOUNT.search(refusal.event.message)
    if not found:
        return None
    account, ref = Ref(found["namespace"], "ServiceAccount", found["name"]), refusal.workload.ref
    if scene.snapshot.get(account):
        return None  # it has come since
    past = before(scene, refusal.workload)
    renamed = past is not None and past.template.text("spec.serviceAccountName") != account.name
    return Finding(
        fault=Fault.SERVICE_ACCOUNT_MISSING,
        entity=ref if renamed else account,
        field=f"{refusal.workload.spec_path}.serviceAccountName" if renamed else "",
        observed=account.name,
        expected=f"a ServiceAccount that exists: {_accounts(scene, account.namespace)}",
        summary=f"Pods of {ref.kind} {ref.name} are not created: ServiceAccount {account.name} does not exist",
        advice=f"Create ServiceAccount {account.name}, or name one that exists",
        certainty=0.97,
        breaks=(ref,),
        observations=(cite.event(scene, refusal.event), cite.absent(scene, account)),
    )


def _accounts(scene: Scene, namespace: str) -> str:
    return (
        ", ".join(sorted(a.name for a in scene.snapshot.all("ServiceAccount") if a.namespace == namespace))
        or "none yet"
    )


def _webhook(scene: Scene, refusal: _Refusal) -> Finding | None:
    message, ref = refusal.event.message, refusal.workload.ref
    found = _WEBHOOK.search(message)
    if not found:
        return None
    fault = Fault.WEBHOOK_UNAVAILABLE
    if re.search(r"x509|certificate", message):
        fault = Fault.WEBHOOK_CERTIFICATE_INVALID
    elif re.search(r"deadline exceeded|Client\.Timeout|i/o timeout|timed out", message, re.I):
        fault = Fault.WEBHOOK_TIMEOUT
    holder, index = _webhook_holder(scene, found["name"])
    if scene.snapshot.lacks(holder):
        return None  # it has been removed since
    shown: list[Observation] = [cite.event(scene, refusal.event)]
    resource = scene.snapshot.get(holder)
    if resource:
        shown.append(
            cite.fields(scene, resource, f"webhooks[{index}].clientConfig", f"webhooks[{index}].failurePolicy")
        )
    return Finding(
        fault=fault,
        entity=holder,
        field=f"webhooks[{index}]",
        observed=message.rpartition(f'"{found["name"]}": ')[2][:240],
        expected="a webhook that answers in time over a trusted connection",
        summary=f"Pods of {ref.kind} {ref.name} are not created: {fault.sentence[0].lower()}{fault.sentence[1:].rstrip('.')} ({found['name']})",
        advice=f"Bring back what serves webhook {found['name']}; its failurePolicy decides whether requests pass without it",
        certainty=0.96,
        breaks=(ref,),
        observations=tuple(shown),
    )


def _webhook_holder(scene: Scene, name: str) -> tuple[Ref, int]:
    for configuration in scene.snapshot.all("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
        for index, hook in enumerate(configuration.each("webhooks")):
            if hook.text("name") == name:
                return configuration.ref, index
    return Ref("", "ValidatingWebhookConfiguration", name), 0


def _denied(scene: Scene, refusal: _Refusal) -> Finding | None:
    message, ref = refusal.event.message, refusal.workload.ref
    security, limits, hook = _SECURITY.search(message), _RANGE.search(message), _DENIED.search(message)
    if security:
        fault, entity, observed = Fault.POD_SECURITY_VIOLATION, ref, security["what"]
        expected, field = (
            f"a pod that level {security['level']} allows",
            f"{refusal.workload.spec_path}.securityContext",
        )
    elif limits:
        if not _limit_ranges(scene, ref) and scene.snapshot.read_whole("LimitRange", ref.namespace):
            return None  # it has been removed since
        fault, entity, observed = Fault.LIMIT_RANGE_VIOLATION, _limit_range(scene, ref, limits["what"]), limits["what"]
        expected, field = "resources within the LimitRange", "spec.limits"
    elif hook:
        fault, (entity, _) = Fault.WEBHOOK_MUTATES_RESOURCES, _webhook_holder(scene, hook["name"])
        observed, expected, field = message[-240:], "an admission webhook that lets the pods pass", "webhooks"
    else:
        return None
    return Finding(
        fault=fault,
        entity=entity,
        field=field,
        observed=observed,
        expected=expected,
        summary=f"Pods of {ref.kind} {ref.name} are not created: {observed[:160]}",
        advice=f"Change the pod template of {ref.kind} {ref.name} so that it is allowed",
        certainty=0.95,
        breaks=(ref,),
        observations=(cite.event(scene, refusal.event),),
    )


def _limit_ranges(scene: Scene, workload: Ref) -> list[Resource]:
    return [r for r in scene.snapshot.all("LimitRange") if r.namespace == workload.namespace]


def _limit_range(scene: Scene, workload: Ref, what: str) -> Ref:
    """The LimitRange that sets the bound of which the API server speaks; where that is open, the workload."""
    found = _limit_ranges(scene, workload)
    if bound := _BOUND.search(what):
        part = {"maximum": "max", "minimum": "min"}.get(bound["side"] or "", "maxLimitRequestRatio")
        kind, resource = bound["kind"] or bound["ratio_kind"], bound["resource"] or bound["ratio"]
        setting = [
            r for r in found if any(i.text("type") == kind and resource in i.map(part) for i in r.each("spec.limits"))
        ]
        found = setting or found
    return found[0].ref if len(found) == 1 else workload


def _other(scene: Scene, refusal: _Refusal) -> Finding | None:
    """A refusal for a reason that no other reader knows: the API server's own words are the best there is."""
    found, ref = _FORBIDDEN.search(refusal.event.message), refusal.workload.ref
    if not found or any(known.search(refusal.event.message) for known in _KNOWN):
        return None
    return Finding(
        fault=Fault.ADMISSION_DENIED,
        entity=ref,
        field=refusal.workload.spec_path,
        observed=found["why"][:240],
        expected="a pod that the API server accepts",
        summary=f"Pods of {ref.kind} {ref.name} are not created: {found['why'][:160]}",
        advice=f"Change the pod template of {ref.kind} {ref.name}, or create what it refers to",
        certainty=0.93,
        breaks=(ref,),
        observations=(cite.event(scene, refusal.event),),
    )


_READERS: tuple[Callable[[Scene, _Refusal], Finding | None], ...] = (_quota, _account, _webhook, _denied, _other)
