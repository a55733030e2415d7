"""NetworkPolicies that drop calls which the applications are set up to make."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.snapshot import Resource
from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..addresses import Call
from ..changes import last_writer
from ..failures import Failure, failing_calls
from ..netpol import Peer, blockers
from ..ports import number_of
from ..scene import Scene, ServiceView
from ..workloads import Workload
from .services import served_ports

_DNS = Ref("kube-system", "Service", "kube-dns")
_DROPPED = {"timed-out", "dns-failed"}


def blocked_calls(scene: Scene) -> Iterator[Output]:
    """For each policy: the calls that it drops."""
    if not any(scene.snapshot.all("NetworkPolicy")):
        return
    found: dict[Ref, tuple[Resource, list[tuple[Workload, Ref]]]] = {}
    for call in scene.calls:
        view = scene.services.get(call.service) if call.service else None
        caller = scene.workloads.get(call.caller)
        if view and caller and view.workloads:
            for policy in _culprits(scene, caller, call, view):
                found.setdefault(policy.ref, (policy, []))[1].append((caller, view.ref))
    for workload, policy in _dns_blocked(scene):
        found.setdefault(policy.ref, (policy, []))[1].append((workload, _DNS))
    for policy, pairs in found.values():
        yield _finding(scene, policy, pairs)


def _peer(workload: Workload) -> Peer:
    pod = workload.live_pods[0] if workload.live_pods else workload.template
    return Peer(workload.ref.namespace, workload.pod_labels, pod, pod.text("status.podIP"))


def _culprits(scene: Scene, caller: Workload, call: Call, view: ServiceView) -> list[Resource]:
    """The policies that close the way to every backend of the Service; of several, the one written last."""
    port = next((p for p in view.ports if p.count("port") == call.port), None)
    target = (port.text("targetPort") or port.text("port")) if port else str(call.port or "")
    closing = [
        blockers(scene.snapshot, _peer(caller), server, number)
        for workload in view.workloads
        if workload.ref != caller.ref
        and (number := number_of(target, (server := _peer(workload)).pod)) in _served(workload, number)
    ]
    if not closing or not all(closing):
        return []
    policies = {p.ref: p for those in closing for p in those}
    return [max(policies.values(), key=_written)]


def _served(workload: Workload, number: int | None) -> set[int | None]:
    """The ports that the workload is known to serve; where none is known, the one that is asked for."""
    return {*served_ports(workload)} or {number}


def _written(policy: Resource) -> float:
    writer = last_writer(policy, "spec")
    moment = (writer.at if writer else None) or policy.created
    return moment.timestamp() if moment else 0.0


def _dns_blocked(scene: Scene) -> Iterator[tuple[Workload, Resource]]:
    """Workloads whose egress policies do not let them ask the cluster's DNS."""
    dns = scene.services.get(_DNS)
    if not dns or not dns.workloads:
        return
    server = _peer(dns.workloads[0])
    for workload in scene.workloads.values():
        if (
            workload.ref.namespace != _DNS.namespace
            and workload.live_pods
            and any(c.caller == workload.ref for c in scene.calls)
        ):
            closing = blockers(scene.snapshot, _peer(workload), server, 53, "UDP")
            if closing and all(p.namespace == workload.ref.namespace for p in closing):
                yield workload, max(closing, key=_written)


def _finding(scene: Scene, policy: Resource, pairs: list[tuple[Workload, Ref]]) -> Finding:
    failures = [f for f in failing_calls(scene) if f.sign.kind in _DROPPED and any(_same(f, w, s) for w, s in pairs)]
    spared = [w for w, s in pairs if not any(_same(f, w, s) for f in failures)]
    callers, targets = sorted({w.ref.name for w, _ in pairs}), sorted({s.name for _, s in pairs})
    certainty = 0.96 if failures else 0.5 if _logs_known(scene, spared) else 0.75
    return Finding(
        fault=Fault.NETWORK_POLICY_BLOCKS,
        entity=policy.ref,
        field="spec",
        observed=f"calls from {', '.join(callers)} to {', '.join(targets)} are not allowed",
        expected=f"a rule that lets {', '.join(callers)} reach {', '.join(targets)}",
        summary=f"NetworkPolicy {policy.name} drops the calls from {', '.join(callers)} to {', '.join(targets)}",
        advice=f"Add a rule to NetworkPolicy {policy.name} that allows these calls",
        certainty=certainty,
        breaks=tuple(dict.fromkeys(s for _, s in pairs if s != _DNS)) or tuple(w.ref for w, _ in pairs),
        observations=(
            cite.fields(scene, policy, "spec"),
            *(cite.log(scene, f.log, [f.sign.line]) for f in failures[:2]),
        ),
    )


def _same(failure: Failure, workload: Workload, service: Ref) -> bool:
    return failure.caller == workload.ref and (
        failure.target == service or (service == _DNS and failure.sign.kind == "dns-failed")
    )


def _logs_known(scene: Scene, workloads: list[Workload]) -> bool:
    """Whether the callers' logs were read, so that their silence means something."""
    read = {scene.workload_of[q.pod].ref for q in scene.snapshot.logs if q.pod in scene.workload_of}
    return bool(workloads) and all(w.ref in read for w in workloads)
