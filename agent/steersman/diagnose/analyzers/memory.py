"""Containers killed for memory: a limit below what they need, or a need that grows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from steersman_tools.fields import Fields
from steersman_tools.flows import RunsOut
from steersman_tools.quantity import amount
from steersman_tools.types import Observation, Ref

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..changes import container_before, latest_changes
from ..scene import Scene
from ..trouble import Trouble, containers_in_trouble, one_each
from ..workloads import Workload, is_ready

_AT_START = re.compile(r"OOM-killed|memory limit too low|possibly OOM|oom_kill|Memory cgroup out of memory", re.I)
SOON = timedelta(minutes=30)
"""A kill that is nearer than this is told as a cause to be put right; one that is farther away, as a warning."""
LEAK_SECONDS = 45.0
"""A run at least this long before the kill did not fail for its start-up need: its memory grew."""


def oom_killed(scene: Scene) -> Iterator[Output]:
    """One finding for each container that is killed for memory now."""
    killed = [t for t in containers_in_trouble(scene) if t.ended.text("reason") == "OOMKilled"]
    for trouble in one_each(killed):
        ref, limit = trouble.workload.ref, trouble.spec.text("resources.limits.memory")
        past = container_before(scene, trouble.workload, trouble.name)
        old_limit, old_image = past.text("resources.limits.memory"), past.text("image")
        lowered = bool(old_limit and limit and amount(limit) < amount(old_limit))
        new_image = bool(old_image) and old_image != trouble.spec.text("image")
        leaks = not lowered and _run_seconds(trouble) >= LEAK_SECONDS
        field = f"{trouble.path}.image" if new_image and not lowered else f"{trouble.path}.resources.limits.memory"
        yield Finding(
            fault=Fault.MEMORY_LEAK if leaks else Fault.OOM_KILLED,
            entity=ref,
            field=field,
            observed=trouble.spec.text("image") if new_image and not lowered else f"limit {limit or 'unset'}",
            expected=old_limit if lowered else old_image if new_image else f"more memory than {limit}",
            summary=f"Container {trouble.name} of {ref.kind} {ref.name} "
            + ("grows until its memory limit kills it" if leaks else "needs more memory than its limit")
            + (f" of {limit}" if limit else ""),
            advice=_advice(trouble, old_limit if lowered else "", old_image if new_image else ""),
            certainty=0.97,
            breaks=(ref,),
            observations=(
                cite.container_state(scene, trouble.pod, trouble.status),
                cite.fields(scene, trouble.workload.resource, f"{trouble.path}.resources"),
                *_change(scene, trouble),
            ),
        )


def too_small(scene: Scene) -> Iterator[Output]:
    """Pods whose limit does not even hold what the runtime needs to start them: no container ever says OOMKilled."""
    for workload in scene.workloads.values():
        for pod in workload.live_pods:
            events = scene.events(pod, "FailedCreatePodSandBox", "Failed", "FailedCreatePodContainer", "BackOff")
            event = next((e for e in events if _AT_START.search(e.message)), None)
            waiting = next((s for s in pod.each("status.containerStatuses") if _AT_START.search(_said(s))), None)
            if is_ready(pod) or (event is None and waiting is None):
                continue
            container = _smallest(workload)
            field = f"{workload.container_path(container.text('name'))}.resources.limits.memory"
            limit, old = (
                container.text("resources.limits.memory"),
                container_before(scene, workload, container.text("name")).text("resources.limits.memory"),
            )
            yield Finding(
                fault=Fault.OOM_KILLED,
                entity=workload.ref,
                field=field,
                observed=f"limit {limit or 'unset'}",
                expected=old if old and old != limit else f"more memory than {limit or 'it gets'}",
                summary=f"Pods of {workload.ref.kind} {workload.ref.name} are killed for memory while they are being started: "
                f"their limit of {limit or 'memory'} is too low",
                advice=f"Raise the memory limit{f' back to {old}' if old and old != limit else ''}, and its request with it",
                certainty=0.96,
                breaks=(workload.ref,),
                observations=(
                    cite.event(scene, event) if event else cite.container_state(scene, pod, waiting or Fields(None)),
                    cite.fields(scene, workload.resource, field),
                ),
            )
            break


def _said(status: Fields) -> str:
    return f"{status.text('state.waiting.message')} {status.text('lastState.terminated.message')}"


def _smallest(workload: Workload) -> Fields:
    """The container with the lowest memory limit."""
    limited = [c for c in workload.containers if c.text("resources.limits.memory")] or workload.containers
    return min(limited, key=lambda c: amount(c.text("resources.limits.memory") or "0"), default=Fields(None))


def _run_seconds(trouble: Trouble) -> float:
    """How long the last run lasted."""
    began, ended = trouble.ended.time("startedAt"), trouble.ended.time("finishedAt")
    return (ended - began).total_seconds() if began and ended else 0.0


def _advice(trouble: Trouble, old_limit: str, old_image: str) -> str:
    if old_limit:
        return f"Raise the memory limit back to {old_limit}"
    if old_image:
        return f"Go back to {old_image}, or raise the memory limit"
    return "Raise the memory limit above what the container needs, and its request with it"


def _change(scene: Scene, trouble: Trouble) -> Iterator[Observation]:
    touched = [c for c in latest_changes(scene, trouble.workload) if f".{trouble.name}." in f".{c.path}"]
    if touched and trouble.workload.current:
        lines = [f"revision {c.revision}: {c.path}: {c.before} -> {c.after}" for c in touched]
        yield cite.listing(
            scene,
            f"kubectl rollout history {trouble.workload.ref.kind.lower()}/{trouble.workload.ref.name} -n {trouble.workload.ref.namespace}",
            lines,
        )


def leaks(scene: Scene) -> Iterator[Output]:
    """Containers whose memory will reach its limit within half an hour: by then they are killed."""
    nearest: dict[Ref, RunsOut] = {}
    for told in scene.snapshot.flows.soon:
        workload = scene.workload_of.get(told.entity)
        if told.fault == Fault.MEMORY_LEAK and workload and told.at - scene.now <= SOON:
            nearest.setdefault(workload.ref, told)
    for ref, told in nearest.items():
        minutes = (told.at - scene.now).total_seconds() / 60
        yield Finding(
            fault=Fault.MEMORY_LEAK,
            entity=ref,
            field=f"{scene.workloads[ref].spec_path}.containers[0].resources.limits.memory",
            observed=f"{told.used:.0%} of the limit used, and steadily more",
            expected="memory that levels off below its limit",
            summary=f"The memory of {ref.kind} {ref.name} grows steadily and reaches its limit in about {minutes:.0f} minutes: {told.summary}",
            advice="Find what holds the memory (a heap profile); until then restart the pods one by one, or raise the limit",
            certainty=0.8,
            breaks=(ref,),
            needs_symptom=False,
            observations=(Observation(tool="metrics", call=told.call, observed_at=scene.now, text=told.summary),),
        )
