"""Others who write: admission webhooks that change pods, and jobs that change objects again and again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steersman_tools.fields import Fields
from steersman_tools.snapshot import Resource
from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..scene import Scene
from ..trouble import containers_in_trouble
from ..workloads import TEMPLATED, Workload

_WRITES = re.compile(
    r"kubectl\s+(?:-\S+\s+\S+\s+)*(?P<verb>scale|patch|set|delete|apply|replace|edit|label|annotate|rollout|cordon|taint)\b(?P<rest>[^;&|\n]*)"
)
_SHORT = {
    "deploy": "Deployment", "deployment": "Deployment", "deployments": "Deployment", "svc": "Service", "service": "Service",
    "services": "Service", "sts": "StatefulSet", "statefulset": "StatefulSet", "cm": "ConfigMap", "configmap": "ConfigMap",
    "secret": "Secret", "ds": "DaemonSet", "daemonset": "DaemonSet", "netpol": "NetworkPolicy", "networkpolicy": "NetworkPolicy",
    "hpa": "HorizontalPodAutoscaler", "ingress": "Ingress", "ing": "Ingress", "node": "Node", "pod": "Pod", "pods": "Pod",
}  # fmt: skip


def mutated(scene: Scene) -> Iterator[Output]:
    """Pods whose resources are not those of their template, where a webhook that changes pods exists."""
    hooks = [
        h for h in scene.snapshot.all("MutatingWebhookConfiguration") if any(_on_pods(w) for w in h.each("webhooks"))
    ]
    if not hooks:
        return
    troubled = {t.pod.ref for t in containers_in_trouble(scene)}
    for workload in scene.workloads.values():
        if workload.ref.kind not in TEMPLATED:
            continue
        for pod in sorted(workload.live_pods, key=lambda p: p.ref not in troubled):
            if change := _change(scene, workload, pod):
                hook = _likeliest(hooks, pod)
                yield _finding(
                    scene, workload, pod, hook, *change, harmed=pod.ref in troubled or not pod.text("spec.nodeName")
                )
                break


def _on_pods(hook: Fields) -> bool:
    return any(
        {"pods", "*", "pods/*"} & set(r.texts("resources")) and {"CREATE", "*"} & set(r.texts("operations"))
        for r in hook.each("rules")
    )


def _likeliest(hooks: list[Resource], pod: Resource) -> Resource:
    """Of several webhooks, the youngest: what broke lately was made lately."""
    return max(hooks, key=lambda h: h.text("metadata.creationTimestamp"))


def _change(scene: Scene, workload: Workload, pod: Resource) -> tuple[str, str, str] | None:
    """(field, in the template, in the pod) of resources that somebody changed on the way; defaults of a LimitRange do not count."""
    for container in pod.each("spec.containers"):
        name = container.text("name")
        wanted = workload.container(name)
        if not wanted:
            continue
        for part in ("limits", "requests"):
            template, actual = wanted.map(f"resources.{part}"), container.map(f"resources.{part}")
            for resource in actual:
                if resource in template and template[resource] != actual[resource]:
                    return (
                        f"{workload.container_path(name)}.resources.{part}.{resource}",
                        template[resource],
                        actual[resource],
                    )
                if resource not in template and not any(scene.snapshot.all("LimitRange")) and part == "limits":
                    return f"{workload.container_path(name)}.resources.{part}.{resource}", "unset", actual[resource]
    return None


def _finding(
    scene: Scene,
    workload: Workload,
    pod: Resource,
    hook: Resource,
    field: str,
    wanted: str,
    actual: str,
    *,
    harmed: bool,
) -> Finding:
    ref = workload.ref
    return Finding(
        fault=Fault.WEBHOOK_MUTATES_RESOURCES,
        entity=hook.ref,
        field="webhooks",
        observed=f"{field} is {actual} in the pods of {ref.name}",
        expected=f"{wanted}, as the template says",
        summary=f"MutatingWebhookConfiguration {hook.name} changes the pods of {ref.kind} {ref.name}: {field.rpartition('resources.')[2]} {actual} in place of {wanted}",
        advice=f"Correct or remove webhook {hook.name}; the template of {ref.name} is right",
        certainty=0.97 if harmed else 0.8,
        breaks=(ref,),
        needs_symptom=False,
        observations=(
            cite.fields(scene, workload.resource, field),
            cite.fields(scene, pod, "spec.containers[0].resources"),
            cite.fields(scene, hook, "webhooks"),
        ),
    )


def writers(scene: Scene) -> Iterator[Output]:
    """CronJobs, Jobs and Deployments whose command writes an object that somebody else owns."""
    for workload in scene.workloads.values():
        if workload.ref.kind == "CronJob" and workload.resource.flag("spec.suspend"):
            continue
        for container in workload.containers:
            command = " ".join((*container.texts("command"), *container.texts("args")))
            for found in _WRITES.finditer(command):
                target = _target(scene, workload, found["rest"])
                if target and target != workload.ref and _lately(scene, workload):
                    yield _writer(scene, workload, container, target, " ".join(found[0].split()))


def _target(scene: Scene, workload: Workload, rest: str) -> Ref | None:
    """The object that a kubectl command names."""
    namespace = workload.ref.namespace
    if found := re.search(r"(?:-n|--namespace)[ =](\S+)", rest):
        namespace = found[1]
    words = re.sub(r"(?:-n|--namespace)[ =]\S+", " ", rest).split()
    for first, second in zip(words, [*words[1:], ""], strict=True):
        kind, slash, name = first.partition("/")
        kind, name = (kind, name) if slash else (first, second)
        if kind.lower() in _SHORT and name and not name.startswith("-"):
            known = _SHORT[kind.lower()]
            ref = Ref("" if known == "Node" else namespace, known, name.strip("\"'"))
            return ref if scene.snapshot.get(ref) or scene.snapshot.lacks(ref) else None
    return None


def _lately(scene: Scene, workload: Workload) -> bool:
    """Whether it has run within the last day, or runs."""
    last = workload.resource.time("status.lastScheduleTime") or workload.resource.time("status.startTime")
    return bool(workload.live_pods) or (last is not None and scene.within(last, 86_400))


def _writer(scene: Scene, workload: Workload, container: Fields, target: Ref, command: str) -> Finding:
    ref = workload.ref
    victims = _victims(scene, target)
    return Finding(
        fault=Fault.EXTERNAL_WRITER,
        entity=ref,
        field=workload.container_path(container.text("name")) + ".command",
        observed=command[:200],
        expected=f"{target.kind} {target.name} written by its owner only",
        summary=f"{ref.kind} {ref.name} keeps writing {target.kind} {target.name}: {command[:120]}",
        advice=f"Suspend {ref.kind} {ref.name} first; whatever is put right would be written over again",
        certainty=0.86,
        breaks=victims,
        observations=(
            cite.fields(
                scene,
                workload.resource,
                f"{workload.container_path(container.text('name'))}.command",
                f"{workload.container_path(container.text('name'))}.args",
            ),
            cite.fields(scene, workload.resource, "status"),
        ),
    )


def _victims(scene: Scene, target: Ref) -> tuple[Ref, ...]:
    found = scene.workload_of.get(target)
    return (found.ref,) if found else (target,)
