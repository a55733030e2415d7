"""Containers that end by themselves: what their last words say, and whom they blame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from steersman_tools.snapshot import Log, LogQuery
from steersman_tools.types import Observation, Ref

from ...faults import Fault
from ...types import Finding, Look, Output, Symptom
from .. import cite
from ..addresses import service_named
from ..changes import before, latest_changes
from ..failures import CALL_SIGNS
from ..logsigns import Sign, last_words, read
from ..scene import Scene
from ..stacks import last_trace
from ..trouble import Trouble, containers_in_trouble, crashed, one_each
from .volumes import mount_refused

_CANNOT_RUN = {"StartError", "ContainerCannotRun", "RunContainerError", "CreateContainerError"}


@dataclass(frozen=True, slots=True)
class _Crash:
    trouble: Trouble
    log: Log | None
    signs: list[Sign]

    def sign(self, *kinds: str) -> Sign | None:
        return next((s for s in self.signs if s.kind in kinds), None)


def crashes(scene: Scene) -> Iterator[Output]:
    """One finding for each container that keeps ending, named by what its log says."""
    ended = [t for t in containers_in_trouble(scene) if crashed(scene, t) and t.ended.text("reason") != "OOMKilled"]
    for trouble in one_each([t for t in ended if not mount_refused(t)]):
        if trouble.waiting in _CANNOT_RUN or trouble.ended.text("reason") in _CANNOT_RUN:
            yield _cannot_run(scene, trouble)
            continue
        log, looks = _last_run(scene, trouble)
        yield from looks
        yield from _explain(scene, _Crash(trouble, log, read(log) if log else []))


def _last_run(scene: Scene, trouble: Trouble) -> tuple[Log | None, list[Look]]:
    """The log of the run that ended, asked for where it is not here yet."""
    previous = not trouble.status.has("state.terminated") and trouble.restarts > 0
    queries = [LogQuery(trouble.pod.ref, trouble.name, previous), LogQuery(trouble.pod.ref, trouble.name, not previous)]
    known = [scene.snapshot.logs[q] for q in queries if q in scene.snapshot.logs]
    full = next((log for log in known if log.lines), None)
    if full or len(known) == len(queries):
        return full, []
    return None, [Look(log=q, why=f"why {trouble.name} ends") for q in queries if q not in scene.snapshot.logs]


def _cannot_run(scene: Scene, trouble: Trouble) -> Finding:
    ref = trouble.workload.ref
    backing_off = trouble.waiting == "CrashLoopBackOff"  # then the words of the waiting state are about the waiting
    message = trouble.ended.text("message") if backing_off else trouble.message or trouble.ended.text("message")
    words = message.rpartition("failed: ")[2]
    if "nvidia-container-cli" in message:
        return _gpu_refused(scene, trouble, words)
    return Finding(
        fault=Fault.COMMAND_INVALID,
        entity=ref,
        field=f"{trouble.path}.command",
        observed=words[:200] or "cannot be run",
        expected="a command that is in the image",
        summary=f"Container {trouble.name} of {ref.kind} {ref.name} cannot be started: {words[:160]}",
        advice="Correct command and args of the container, or the image",
        certainty=0.95,
        breaks=(ref,),
        observations=(cite.container_state(scene, trouble.pod, trouble.status),),
    )


def _gpu_refused(scene: Scene, trouble: Trouble, words: str) -> Finding:
    """The runtime could not hand the container its GPU: the node is at fault, whatever runs there."""
    ref, node = trouble.workload.ref, Ref("", "Node", trouble.pod.text("spec.nodeName"))
    return Finding(
        fault=Fault.GPU_LOST if "unknown device" in words else Fault.GPU_UNHEALTHY,
        entity=node,
        field="status.allocatable",
        observed=words[:200],
        expected="a GPU that works",
        summary=f"Node {node.name} cannot give container {trouble.name} of {ref.kind} {ref.name} its GPU: {words[:160]}",
        advice="Cordon the node, move its pods away, and reset or reboot it; a GPU that is lost again is replaced",
        certainty=0.84,  # what the GPU itself says is surer
        breaks=(ref,),
        observations=(cite.container_state(scene, trouble.pod, trouble.status),),
    )


def _explain(scene: Scene, crash: _Crash) -> Iterator[Output]:
    trouble, ref = crash.trouble, crash.trouble.workload.ref
    who = f"Container {trouble.name} of {ref.kind} {ref.name}"
    if sign := crash.sign("env-missing"):
        yield Finding(
            fault=Fault.ENV_MISSING,
            entity=ref,
            field=f"{trouble.path}.env",
            observed=f"{sign.name} is not set",
            expected=f"{sign.name} set",
            summary=f"{who} exits because the environment variable {sign.name} is not set",
            advice=_env_advice(scene, trouble, sign.name),
            certainty=0.96,
            breaks=(ref,),
            observations=_shown(scene, crash),
        )
    elif sign := crash.sign("port-in-use"):
        yield Finding(
            fault=Fault.CONTAINER_PORT_CONFLICT,
            entity=ref,
            field=f"{trouble.path}.ports",
            observed=f"port {sign.port} is taken by another container of the pod",
            expected="a port of its own for each container",
            summary=f"{who} exits because port {sign.port} is already taken in the pod",
            advice="Give one of the containers another port",
            certainty=0.96,
            breaks=(ref,),
            observations=_shown(scene, crash),
        )
    elif sign := crash.sign("permission-denied"):
        yield Finding(
            fault=Fault.VOLUME_PERMISSION_DENIED,
            entity=ref,
            field=f"{trouble.path}.securityContext",
            observed=f"{sign.name or 'a file'}: permission denied",
            expected="a user or fsGroup that may use the volume",
            summary=f"{who} exits because it may not use {sign.name or 'a file'}",
            advice="Set fsGroup or runAsUser so that the container may use the volume, or mount it writable",
            certainty=0.9,
            breaks=(ref,),
            observations=_shown(scene, crash),
        )
    elif (sign := crash.sign("config-invalid", "file-missing")) and sign.name:
        yield _bad_config(scene, crash, sign)
    elif sign := crash.sign(*CALL_SIGNS):
        yield Symptom(
            kind="calls-failing",
            entity=ref,
            toward=_called(scene, ref, sign),
            text=f"{who} exits because a call fails: {sign.line.text[:160]}",
            weight=2.0,
            observations=_shown(scene, crash),
        )
        yield _generic(scene, crash, certainty=0.35)
    elif (rival := _rival(trouble)) and not (crash.log and crash.log.lines):
        port, other = rival
        yield Finding(
            fault=Fault.CONTAINER_PORT_CONFLICT,
            entity=ref,
            field=f"{trouble.path}.ports",
            observed=f"containers {trouble.name} and {other} both have port {port}",
            expected="a port of its own for each container",
            summary=f"{who} ends at once, and container {other} of the pod has its port {port}",
            advice="Give one of the containers another port",
            certainty=0.88,
            breaks=(ref,),
            observations=_shown(scene, crash),
        )
    else:
        yield _generic(scene, crash, certainty=0.8)


def _rival(trouble: Trouble) -> tuple[int, str] | None:
    """A port that another container of the pod declares too, and the name of that container."""
    mine = {(p.count("containerPort"), p.text("protocol", "TCP")) for p in trouble.spec.each("ports")}
    for other in trouble.pod.each("spec.containers"):
        for port in other.each("ports") if other.text("name") != trouble.name else ():
            if (port.count("containerPort"), port.text("protocol", "TCP")) in mine:
                return port.count("containerPort"), other.text("name")
    return None


def _called(scene: Scene, caller: Ref, sign: Sign) -> Ref | None:
    host = sign.upstream[0] if sign.upstream else sign.host
    return scene.by_address.get(host) or (service_named(host, caller.namespace, scene.snapshot) if host else None)


def _shown(scene: Scene, crash: _Crash) -> tuple[Observation, ...]:
    """The container's end and its last words."""
    state = cite.container_state(scene, crash.trouble.pod, crash.trouble.status)
    if crash.log is None or not crash.log.lines:
        return (state,)
    return state, cite.log(scene, crash.log, last_words(crash.log))


