"""Pods that wait inside: init containers that never finish, Jobs that a sidecar keeps from ending."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.fields import Fields
from steersman_tools.snapshot import LogQuery, Resource
from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding, Look, Output, Symptom
from .. import cite
from ..addresses import service_named
from ..logsigns import read
from ..scene import Scene
from ..trouble import GRACE_SECONDS
from ..workloads import Workload


def init_blocked(scene: Scene) -> Iterator[Output]:
    """Init containers that run on and on: what they wait for, as far as their log or command tells."""
    for workload in scene.workloads.values():
        for pod in workload.live_pods:
            status = next((s for s in pod.each("status.initContainerStatuses") if _stuck(scene, pod, s)), None)
            if status is None:
                continue
            yield from _explain(scene, workload, pod, status)
            break


def _stuck(scene: Scene, pod: Resource, status: Fields) -> bool:
    spec = next((c for c in pod.each("spec.initContainers") if c.text("name") == status.text("name")), Fields(None))
    began = status.time("state.running.startedAt")
    sidecar = spec.text("restartPolicy") == "Always"
    return began is not None and not sidecar and not scene.within(began, GRACE_SECONDS)


def _explain(scene: Scene, workload: Workload, pod: Resource, status: Fields) -> Iterator[Output]:
    name, ref = status.text("name"), workload.ref
    spec = next((c for c in pod.each("spec.initContainers") if c.text("name") == name), Fields(None))
    query = LogQuery(pod.ref, name)
    log = scene.snapshot.logs.get(query)
    if log is None:
        yield Look(log=query, why=f"what init container {name} waits for")
    target = _awaited(scene, workload, " ".join((*spec.texts("command"), *spec.texts("args"))))
    shown = [cite.container_state(scene, pod, status)]
    if log and log.lines:
        shown.append(cite.log(scene, log, log.lines[-3:]))
        signs = read(log)
        target = target or next((service_named(s.host, ref.namespace, scene.snapshot) for s in signs if s.host), None)
    if target:
        yield Symptom(
            kind="calls-failing",
            entity=ref,
            toward=target,
            text=f"Init container {name} of {ref.name} waits for {target.name}",
            weight=2.0,
            observations=tuple(shown),
        )
    yield Finding(
        fault=Fault.INIT_CONTAINER_BLOCKED,
        entity=ref,
        field=f"{workload.container_path(name)}",
        observed=f"init container {name} runs since {cite.clock(status.time('state.running.startedAt'))}"
        + (f" and waits for {target.name}" if target else ""),
        expected="an init container that finishes",
        summary=f"Init container {name} of {ref.kind} {ref.name} does not finish"
        + (f": it waits for {target.name}" if target else ""),
        advice=f"See what {name} waits for: kubectl -n {ref.namespace} logs {pod.name} -c {name}",
        certainty=0.8 if target is None or scene.snapshot.lacks(target) else 0.6,
        breaks=(ref,),
        observations=tuple(shown),
    )


def _awaited(scene: Scene, workload: Workload, command: str) -> Ref | None:
    """The Service of which a waiting script speaks."""
    for word in command.replace("/", " ").replace(":", " ").replace(";", " ").split():
        target = service_named(word, workload.ref.namespace, scene.snapshot)
        if target and (target in scene.services or any(w.name == target.name for w in scene.workloads)):
            return target
    return None


def sidecar_blocks(scene: Scene) -> Iterator[Output]:
    """Jobs whose work is done while another container of the pod keeps running."""
    for workload in scene.workloads.values():
        if workload.ref.kind not in ("Job", "CronJob"):
            continue
        for pod in workload.live_pods:
            statuses = pod.each("status.containerStatuses")
            done = [s for s in statuses if s.has("state.terminated") and s.count("state.terminated.exitCode") == 0]
            running = [s for s in statuses if s.has("state.running")]
            ended = max((t for s in done if (t := s.time("state.terminated.finishedAt"))), default=None)
            if done and running and not scene.within(ended, 20.0):
                yield _sidecar(scene, workload, pod, done[0], running[0])
                break


def _sidecar(scene: Scene, workload: Workload, pod: Resource, done: Fields, running: Fields) -> Finding:
    ref, name = workload.ref, running.text("name")
    return Finding(
        fault=Fault.CRONJOB_SIDECAR_BLOCKS,
        entity=ref,
        field=workload.container_path(name),
        observed=f"container {name} runs on after {done.text('name')} has finished",
        expected="a sidecar that ends with the work: a native sidecar (an init container with restartPolicy Always), or one that is told to stop",
        summary=f"The pods of {ref.kind} {ref.name} never finish: container {name} runs on after {done.text('name')} is done",
        advice=f"Make {name} a native sidecar, or have it exit when {done.text('name')} is done",
        certainty=0.93,
        breaks=(ref,),
        needs_symptom=False,
        observations=(cite.container_state(scene, pod, done), cite.container_state(scene, pod, running)),
    )
