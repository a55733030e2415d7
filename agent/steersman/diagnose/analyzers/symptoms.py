"""What people would complain about: workloads without their pods, Services without endpoints, calls that fail, alerts."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.snapshot import Alert
from steersman_tools.types import Ref

from ...types import Output, Symptom
from .. import cite
from ..failures import failing_calls
from ..scene import Scene
from ..trouble import containers_in_trouble, pod_starting
from ..workloads import Workload, is_ready

WEIGHTS = {"critical": 3.0, "warning": 1.5, "info": 0.5}
_NOT_COMPLAINTS = {"Watchdog", "InfoInhibitor", "DeadMansSwitch"}


def unavailable(scene: Scene) -> Iterator[Output]:
    """Workloads that have fewer ready pods than they should, or whose newest template does not come up."""
    for workload in scene.workloads.values():
        wanted, ready = workload.desired, workload.ready
        if workload.ref.kind in ("Job", "CronJob", "Pod") or not _lacking(scene, workload):
            continue
        yield Symptom(
            kind="unavailable" if ready == 0 else "unready",
            entity=workload.ref,
            text=f"{workload.ref.kind} {workload.ref.name} has {ready} of {wanted} pods ready"
            + (", and those of its newest template do not come" if ready >= wanted else ""),
            weight=4.0 if ready == 0 else 2.0,
            observations=(
                cite.fields(
                    scene, workload.resource, "spec.replicas", "status.readyReplicas", "status.unavailableReplicas"
                ),
            ),
        )


def _lacking(scene: Scene, workload: Workload) -> bool:
    """Whether pods are missing for another reason than that they are still starting."""
    if workload.desired == 0:
        return False
    if workload.resource.condition("ReplicaFailure").text("status") == "True":
        return True
    unready = [p for p in workload.live_pods if p.has("status.conditions") and not is_ready(p)]
    if len(workload.live_pods) < workload.desired:
        return True
    return bool(unready) and not all(pod_starting(scene, p) for p in unready)


def unfinished_jobs(scene: Scene) -> Iterator[Output]:
    """Jobs that have failed, and Jobs and bare pods whose pods cannot run."""
    for workload in scene.workloads.values():
        if workload.ref.kind == "Pod":
            pod = workload.resource
            if (
                pod.text("status.phase") in ("Pending", "Running")
                and not is_ready(pod)
                and not pod_starting(scene, pod)
            ):
                yield Symptom(kind="waiting", entity=pod.ref, text=f"Pod {pod.name} is not ready", weight=2.0)
        elif workload.ref.kind in ("Job", "CronJob"):
            newest = max(workload.jobs, key=lambda j: j.text("metadata.creationTimestamp"), default=workload.resource)
            failed = newest.condition("Failed")
            stuck = [p for p in workload.live_pods if not is_ready(p) and not pod_starting(scene, p)]
            if failed.text("status") == "True":
                text = f"Job {newest.name} has failed: {failed.text('reason')} {failed.text('message')}".strip()
                yield Symptom(
                    kind="unavailable",
                    entity=workload.ref,
                    text=text,
                    weight=2.0,
                    observations=(cite.fields(scene, newest, "status.failed", "status.conditions"),),
                )
            elif stuck:
                yield Symptom(
                    kind="waiting",
                    entity=workload.ref,
                    text=f"Pod {stuck[0].name} of {workload.ref.kind} {workload.ref.name} is not ready",
                    weight=2.0,
                )


def restarting(scene: Scene) -> Iterator[Output]:
    """Workloads whose pods are ready now, between two deaths of a container."""
    seen: set[Ref] = set()
    for trouble in containers_in_trouble(scene):
        ref = trouble.workload.ref
        if ref in seen or not trouble.status.flag("ready") or _lacking(scene, trouble.workload):
            continue
        seen.add(ref)
        yield Symptom(
            kind="unready",
            entity=ref,
            text=f"Container {trouble.name} of {ref.kind} {ref.name} is restarted again and again ({trouble.restarts} times)",
            weight=2.0,
            observations=(cite.container_state(scene, trouble.pod, trouble.status),),
        )


def no_endpoints(scene: Scene) -> Iterator[Output]:
    """Services that are called but have no ready pod behind them."""
    for view in scene.services.values():
        if view.external or view.ready or not scene.callers.get(view.ref):
            continue
        if view.pods and all(pod_starting(scene, p) for p in view.pods):
            continue
        callers = sorted({call.caller.name for call in scene.callers[view.ref]})
        yield Symptom(
            kind="no-endpoints",
            entity=view.ref,
            text=f"Service {view.ref.name} has no ready endpoints; {', '.join(callers)} call it",
            weight=3.0,
            observations=(cite.fields(scene, view.resource, "spec.selector"),),
        )


def calls_failing(scene: Scene) -> Iterator[Output]:
    """Calls between workloads that fail now, by the logs of the callers."""
    for failure in failing_calls(scene):
        where = failure.address or (str(failure.target) if failure.target else "something")
        yield Symptom(
            kind="calls-failing",
            entity=failure.caller,
            toward=failure.target,
            text=f"{failure.caller.name} cannot call {where}: {failure.sign.kind} ({failure.sign.count} lines)",
            weight=2.0,
            observations=(cite.log(scene, failure.log, [failure.sign.line]),),
        )


def nodes(scene: Scene) -> Iterator[Output]:
    """Nodes that are not ready."""
    for node in scene.nodes.values():
        ready = node.condition("Ready")
        if ready and ready.text("status") != "True":
            yield Symptom(
                kind="node",
                entity=node.ref,
                text=f"Node {node.name} is not ready ({ready.text('reason')})",
                weight=3.0,
                observations=(cite.fields(scene, node, "status.conditions"),),
            )


def alerts(scene: Scene) -> Iterator[Output]:
    """Firing alerts, each about the thing that its labels name."""
    for alert in scene.snapshot.alerts:
        entity = subject(scene, alert)
        if (
            alert.state != "firing"
            or alert.name in _NOT_COMPLAINTS
            or entity is None
            or alert.labels.get("severity") == "none"
        ):
            continue
        yield Symptom(
            kind="alert",
            entity=entity,
            text=f"Alert {alert.name}: {alert.summary or 'firing'}",
            weight=WEIGHTS.get(alert.labels.get("severity", ""), 1.0),
            observations=(cite.alert(scene, alert),),
        )


def subject(scene: Scene, alert: Alert) -> Ref | None:
    """What an alert is about, by the labels that exporters and rules use."""
    labels = alert.labels
    namespace = labels.get("exported_namespace") or labels.get("namespace", "")
    for label in ("exported_pod", "pod"):
        if name := labels.get(label):
            found = scene.workload_of.get(Ref(namespace, "Pod", name))
            return found.ref if found else Ref(namespace, "Pod", name)
    for label, kind in (
        ("deployment", "Deployment"), ("statefulset", "StatefulSet"), ("daemonset", "DaemonSet"),
        ("job_name", "Job"), ("horizontalpodautoscaler", "HorizontalPodAutoscaler"),
        ("persistentvolumeclaim", "PersistentVolumeClaim"),
    ):  # fmt: skip
        if name := labels.get(label):
            found = scene.workload_of.get(Ref(namespace, kind, name))
            return found.ref if found else Ref(namespace, kind, name)
    if name := labels.get("service"):
        return _service(scene, namespace, name)
    for label in ("node", "Hostname", "instance"):
        if (name := labels.get(label, "").partition(":")[0]) in scene.nodes:
            return scene.nodes[name].ref
    if target := labels.get("target"):
        space, _, rest = target.partition("/")
        return (
            _service(scene, space, rest.partition(":")[0])
            if space in {n.name for n in scene.snapshot.all("Namespace")}
            else None
        )
    return Ref("", "Namespace", namespace) if namespace else None


def _service(scene: Scene, namespace: str, name: str) -> Ref:
    """A `service` label names a Service or, where applications set it themselves, a workload."""
    for kind in ("Deployment", "StatefulSet", "DaemonSet"):
        if (ref := Ref(namespace, kind, name)) in scene.workloads:
            return ref
    return Ref(namespace, "Service", name)
