"""Names that do not resolve: the cluster's DNS, its configuration, and pods that do not ask it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steersman_tools.snapshot import Resource
from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..failures import Failure, failing_calls
from ..impact import DNS
from ..scene import Scene, ServiceView
from ..workloads import Workload

_BLOCK = re.compile(r"template\s+(?P<cls>\S+)\s+(?P<type>\S+)\s*(?P<zones>[^\n{]*)\{(?P<body>[^}]*)\}")
_KUBERNETES = re.compile(r"^\s*kubernetes\s+[^\n{]*cluster\.local", re.M)
_REWRITE = re.compile(
    r"^\s*rewrite\s+(?:stop\s+)?(?:name\s+)?(?:exact\s+|suffix\s+|prefix\s+|substring\s+|regex\s+)?(?P<from>\S+)\s+(?P<to>\S+)",
    re.M,
)


def records(scene: Scene) -> Iterator[Output]:
    """Names of existing Services that the cluster's DNS does not resolve, with the part of its configuration that is why."""
    corefile = scene.snapshot.get(Ref("kube-system", "ConfigMap", "coredns"))
    text = corefile.map("data").get("Corefile", "") if corefile else ""
    failures = [f for f in failing_calls(scene) if f.sign.kind == "dns-failed" and f.target in scene.services]
    if corefile is None or not text:
        return
    if not _KUBERNETES.search(text):
        yield _finding(
            scene, corefile, "no kubernetes plugin for cluster.local", list(scene.services.values()), failures
        )
        return
    for broken, view in _templated(scene, text):
        yield _finding(scene, corefile, broken, [view], [f for f in failures if f.target == view.ref])
    for found in _REWRITE.finditer(text):
        hit = [
            v
            for v in scene.services.values()
            if _fqdn(v).startswith(found["from"].rstrip(".")) and found["to"] != found["from"]
        ]
        for view in hit:
            yield _finding(scene, corefile, found[0].strip(), [view], [f for f in failures if f.target == view.ref])


def _fqdn(view: ServiceView) -> str:
    return f"{view.ref.name}.{view.ref.namespace}.svc.cluster.local"


def _templated(scene: Scene, text: str) -> Iterator[tuple[str, ServiceView]]:
    """The template blocks that answer for a called Service's name in place of the kubernetes plugin."""
    for block in _BLOCK.finditer(text):
        zones, body = block["zones"].split(), block["body"]
        patterns = [p.strip('"') for p in re.findall(r"match\s+(\S+)", body)]
        if not re.search(r"rcode\s+(?:NXDOMAIN|SERVFAIL|REFUSED)|answer\s", body):
            continue
        for view in scene.services.values():
            name = _fqdn(view)
            covered = not zones or any(
                z in (".", "") or name == z.strip(".") or name.endswith(f".{z.strip('.')}") for z in zones
            )
            if (
                covered
                and scene.callers.get(view.ref)
                and (not patterns or any(_matches(p, f"{name}.") for p in patterns))
            ):
                yield " ".join(block[0].split()), view


def _matches(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return False


def _finding(
    scene: Scene, corefile: Resource, broken: str, views: list[ServiceView], failures: list[Failure]
) -> Finding:
    names = ", ".join(v.ref.name for v in views[:3])
    return Finding(
        fault=Fault.DNS_RECORD_BROKEN,
        entity=corefile.ref,
        field="data['Corefile']",
        observed=broken,
        expected=f"names of Services, such as {names}, answered by the kubernetes plugin",
        summary=f"The cluster's DNS does not resolve {names}: its configuration says '{broken[:120]}'",
        advice="Remove it from the Corefile of ConfigMap coredns",
        certainty=0.97 if failures else 0.88,
        breaks=tuple(v.ref for v in views),
        needs_symptom=False,
        observations=(
            cite.fields(scene, corefile, "data['Corefile']"),
            *(cite.log(scene, f.log, [f.sign.line]) for f in failures[:2]),
        ),
    )


def policies(scene: Scene) -> Iterator[Output]:
    """Workloads whose dnsPolicy or dnsConfig keeps them from asking the cluster's DNS, though they call its names."""
    dns = scene.snapshot.get(DNS)
    address = dns.text("spec.clusterIP") if dns else ""
    for workload in scene.workloads.values():
        called = [c for c in scene.calls if c.caller == workload.ref and c.service]
        wrong = _wrong_policy(workload, address) if called and workload.desired else ""
        if not wrong:
            continue
        failures = [f for f in failing_calls(scene) if f.caller == workload.ref and f.sign.kind == "dns-failed"]
        ref = workload.ref
        yield Finding(
            fault=Fault.DNS_POLICY_WRONG,
            entity=ref,
            field=f"{workload.spec_path}.dnsPolicy",
            observed=wrong,
            expected="dnsPolicy ClusterFirst" + ("WithHostNet" if workload.spec.flag("hostNetwork") else ""),
            summary=f"{ref.kind} {ref.name} does not ask the cluster's DNS ({wrong}), but calls {called[0].host}",
            advice="Set dnsPolicy to ClusterFirst and remove the nameservers from dnsConfig",
            certainty=0.97 if failures else 0.88,
            breaks=(ref,),
            needs_symptom=False,
            observations=(
                cite.fields(
                    scene, workload.resource, f"{workload.spec_path}.dnsPolicy", f"{workload.spec_path}.dnsConfig"
                ),
                *(cite.log(scene, f.log, [f.sign.line]) for f in failures[:2]),
            ),
        )


def _wrong_policy(workload: Workload, address: str) -> str:
    policy, servers = workload.spec.text("dnsPolicy", "ClusterFirst"), workload.spec.texts("dnsConfig.nameservers")
    if policy == "None" and address not in servers and not any(s.startswith("169.254.") for s in servers):
        return f"dnsPolicy None with nameservers {', '.join(servers) or 'none'}"
    if policy == "Default":
        return "dnsPolicy Default"
    if policy == "ClusterFirst" and workload.spec.flag("hostNetwork"):
        return "dnsPolicy ClusterFirst with hostNetwork"
    return ""
