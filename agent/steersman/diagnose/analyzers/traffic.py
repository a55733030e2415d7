"""Services that reach too many pods, too few, or with the wrong protocol."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..failures import failing_calls
from ..ports import declared_ports, number_of
from ..scene import Scene, ServiceView
from ..workloads import Workload
from .services import served_ports


def too_wide(scene: Scene) -> Iterator[Output]:
    """Services whose selector also matches pods of another application, which answer on no such port or with something else."""
    for view in scene.services.values():
        running = [w for w in view.workloads if w.live_pods and w.ref.kind not in ("Job", "CronJob")]
        if view.external or view.headless or len(running) < 2:
            continue
        meant = _meant(view, running)
        strangers = [w for w in running if w.ref != meant.ref and _stranger(view, meant, w)]
        if not strangers:
            continue
        failures = [f for f in failing_calls(scene) if f.target == view.ref]
        narrower = {k: v for k, v in meant.pod_labels.items() if any(w.pod_labels.get(k) != v for w in strangers)}
        names = ", ".join(w.ref.name for w in strangers)
        yield Finding(
            fault=Fault.SERVICE_SELECTOR_TOO_WIDE,
            entity=view.ref,
            field="spec.selector",
            observed=",".join(f"{k}={v}" for k, v in view.selector.items()),
            expected=",".join(f"{k}={v}" for k, v in {**view.selector, **narrower}.items()),
            summary=f"The selector of Service {view.ref.name} also matches the pods of {names}, which do not serve it",
            advice=f"Add {', '.join(f'{k}={v}' for k, v in narrower.items()) or 'a label of its own pods only'} to the selector",
            certainty=0.96 if failures else 0.88,
            breaks=(view.ref,),
            needs_symptom=False,
            observations=(
                cite.fields(scene, view.resource, "spec.selector"),
                cite.listing(
                    scene,
                    f"kubectl get pods -n {view.ref.namespace} -l {','.join(f'{k}={v}' for k, v in view.selector.items())}",
                    [f"{p.name} ports {sorted(declared_ports(p))}" for p in view.pods[:8]],
                ),
                *(cite.log(scene, f.log, [f.sign.line]) for f in failures[:1]),
            ),
        )


def _meant(view: ServiceView, running: list[Workload]) -> Workload:
    """The workload that the Service is for: by its name, or else by who shares most with it."""
    named = [w for w in running if w.ref.name == view.ref.name]
    return named[0] if named else max(running, key=lambda w: (_serves(view, w), len(w.ready_pods), w.ref.name))


def _serves(view: ServiceView, workload: Workload) -> bool:
    pod = workload.live_pods[0]
    wanted = {number_of(p.text("targetPort") or p.text("port"), pod) for p in view.ports}
    known = served_ports(workload)
    return not known or bool(wanted & known)


def _stranger(view: ServiceView, meant: Workload, other: Workload) -> bool:
    """Whether the other workload is another application: on other ports, or of another image and name."""
    if not _serves(view, other) and _serves(view, meant):
        return True
    images = [{c.text("image").rpartition(":")[0] for c in w.containers} for w in (meant, other)]
    return (
        not images[0] & images[1] and not other.ref.name.startswith(meant.ref.name) and meant.ref.name == view.ref.name
    )


def protocols(scene: Scene) -> Iterator[Output]:
    """Ports of Services whose protocol is not that of the containers' port."""
    for view in scene.services.values():
        for index, port in enumerate(view.ports):
            protocol = port.text("protocol", "TCP")
            for workload in view.workloads[:1]:
                pod = workload.live_pods[0] if workload.live_pods else workload.template
                number = number_of(port.text("targetPort") or port.text("port"), pod)
                if number is None or number not in declared_ports(pod) or number in declared_ports(pod, protocol):
                    continue
                others = [
                    p
                    for p in view.ports
                    if p.text("protocol", "TCP") != protocol and p.count("port") == port.count("port")
                ]
                if others:
                    continue
                right = "UDP" if protocol == "TCP" else "TCP"
                yield Finding(
                    fault=Fault.SERVICE_PROTOCOL_MISMATCH,
                    entity=view.ref,
                    field=f"spec.ports[{index}].protocol",
                    observed=protocol,
                    expected=right,
                    summary=f"Service {view.ref.name} offers port {port.text('port')} over {protocol}, but the pods of {workload.ref.name} speak {right} there",
                    advice=f"Set spec.ports[{index}].protocol of Service {view.ref.name} to {right}",
                    certainty=0.95,
                    breaks=(view.ref,),
                    needs_symptom=False,
                    observations=(
                        cite.fields(scene, view.resource, f"spec.ports[{index}]"),
                        cite.fields(
                            scene,
                            workload.resource,
                            f"{workload.container_path(workload.containers[0].text('name'))}.ports",
                        ),
                    ),
                )


def local_only(scene: Scene) -> Iterator[Output]:
    """Services with internalTrafficPolicy Local that are called from nodes where none of their pods is ready."""
    for view in scene.services.values():
        if view.resource.text("spec.internalTrafficPolicy") != "Local" or not view.ready:
            continue
        homes = {p.text("spec.nodeName") for p in view.ready}
        stranded: dict[Ref, set[str]] = {}
        for call in scene.callers.get(view.ref, ()):
            workload = scene.workloads[call.caller]
            away = {n for p in workload.live_pods if (n := p.text("spec.nodeName")) and n not in homes}
            if away:
                stranded[call.caller] = away
        if not stranded:
            continue
        failures = [f for f in failing_calls(scene) if f.target == view.ref]
        nodes = ", ".join(sorted({n for away in stranded.values() for n in away}))
        yield Finding(
            fault=Fault.INTERNAL_TRAFFIC_POLICY_LOCAL,
            entity=view.ref,
            field="spec.internalTrafficPolicy",
            observed="Local",
            expected="Cluster",
            summary=f"Service {view.ref.name} serves callers of the same node only (internalTrafficPolicy Local), but is called from {nodes}, where none of its pods runs",
            advice=f"Set spec.internalTrafficPolicy of Service {view.ref.name} to Cluster, or run a pod of it on every node",
            certainty=0.97 if failures else 0.9,
            breaks=(view.ref,),
            needs_symptom=False,
            observations=(
                cite.fields(scene, view.resource, "spec.internalTrafficPolicy"),
                cite.listing(
                    scene,
                    f"kubectl get pods -n {view.ref.namespace} -o wide",
                    [
                        *(f"{p.name} on {p.text('spec.nodeName')}" for p in view.ready),
                        *(f"called by {ref.name} on {', '.join(sorted(away))}" for ref, away in stranded.items()),
                    ],
                ),
                *(cite.log(scene, f.log, [f.sign.line]) for f in failures[:1]),
            ),
        )
