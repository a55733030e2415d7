"""Services that lead nowhere although every pod is well: wrong selector, wrong port, not there at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from steersman_tools.fields import Fields
from steersman_tools.snapshot import Resource
from steersman_tools.types import Observation, Ref

from ...faults import Fault
from ...types import Finding, Output, RuledOut
from .. import cite
from ..addresses import Call
from ..failures import Failure, failing_calls
from ..ports import declared_ports, number_of
from ..scene import Scene, ServiceView
from ..workloads import Workload
from .quotas import full_for_services


def selectors(scene: Scene) -> Iterator[Output]:
    """Services whose selector matches no pod although pods that are plainly meant exist."""
    for view in scene.services.values():
        if view.workloads or not scene.snapshot.read_whole("Pod", view.ref.namespace):
            continue
        if (alias := _dead_alias(scene, view)) is not None:
            yield alias
        if view.external and not _left_over(scene, view):
            continue
        meant = _meant(scene, view)
        callers = scene.callers.get(view.ref, ())
        if meant is None:
            if callers:
                yield _nobody(scene, view, callers)
            continue
        wanted = _close_labels(view.selector, meant.pod_labels)
        yield Finding(
            fault=Fault.SERVICE_SELECTOR_MISMATCH,
            entity=view.ref,
            field="spec.selector",
            observed=_shown(view.selector),
            expected=_shown(wanted),
            summary=f"Service {view.ref.name} selects {_shown(view.selector)}, but the pods of {meant.ref.kind} {meant.ref.name} carry {_shown(wanted)}",
            advice=f"Set spec.selector of Service {view.ref.name} to {_shown(wanted)}",
            certainty=0.97 if callers or _routed(scene, view) else 0.85,
            breaks=(view.ref,),
            needs_symptom=False,
            observations=(
                cite.fields(scene, view.resource, "spec.selector"),
                cite.listing(
                    scene,
                    f"kubectl get pods -n {view.ref.namespace} --show-labels",
                    [f"{p.name} {_shown(p.labels)}" for p in meant.live_pods[:3]] or [_shown(meant.pod_labels)],
                ),
            ),
        )


def _dead_alias(scene: Scene, view: ServiceView) -> Finding | None:
    """An ExternalName that stands for a Service of this cluster which does not exist."""
    name = view.resource.text("spec.externalName").rstrip(".")
    found = re.fullmatch(r"(?P<name>[\w-]+)\.(?P<space>[\w-]+)\.svc(?:\.cluster\.local)?", name)
    if not found or view.resource.text("spec.type") != "ExternalName":
        return None
    target = Ref(found["space"], "Service", found["name"])
    if not scene.snapshot.lacks(target):
        return None
    meant = _meant(scene, view)
    labels = _shown(_close_labels({}, meant.pod_labels)) if meant else ""
    return Finding(
        fault=Fault.SERVICE_SELECTOR_MISMATCH,
        entity=view.ref,
        field="spec.externalName",
        observed=f"an alias of {name}",
        expected=labels or "the name of a Service that exists",
        summary=f"Service {view.ref.name} is an alias of {name}, which does not exist",
        advice=f"Make it a Service again that selects {labels}" if labels else "Set spec.externalName to what exists",
        certainty=0.93 if scene.callers.get(view.ref) else 0.8,
        breaks=(view.ref, *((meant.ref,) if meant else ())),
        observations=(cite.fields(scene, view.resource, "spec.type", "spec.externalName"), cite.absent(scene, target)),
    )


def _left_over(scene: Scene, view: ServiceView) -> bool:
    """Whether the Service has lost its selector: its endpoints were made from pods, of which none is left."""
    if view.selector or view.resource.text("spec.type") == "ExternalName":
        return False
    endpoints = scene.snapshot.get(Ref(view.ref.namespace, "Endpoints", view.ref.name))
    subsets = endpoints.each("subsets") if endpoints else []
    every = [a for s in subsets for part in ("addresses", "notReadyAddresses") for a in s.each(part)]
    pods = [
        Ref(view.ref.namespace, "Pod", a.text("targetRef.name")) for a in every if a.text("targetRef.kind") == "Pod"
    ]
    return bool(pods) and all(scene.snapshot.lacks(pod) for pod in pods)


def _meant(scene: Scene, view: ServiceView) -> Workload | None:
    """The workload that the Service is for: of its name, or nearly all of its labels, and with no Service of its own."""
    best: tuple[float, Workload] | None = None
    for workload in scene.workloads.values():
        if (
            workload.ref.namespace != view.ref.namespace
            or not workload.pod_labels
            or workload.ref.kind in ("Job", "CronJob")
        ):
            continue
        score = _affinity(scene, view, workload)
        if score >= 1.0 and (best is None or score > best[0]):
            best = (score, workload)
    return best[1] if best else None


def _affinity(scene: Scene, view: ServiceView, workload: Workload) -> float:
    name, selector, labels = view.ref.name, view.selector, workload.pod_labels
    shared = sum(labels.get(k) == v for k, v in selector.items()) / max(len(selector), 1)
    named = 1.0 if name == workload.ref.name else 0.6 if name in labels.values() else 0.0
    ports = {number_of(p.text("targetPort") or p.text("port"), workload.template) for p in view.ports} - {None}
    serves = 0.3 if ports & declared_ports(workload.template) else 0.0
    typo = max((SequenceMatcher(None, v, labels.get(k, "")).ratio() for k, v in selector.items()), default=0.0)
    taken = 0.4 if scene.services_of.get(workload.ref) and named < 1.0 else 0.0
    return named + shared * 0.6 + serves + (0.3 if 0.75 <= typo < 1.0 else 0.0) - taken


def _close_labels(selector: dict[str, str], labels: dict[str, str]) -> dict[str, str]:
    """The selector with the values that the pods carry, and without the keys that they do not."""
    kept = {k: labels[k] for k in selector if k in labels}
    return (
        kept
        or {k: v for k, v in labels.items() if k in ("app", "app.kubernetes.io/name", "k8s-app", "name")}
        or dict(labels)
    )


def _nobody(scene: Scene, view: ServiceView, callers: tuple[Call, ...]) -> Finding:
    names = sorted({c.caller.name for c in callers})
    return Finding(
        fault=Fault.SERVICE_SELECTOR_MISMATCH,
        entity=view.ref,
        field="spec.selector",
        observed=_shown(view.selector),
        expected="labels that pods carry",
        summary=f"Service {view.ref.name} selects {_shown(view.selector)}, which no workload's pods carry; {', '.join(names)} call it",
        advice="Correct the selector, or bring back the workload that it is for",
        certainty=0.8,
        breaks=(view.ref,),
        observations=(cite.fields(scene, view.resource, "spec.selector"),),
    )


def target_ports(scene: Scene) -> Iterator[Output]:
    """Ports of Services that lead to a port on which the pods do not listen."""
    for view in scene.services.values():
        if view.external or view.headless:
            continue
        for index, port in enumerate(view.ports):
            target = port.text("targetPort") or port.text("port")
            backends = [w for w in view.workloads if w.live_pods or w.desired]
            wrong = [w for w in backends if _not_served(scene, w, target, port.text("protocol", "TCP"))]
            if wrong and len(wrong) == len(backends):
                yield _wrong_port(scene, view, index, port, target, wrong[0])


def _not_served(scene: Scene, workload: Workload, target: str, protocol: str) -> bool:
    """Whether the target is a name that the pods do not declare, or a number outside all that they are known to serve."""
    pod = workload.ready_pods[0] if workload.ready_pods else workload.template
    number = number_of(target, pod)
    if number is None:
        return True
    known = served_ports(workload)
    return bool(known) and number not in known


def served_ports(workload: Workload) -> set[int]:
    """The ports that the containers declare, and those that their probes ask."""
    pod = workload.ready_pods[0] if workload.ready_pods else workload.template
    asked = {
        number_of(container.text(f"{kind}Probe.{handler}.port"), pod)
        for container in workload.containers
        for kind in ("readiness", "liveness", "startup")
        for handler in ("httpGet", "tcpSocket", "grpc")
    }
    return declared_ports(pod) | {n for n in asked if n is not None}


def _wrong_port(scene: Scene, view: ServiceView, index: int, port: Fields, target: str, workload: Workload) -> Finding:
    failures = _failures(scene, view.ref)
    expected = _right_port(view, port, workload)
    named = number_of(target, workload.template) is None
    observations: list[Observation] = [
        cite.fields(scene, view.resource, f"spec.ports[{index}]"),
        cite.fields(
            scene, workload.resource, *(f"{workload.container_path(c.text('name'))}.ports" for c in workload.containers)
        ),
        *(cite.log(scene, f.log, [f.sign.line]) for f in failures[:2]),
    ]
    return Finding(
        fault=Fault.SERVICE_PORT_MISMATCH,
        entity=view.ref,
        field=f"spec.ports[{index}].targetPort",
        observed=target,
        expected=expected,
        summary=f"Service {view.ref.name} sends port {port.text('port')} to {target}, but the pods of {workload.ref.kind} {workload.ref.name} listen on {expected}",
        advice=f"Set spec.ports[{index}].targetPort of Service {view.ref.name} to {expected}",
        certainty=0.97 if failures or named else 0.85,
        breaks=(view.ref,),
        needs_symptom=not named,
        observations=tuple(observations),
    )


def _right_port(view: ServiceView, port: Fields, workload: Workload) -> str:
    """The port that the pods serve: that of the Service's own number or name if there is one, else the only one."""
    known = sorted(served_ports(workload))
    if port.count("port") in known:
        return port.text("port")
    for container in workload.containers:
        for entry in container.each("ports"):
            if port.text("name") and entry.text("name") == port.text("name"):
                return entry.text("containerPort")
    return ", ".join(map(str, known))


