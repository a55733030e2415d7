"""Workloads that fail by themselves since something of theirs was changed: a new image, a new setting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from steersman_tools.managed import writers
from steersman_tools.snapshot import Resource
from steersman_tools.types import Observation

from ...faults import Fault
from ...types import Finding, Output, Symptom
from .. import cite
from ..changes import before, latest_changes, since
from ..failures import Failure, failing_calls, own_errors
from ..scene import Scene
from ..workloads import Workload
from .config import needs

LATELY = timedelta(hours=6)


def regressions(scene: Scene) -> Iterator[Output]:
    """Workloads that answer with errors of their own, with what changed in them last."""
    for failure in own_errors(scene):
        workload = scene.workloads[failure.caller]
        shown = cite.log(scene, failure.log, [failure.sign.line])
        text = f"{workload.ref.kind} {workload.ref.name} answers requests with errors of its own ({failure.sign.count} lines)"
        yield Symptom(kind="errors", entity=workload.ref, text=text, weight=2.0, observations=(shown,))
        if any(f.caller == workload.ref for f in failing_calls(scene)):
            continue
        if found := _setting(scene, workload, failure, shown) or _release(scene, workload, failure, shown):
            yield found


def _release(scene: Scene, workload: Workload, failure: Failure, shown: Observation) -> Finding | None:
    changes = latest_changes(scene, workload)
    image = next((c for c in changes if c.path.endswith(".image")), None)
    change = image or next(iter(changes), None)
    if change is None or not _recent(scene, change.at):
        return None
    ref = workload.ref
    name = change.path.split(".")[1] if change.path.startswith("containers.") else ""
    field = (
        f"{workload.container_path(name)}.{change.path.split('.', 2)[2]}"
        if name
        else f"{workload.spec_path}.{change.path}"
    )
    call = f"kubectl rollout history {ref.kind.lower()}/{ref.name} -n {ref.namespace}"
    return Finding(
        fault=Fault.RELEASE_REGRESSION,
        entity=ref,
        field=field,
        observed=cite.short(change.after),
        expected=cite.short(change.before),
        summary=f"{ref.kind} {ref.name} fails by itself since revision {change.revision} ({cite.clock(change.at)}), which changed "
        f"{'the image' if image else change.path} from {cite.short(change.before)} to {cite.short(change.after)}",
        advice=f"Go back: kubectl -n {ref.namespace} rollout undo {ref.kind.lower()}/{ref.name}",
        certainty=0.9 if image else 0.75,
        breaks=(ref,),
        observations=(
            shown,
            cite.listing(scene, call, [f"revision {c.revision}: {c.path}: {c.before} -> {c.after}" for c in changes]),
        ),
    )


def _recent(scene: Scene, at: datetime | None) -> bool:
    return at is None or scene.now - at <= LATELY


def _setting(scene: Scene, workload: Workload, failure: Failure, shown: Observation) -> Finding | None:
    """The key of a ConfigMap that was written last, after the pods' template and before the pods that fail were started."""
    began = since(scene, workload)
    best: tuple[datetime, Resource, str] | None = None
    for target in dict.fromkeys(n.target for n in needs(workload)):
        resource = scene.snapshot.get(target)
        if resource is None or resource.kind != "ConfigMap":
            continue
        for key in resource.map("data"):
            writer = next(iter(writers(resource, f"data['{key}']")), None)
            if (
                writer
                and writer.at
                and resource.created
                and writer.at > resource.created
                and (best is None or writer.at > best[0])
            ):
                best = (writer.at, resource, key)
    if (
        best is None
        or not _recent(scene, best[0])
        or (began and began.created and before(scene, workload) and began.created > best[0])
    ):
        return None
    at, resource, key = best
    ref = workload.ref
    return Finding(
        fault=Fault.RELEASE_REGRESSION,
        entity=resource.ref,
        field=f"data['{key}']",
        observed=f"{key}: {resource.map('data')[key][:120]}",
        expected="the value that it had before",
        summary=f"{ref.kind} {ref.name} fails by itself since {key} in ConfigMap {resource.name} was changed at {cite.clock(at)}",
        advice=f"Set {key} of ConfigMap {resource.name} back, and restart {ref.name}",
        certainty=0.88,
        breaks=(ref,),
        observations=(shown, cite.fields(scene, resource, f"data['{key}']")),
    )
