"""Volumes that cannot be mounted, and volumes that a container may not use: what the kubelet, the runtime or the log says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steersman_tools.snapshot import Resource
from steersman_tools.types import Observation

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..failures import signs
from ..scene import Scene
from ..trouble import Trouble, containers_in_trouble, one_each
from ..workloads import Workload, is_ready

_FORBIDDEN = re.compile(
    r"permission denied|access denied|operation not permitted|not permitted|read-only file system|EACCES|not authorized",
    re.I,
)
_MOUNTING = re.compile(
    r"error mounting|rootfs_linux\.go|mount (?:callback )?fail|creating mount|create mountpoint|failed to (?:mount|chown|chmod|relabel|make mountpoint)"
    r"|error while creating mount source path|failed to prepare subPath|failed to create subPath",
    re.I,
)
_ELSEWHERE = re.compile(
    r"(?:configmap|secret)s? \"[^\"]+\" (?:not found|is forbidden)|references non-existent|not registered|failed to sync"
    r"|timed out waiting for the condition|kube-api-access|persistentvolumeclaim \"[^\"]+\" not found|Multi-Attach",
    re.I,
)
"""What other analyzers tell better, and what a kubelet says while it starts."""
_VOLUME = re.compile(r"for volume \"(?P<name>[^\"]+)\"|volumes?=\[(?P<many>[^\] ]+)")


def unmounted(scene: Scene) -> Iterator[Output]:
    """One finding for each workload whose pods wait for a volume that cannot be mounted."""
    for workload in scene.workloads.values():
        for pod in workload.live_pods:
            events = [] if is_ready(pod) else scene.events(pod, "FailedMount", "FailedMapVolume", "FailedAttachVolume")
            told = [e for e in events if scene.within(e.last, 600) and not _ELSEWHERE.search(e.message)]
            if told:
                event = next((e for e in told if _FORBIDDEN.search(e.message)), told[0])
                yield _finding(workload, pod, event.message, (cite.event(scene, event),))
                break


def refused(scene: Scene) -> Iterator[Output]:
    """Containers that the runtime cannot start for one of their mounts."""
    for trouble in one_each([t for t in containers_in_trouble(scene) if mount_refused(t)]):
        shown = cite.container_state(scene, trouble.pod, trouble.status)
        yield _finding(trouble.workload, trouble.pod, said(trouble), (shown,))


def mount_refused(trouble: Trouble) -> bool:
    """Whether the runtime says that a mount, not the command, keeps the container from starting."""
    return bool(_MOUNTING.search(said(trouble)))


def said(trouble: Trouble) -> str:
    """The runtime's words about the start of the container."""
    return f"{trouble.message} {trouble.ended.text('message')}".strip()


def unusable(scene: Scene) -> Iterator[Output]:
    """Containers that run on, though they complain that files are not theirs to use."""
    for workload, log, sign in signs(scene):
        if sign.kind != "permission-denied" or sign.count < 2 or not workload.live_pods:
            continue
        name = sign.name or "a file"
        yield Finding(
            fault=Fault.VOLUME_PERMISSION_DENIED,
            entity=workload.ref,
            field=f"{workload.spec_path}.securityContext",
            observed=f"{name}: permission denied",
            expected="a user or fsGroup that may use the volume",
            summary=f"{workload.ref.kind} {workload.ref.name} may not use {name}: {sign.line.text.strip()[:140]}",
            advice="Set fsGroup or runAsUser so that the container may use the volume, or mount it writable",
            certainty=0.8,
            breaks=(workload.ref,),
            observations=(cite.log(scene, log, [sign.line]),),
        )


def _finding(workload: Workload, pod: Resource, message: str, shown: tuple[Observation, ...]) -> Finding:
    denied = bool(_FORBIDDEN.search(message))
    found = _VOLUME.search(message)
    name = (found["name"] or found["many"]) if found else ""
    index = next((i for i, v in enumerate(pod.each("spec.volumes")) if v.text("name") == name), None)
    ref, volume = workload.ref, f"volume {name}" if name else "one of its volumes"
    return Finding(
        fault=Fault.VOLUME_PERMISSION_DENIED if denied else Fault.VOLUME_MOUNT_FAILED,
        entity=ref,
        field=f"{workload.spec_path}.volumes" + (f"[{index}]" if index is not None else ""),
        observed=message.strip()[-240:],
        expected="a volume that the pod may use" if denied else "a volume that can be mounted",
        summary=f"Pods of {ref.kind} {ref.name} cannot {'use' if denied else 'mount'} {volume}: {message.strip()[:200]}",
        advice="Let the node and the container's user use what the volume refers to (export, path, owner, fsGroup)"
        if denied
        else "Correct what the volume refers to, or bring back the server that holds it",
        certainty=0.95 if denied else 0.9,
        breaks=(ref,),
        observations=shown,
    )