def missing(scene: Scene) -> Iterator[Output]:
    """Services that others call and that do not exist."""
    for target, calls in scene.callers.items():
        if not scene.snapshot.lacks(target) or full_for_services(scene, target.namespace):
            continue  # of the latter the quota is the cause
        failures = _failures(scene, target)
        backend = next(
            (w for w in scene.workloads.values() if w.ref.namespace == target.namespace and w.ref.name == target.name),
            None,
        )
        callers = sorted({c.caller.name for c in calls})
        if not backend and not failures and len(callers) < 2:
            continue
        first = calls[0]
        holder = scene.snapshot.get(first.holder)
        observations = [cite.absent(scene, target)]
        if holder and first.field:
            observations.append(cite.fields(scene, holder, first.field))
        yield Finding(
            fault=Fault.SERVICE_MISSING,
            entity=target,
            observed=f"Service {target.name} does not exist",
            expected=f"a Service {target.name} in namespace {target.namespace}"
            + (f" with port {first.port}" if first.port else ""),
            summary=f"Service {target.name} does not exist, but {', '.join(callers)} call it",
            advice=f"Create Service {target.name}"
            + (f" for the pods of {backend.ref.kind} {backend.ref.name}" if backend else ", or correct the address"),
            certainty=(0.96 if failures else 0.85) if backend or len(callers) > 1 else 0.6,
            breaks=(target,),
            observations=(*observations, *(cite.log(scene, f.log, [f.sign.line]) for f in failures[:2])),
        )