def _env_advice(scene: Scene, trouble: Trouble, name: str) -> str:
    past = before(scene, trouble.workload)
    for container in past.template.each("spec.containers") if past else []:
        for entry in container.each("env"):
            if entry.text("name") == name:
                shown = entry.text("value") or "taken from " + ", ".join(entry.at("valueFrom").raw)
                return f"Set {name} again: the revision before had {shown}"
    return f"Set {name} in the container's env"


def _bad_config(scene: Scene, crash: _Crash, sign: Sign) -> Finding:
    """A file or setting that the application does not accept: the ConfigMap that holds it is at fault."""
    trouble, ref = crash.trouble, crash.trouble.workload.ref
    holder, field = _holder(scene, trouble, sign.name)
    words = sign.detail or ("it is not there" if sign.kind == "file-missing" else "it is not valid")
    observations = list(_shown(scene, crash))
    resource = scene.snapshot.get(holder)
    if resource and resource.kind == "ConfigMap" and field:
        observations.append(cite.fields(scene, resource, field))
    return Finding(
        fault=Fault.CRASH_ON_START,
        entity=holder,
        field=field,
        observed=f"{sign.name}: {words}",
        expected="a value that the application accepts",
        summary=f"Container {trouble.name} of {ref.kind} {ref.name} exits because it does not accept {sign.name}: {words}",
        advice=f"Correct {field or sign.name} of {holder.kind} {holder.name}",
        certainty=0.93,
        breaks=(ref,),
        observations=tuple(observations),
    )


