"""ConfigMaps, Secrets and keys that containers need and that do not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from steersman_tools.fields import Fields
from steersman_tools.types import Observation, Ref

from ...faults import Fault
from ...types import Finding, LookBack, Output
from .. import cite
from ..changes import before, latest_changes
from ..scene import Scene
from ..trouble import STARTING
from ..workloads import Workload, is_ready

_ABSENT = re.compile(r"(?P<kind>secret|configmap) \"(?P<name>[^\"]+)\" not found", re.I)
_NO_KEY = re.compile(
    r"couldn't find key (?P<key>\S+) in (?P<kind>Secret|ConfigMap) (?P<namespace>[^/\s]+)/(?P<name>\S+)"
)
_RECENT_SECONDS = 600.0
_KINDS = {"secret": "Secret", "configmap": "ConfigMap"}
_STUCK = {"CreateContainerConfigError", "CreateContainerError"}


@dataclass(frozen=True, slots=True)
class Need:
    """A reference from a pod template to an object, and to a key in it where one is named."""

    target: Ref
    key: str
    field: str
    """Below the pod spec."""


def missing_config(scene: Scene) -> Iterator[Output]:
    """References to a ConfigMap, Secret or key that is known not to exist."""
    for workload in scene.workloads.values():
        if workload.desired == 0 and not workload.live_pods:
            continue
        seen: set[tuple[Ref, str]] = set()
        for need in needs(workload):
            if (need.target, need.key) in seen:
                continue
            seen.add((need.target, need.key))
            if scene.snapshot.lacks(need.target):
                yield from _back(scene, workload, need, having="")
                yield _finding(scene, workload, need, missing_key=False)
            elif need.key and _lacks_key(scene, need):
                yield from _back(scene, workload, need, having=f"data['{need.key}']")
                yield _finding(scene, workload, need, missing_key=True)
        for need in _told(scene, workload):
            if (need.target, need.key) not in seen or scene.snapshot.get(need.target) is None:
                known = next((n for n in needs(workload) if n.target == need.target and need.key in ("", n.key)), need)
                if not scene.snapshot.lacks(need.target):
                    yield _finding(scene, workload, known, missing_key=bool(need.key))


def _back(scene: Scene, workload: Workload, need: Need, *, having: str) -> Iterator[LookBack]:
    """What a ConfigMap was before somebody deleted it, or a key of it: the cluster may still know."""
    if need.target.kind == "ConfigMap" and not _reference_is_new(scene, workload, need, need.key or need.target.name):
        yield LookBack(past=need.target, having=having, why=f"what {need.target} held before")


def _told(scene: Scene, workload: Workload) -> Iterator[Need]:
    """What the kubelet says is missing now, where nobody listed Secrets and ConfigMaps."""
    found: dict[tuple[Ref, str], Need] = {}
    for pod in workload.live_pods:
        if is_ready(pod) or pod.text("status.phase") not in ("Pending", "Running"):
            continue
        for event in scene.events(pod, "Failed", "FailedMount"):
            if not scene.within(event.last, _RECENT_SECONDS):
                continue
            if key := _NO_KEY.search(event.message):
                target = Ref(workload.ref.namespace, key["kind"], key["name"])
                found.setdefault((target, key["key"]), Need(target, key["key"], "containers"))
            elif absent := _ABSENT.search(event.message):
                target = Ref(workload.ref.namespace, _KINDS[absent["kind"].lower()], absent["name"])
                found.setdefault((target, ""), Need(target, "", "containers"))
    yield from found.values()


def needs(workload: Workload) -> Iterator[Need]:
    """Every reference of the pod template that must hold for its containers to start."""
    namespace = workload.ref.namespace
    for part in ("initContainers", "containers"):
        for i, container in enumerate(workload.spec.each(part)):
            for j, source in enumerate(container.each("envFrom")):
                for ref, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                    if source.has(ref) and not source.flag(f"{ref}.optional"):
                        yield Need(
                            Ref(namespace, kind, source.text(f"{ref}.name")), "", f"{part}[{i}].envFrom[{j}].{ref}.name"
                        )
            for j, entry in enumerate(container.each("env")):
                for ref, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                    source = entry.at(f"valueFrom.{ref}")
                    if source and not source.flag("optional"):
                        path = f"{part}[{i}].env[{j}].valueFrom.{ref}"
                        yield Need(Ref(namespace, kind, source.text("name")), source.text("key"), path)
    for i, volume in enumerate(workload.spec.each("volumes")):
        yield from _volume(volume, namespace, f"volumes[{i}]")
        for j, source in enumerate(volume.each("projected.sources")):
            yield from _volume(source, namespace, f"volumes[{i}].projected.sources[{j}]")


def _volume(volume: Fields, namespace: str, path: str) -> Iterator[Need]:
    for part, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
        source = volume.at(part)
        if not source or source.flag("optional"):
            continue
        name = "secretName" if source.has("secretName") else "name"
        target = Ref(namespace, kind, source.text(name))
        yield Need(target, "", f"{path}.{part}.{name}")
        for k, item in enumerate(source.each("items")):
            yield Need(target, item.text("key"), f"{path}.{part}.items[{k}].key")


def _lacks_key(scene: Scene, need: Need) -> bool:
    holder = scene.snapshot.get(need.target)
    return holder is not None and not any(need.key in holder.at(part).raw for part in ("data", "binaryData"))


def _finding(scene: Scene, workload: Workload, need: Need, *, missing_key: bool) -> Finding:
    kind, name, ref = need.target.kind, need.target.name, workload.ref
    path = f"{workload.spec_path}.{need.field}"
    stuck = _stuck(scene, workload, need)
    wanted_name = need.key if missing_key else need.target.name
    renamed = _reference_is_new(scene, workload, need, wanted_name)
    entity = ref if renamed else need.target
    if missing_key:
        fault = Fault.CONFIG_KEY_MISSING
        wrong, wanted = f"{kind} {name} has no key {need.key}", f"key {need.key} in {kind} {name}"
        where = path if renamed else f"data['{need.key}']"
    else:
        fault = Fault.CONFIGMAP_MISSING if kind == "ConfigMap" else Fault.SECRET_MISSING
        wrong, wanted = f"{kind} {name} does not exist", f"{kind} {name} in namespace {ref.namespace}"
        where = path if renamed else ""
    observations = [cite.fields(scene, workload.resource, path)]
    holder = scene.snapshot.get(need.target)
    if holder is None:
        observations.append(cite.absent(scene, need.target))
    else:
        observations.append(
            cite.listing(scene, cite.get(need.target), [f"keys: {', '.join(sorted(holder.at('data').raw))}"])
        )
    if was := scene.snapshot.past.get(need.target):
        held = ", ".join(sorted(Fields(dict(was.raw)).at("data").raw))
        observations.append(cite.past(scene, need.target, was.revision, f"keys: {held}"))
    return Finding(
        fault=fault,
        entity=entity,
        field=where,
        observed=wrong,
        expected=_old_name(scene, workload, wanted_name) or wanted if renamed else wanted,
        summary=f"{wrong}, but {ref.kind} {ref.name} needs it",
        advice=f"Point {ref.kind} {ref.name} back to what it used before" if renamed else f"Create {wanted}",
        certainty=0.97 if stuck else 0.75,
        breaks=(ref,),
        needs_symptom=False,
        observations=(*observations, *stuck),
    )


def _stuck(scene: Scene, workload: Workload, need: Need) -> tuple[Observation, ...]:
    """What shows that pods wait for it now."""
    for pod in workload.live_pods:
        for status in (*pod.each("status.initContainerStatuses"), *pod.each("status.containerStatuses")):
            message = status.text("state.waiting.message")
            if status.text("state.waiting.reason") in _STUCK and (need.target.name in message or need.key in message):
                return (cite.container_state(scene, pod, status),)
            if status.text("state.waiting.reason") in STARTING - {""}:
                for event in scene.events(pod, "FailedMount"):
                    if need.target.name in event.message or (need.key and need.key in event.message):
                        return (cite.event(scene, event),)
            if status.text("state.waiting.reason") in _STUCK:
                for event in scene.events(pod, "Failed"):
                    if need.target.name in event.message:
                        return (cite.event(scene, event),)
    return ()


def _reference_is_new(scene: Scene, workload: Workload, need: Need, wanted: str) -> bool:
    """Whether the newest revision brought the reference: then the workload is at fault, not what it names."""
    if before(scene, workload) is None:
        return False
    others = any(
        need.target == other.target and need.key == other.key
        for w in scene.workloads.values()
        if w.ref != workload.ref and w.ref.namespace == workload.ref.namespace
        for other in needs(w)
    )
    return not others and any(
        wanted in str(c.after) and wanted not in str(c.before) for c in latest_changes(scene, workload)
    )


def _old_name(scene: Scene, workload: Workload, wanted: str) -> str:
    change = next(c for c in latest_changes(scene, workload) if wanted in str(c.after) and wanted not in str(c.before))
    return f"{change.path}: {change.before}" if change.before is not None else ""