def healthy_paths(scene: Scene) -> Iterator[Output]:
    """What failing calls do not come from: the Service's selector and ports are right and its pods are ready."""
    for failure in failing_calls(scene):
        view = scene.services.get(failure.target) if failure.target else None
        if (
            view
            and not view.external
            and view.ready
            and not any(
                _not_served(scene, w, p.text("targetPort") or p.text("port"), "")
                for w in view.workloads
                for p in view.ports
            )
        ):
            yield RuledOut(
                fault=Fault.SERVICE_SELECTOR_MISMATCH,
                entity=view.ref,
                why=f"its selector matches {len(view.ready)} ready pods",
            )
            yield RuledOut(
                fault=Fault.SERVICE_PORT_MISMATCH, entity=view.ref, why="its target ports are ports that the pods serve"
            )


def _failures(scene: Scene, service: Ref) -> list[Failure]:
    return [f for f in failing_calls(scene) if f.target == service]


def _routed(scene: Scene, view: ServiceView) -> bool:
    """Whether an Ingress sends requests to the Service."""
    return any(
        view.ref.name in _backends(i) for i in scene.snapshot.all("Ingress") if i.namespace == view.ref.namespace
    )


def _backends(ingress: Resource) -> set[str]:
    return {
        path.text("backend.service.name") or path.text("backend.serviceName")
        for rule in ingress.each("spec.rules")
        for path in rule.each("http.paths")
    }


def _shown(labels: dict[str, str]) -> str:
    return ",".join(f"{k}={v}" for k, v in labels.items()) or "nothing"