def _holder(scene: Scene, trouble: Trouble, name: str) -> tuple[Ref, str]:
    """The ConfigMap or Secret whose key is mounted at the path (or gives the variable), else the workload itself."""
    namespace = trouble.workload.ref.namespace
    volumes = {v.text("name"): v for v in trouble.workload.spec.each("volumes")}
    for mount in trouble.spec.each("volumeMounts"):
        base = mount.text("mountPath").rstrip("/")
        if name != base and not name.startswith(f"{base}/"):
            continue
        volume = volumes.get(mount.text("name"))
        if volume is None:
            continue
        inner = mount.text("subPath") or name[len(base) :].strip("/")
        for part, key, kind in (("configMap", "name", "ConfigMap"), ("secret", "secretName", "Secret")):
            if source := volume.text(f"{part}.{key}"):
                item = next((i.text("key") for i in volume.each(f"{part}.items") if i.text("path") == inner), inner)
                return Ref(namespace, kind, source), f"data['{item}']"
    return trouble.workload.ref, f"{trouble.path}.env"


def _generic(scene: Scene, crash: _Crash, certainty: float) -> Finding:
    trouble, ref = crash.trouble, crash.trouble.workload.ref
    changed = [c for c in latest_changes(scene, trouble.workload) if f".{trouble.name}." in f".{c.path}"]
    image = next((c for c in changed if c.path.endswith(".image")), None)
    code = trouble.ended.integer("exitCode")
    reason = _reason(crash)
    observations = list(_shown(scene, crash))
    if changed:
        call = f"kubectl rollout history {ref.kind.lower()}/{ref.name} -n {ref.namespace}"
        observations.append(
            cite.listing(scene, call, [f"revision {c.revision}: {c.path}: {c.before} -> {c.after}" for c in changed])
        )
    return Finding(
        fault=Fault.CRASH_ON_START,
        entity=ref,
        field=f"{trouble.path}.image" if image else trouble.path,
        observed=f"{image.after}: {reason}" if image else f"exits with code {code}: {reason}",
        expected=str(image.before) if image else "a container that keeps running",
        summary=f"Container {trouble.name} of {ref.kind} {ref.name} exits with code {code}: {reason}",
        advice=f"Go back to {image.before}"
        if image
        else "Read the log; undo the latest change of the workload if there was one",
        certainty=certainty,
        breaks=(ref,),
        observations=tuple(observations),
    )


def _reason(crash: _Crash) -> str:
    """The one line that says most."""
    if crash.log and (trace := last_trace(crash.log.lines)):
        return trace[:200]
    if sign := crash.sign("crash", "out-of-memory", "disk-full", "forbidden", "certificate-expired", "gpu-error"):
        return (sign.detail or sign.line.text).strip()[:200]
    if crash.signs:
        return crash.signs[0].line.text.strip()[:200]
    if crash.log and crash.log.lines:
        return crash.log.lines[-1].text.strip()[:200]
    return "its log says nothing"
