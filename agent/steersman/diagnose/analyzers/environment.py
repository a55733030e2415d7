"""Environment that is not what it seems: variables set twice, Secrets that have changed since the pods started."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.fields import Fields
from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..changes import written_at
from ..failures import Failure, failing_calls
from ..scene import Scene
from ..workloads import Workload


def duplicated(scene: Scene) -> Iterator[Output]:
    """Variables that a container sets twice to different values: the later entry wins, the earlier one is what was meant."""
    for workload in scene.workloads.values():
        for container in workload.containers:
            entries = [(i, e.text("name"), e) for i, e in enumerate(container.each("env"))]
            for index, name, entry in entries:
                earlier = next((e for i, n, e in entries if n == name and i < index), None)
                if earlier is not None and _value(earlier) != _value(entry):
                    yield _duplicate(scene, workload, container, name, index, earlier, entry)


def _value(entry: Fields) -> str:
    return entry.text("value") or str(dict(entry.at("valueFrom").raw))


def _duplicate(
    scene: Scene, workload: Workload, container: Fields, name: str, index: int, earlier: Fields, entry: Fields
) -> Finding:
    ref, field = workload.ref, f"{workload.container_path(container.text('name'))}.env[{index}]"
    suffering = any(f.caller == ref for f in failing_calls(scene)) or workload.ready < workload.desired
    return Finding(
        fault=Fault.ENV_DUPLICATED,
        entity=ref,
        field=field,
        observed=f"{name}={_value(entry)}",
        expected=f"{name}={_value(earlier)}, once",
        summary=f"{name} is set twice in container {container.text('name')} of {ref.kind} {ref.name}: {_value(entry)} wins over {_value(earlier)}",
        advice=f"Remove the second entry of {name}",
        certainty=0.97 if suffering else 0.75,
        breaks=(ref,),
        needs_symptom=not suffering,
        observations=(cite.fields(scene, workload.resource, f"{workload.container_path(container.text('name'))}.env"),),
    )


def stale_secrets(scene: Scene) -> Iterator[Output]:
    """Pods that were started before a Secret in their environment was changed, and are now refused."""
    refused = [f for f in failing_calls(scene) if f.sign.kind == "auth-failed"]
    for caller in dict.fromkeys(f.caller for f in refused):
        workload = scene.workloads[caller]
        for secret, path in _changed_since(scene, workload):
            yield _stale(scene, workload, secret, path, [f for f in refused if f.caller == caller])


def is_stale(scene: Scene, ref: Ref) -> bool:
    """Whether the workload's pods are older than a Secret that they read at their start."""
    return any(_changed_since(scene, scene.workloads[ref]))


def _changed_since(scene: Scene, workload: Workload) -> Iterator[tuple[Ref, str]]:
    """The Secrets of the environment that were written after every ready pod had started."""
    started = [t for p in workload.ready_pods if (t := p.time("status.startTime"))]
    for secret, path in _secrets(workload):
        resource = scene.snapshot.get(secret)
        changed = (written_at(resource, "data") or resource.created) if resource else None
        if changed and started and changed > max(started):
            yield secret, path


def _secrets(workload: Workload) -> Iterator[tuple[Ref, str]]:
    """The Secrets that the containers read once, at their start."""
    for container in workload.containers:
        base = workload.container_path(container.text("name"))
        for index, entry in enumerate(container.each("env")):
            if name := entry.text("valueFrom.secretKeyRef.name"):
                yield Ref(workload.ref.namespace, "Secret", name), f"{base}.env[{index}]"
        for index, source in enumerate(container.each("envFrom")):
            if name := source.text("secretRef.name"):
                yield Ref(workload.ref.namespace, "Secret", name), f"{base}.envFrom[{index}]"


def _stale(scene: Scene, workload: Workload, secret: Ref, path: str, failures: list[Failure]) -> Finding:
    ref = workload.ref
    resource = scene.snapshot.get(secret)
    at = written_at(resource, "data") if resource else None
    return Finding(
        fault=Fault.SECRET_STALE,
        entity=ref,
        field=path,
        observed=f"pods started before Secret {secret.name} was changed at {cite.clock(at)}",
        expected=f"pods that have read Secret {secret.name} since",
        summary=f"The pods of {ref.kind} {ref.name} still use what Secret {secret.name} held before it was changed",
        advice=f"Restart {ref.kind} {ref.name}: kubectl -n {ref.namespace} rollout restart {ref.kind.lower()}/{ref.name}",
        certainty=0.96,
        breaks=(ref,),
        observations=(
            *(cite.log(scene, f.log, [f.sign.line]) for f in failures[:1]),
            cite.listing(
                scene,
                f"kubectl get pods -n {ref.namespace} -o custom-columns=NAME:.metadata.name,STARTED:.status.startTime",
                [
                    f"Secret {secret.name} written {cite.clock(at)}",
                    *(f"{p.name} started {cite.clock(p.time('status.startTime'))}" for p in workload.ready_pods[:4]),
                ],
            ),
        ),
    )
