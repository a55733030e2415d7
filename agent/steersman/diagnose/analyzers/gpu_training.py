"""Training that does not get on: collectives that hang, checkpoints that cannot be written, GPUs that nobody uses."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from steersman_tools.gpu.types import Allocation, Device
from steersman_tools.snapshot import Log, LogLine, LogQuery
from steersman_tools.types import Ref

from ...faults import Fault
from ...types import Finding, Look, Output, Symptom
from .. import cite
from ..gpus import exporter_says
from ..scene import Scene
from ..workloads import Workload

_TIMEOUT = re.compile(
    r"Watchdog caught collective operation timeout|NCCL (?:operation|error).*tim(?:ed|e) ?out|ncclRemoteError|NCCL WARN Timeout|"
    r"ProcessGroupNCCL.*[Tt]imeout",
)
_RANK = re.compile(r"[Rr]ank[ :=\[]*(\d+)")
_UNSAVED = re.compile(
    r"(?:fail(?:ed|ure)|error|unable|cannot|could not)[^\n]{0,60}(?:sav|writ|upload)[^\n]{0,30}checkpoint|"
    r"checkpoint[^\n]{0,60}(?:fail|No space left|timed out|denied)", re.I,
)  # fmt: skip
_FRESH = 900.0
IDLE_AFTER = 3600.0
"""Seconds that a pod must have had its devices before nobody using them is worth a word."""
IDLE_USE, BUSY_USE = 3.0, 95.0
"""Percent: the peak of an hour that counts as nothing, and what looks busy."""


def collectives(scene: Scene) -> Iterator[Output]:
    """Training whose log, or whose devices, show a collective operation that does not end."""
    for workload, held in _by_workload(scene):
        yield from _logs_wanted(scene, workload)
        for log, line in _lines(scene, workload, _TIMEOUT):
            yield Symptom(
                kind="errors", entity=workload.ref, text=f"a collective of {workload.ref.name} timed out", weight=2.0
            )
            yield _timeout(scene, workload, log, line)
            break
        else:
            hung = [d for d in _devices(scene, held) if _hung(d)]
            if hung and len(hung) > 1:
                yield _hanging(scene, workload, hung)


def _timeout(scene: Scene, workload: Workload, log: Log, line: LogLine) -> Finding:
    rank = _RANK.search(line.text)
    who = f"rank {rank[1]}" if rank else log.query.pod.name
    return Finding(
        fault=Fault.NCCL_TIMEOUT,
        entity=workload.ref,
        field="collective",
        observed=line.text.strip()[:200],
        expected="every rank reaches the operation in time",
        summary=f"A collective of {workload.ref.kind} {workload.ref.name} timed out, as {who} says",
        advice="Find the rank that lags (its last collective, its GPU, its link); restart the job without that node rather than all of it blindly",
        certainty=0.82,
        breaks=(workload.ref,),
        observations=(cite.log(scene, log, [line]),),
    )


def _hung(device: Device) -> bool:
    """A device that looks busy and does nothing: full use, idle tensor cores."""
    tensor = device.value("tensor-active")
    return (device.value("use") or 0) >= BUSY_USE and tensor is not None and tensor < 0.005


def _hanging(scene: Scene, workload: Workload, hung: list[Device]) -> Finding:
    return Finding(
        fault=Fault.NCCL_TIMEOUT,
        entity=workload.ref,
        field="collective",
        observed=f"{len(hung)} GPUs are at full use with idle tensor cores",
        expected="tensor cores at work",
        summary=f"The GPUs of {workload.ref.kind} {workload.ref.name} spin in a collective that does not end",
        advice="Find the rank that lags before the watchdog ends the job; py-spy dump shows where each one stands",
        certainty=0.72,
        breaks=(workload.ref,),
        needs_symptom=False,
        observations=(exporter_says(scene, hung[0], "use", "tensor-active", "power"),),
    )


def checkpoints(scene: Scene) -> Iterator[Output]:
    """Training whose log says that a checkpoint could not be written, and shows none written since."""
    for workload, _ in _by_workload(scene):
        for log, line in _lines(scene, workload, _UNSAVED):
            yield Finding(
                fault=Fault.CHECKPOINT_FAILED,
                entity=workload.ref,
                field="checkpoint",
                observed=line.text.strip()[:200],
                expected="checkpoints that are written",
                summary=f"{workload.ref.kind} {workload.ref.name} cannot write its checkpoints: what it has done since the last is lost if it ends",
                advice="Mend the storage first; drain none of its nodes before a checkpoint is written",
                certainty=0.86,
                breaks=(workload.ref,),
                needs_symptom=False,
                observations=(cite.log(scene, log, [line]),),
            )
            break


def idle(scene: Scene) -> Iterator[Output]:
    """Pods that have held devices for an hour without using any."""
    for workload, held in _by_workload(scene):
        old = [a for a in held if a.since and not scene.within(a.since, IDLE_AFTER)]
        devices = _devices(scene, old)
        peaks = [d.value("use-peak") for d in devices]
        if not devices or any(p is None or p > IDLE_USE for p in peaks):
            continue
        yield Finding(
            fault=Fault.GPU_IDLE,
            entity=workload.ref,
            field="DCGM_FI_DEV_GPU_UTIL",
            observed=f"{len(devices)} GPUs, none above {IDLE_USE:g} % within the last hour",
            expected="devices at work, or given back",
            summary=f"{workload.ref.kind} {workload.ref.name} holds {len(devices)} GPUs and uses none",
            advice="Ask its owner; suspend it, or give it fewer (steersman gpu idle shows what it costs)",
            certainty=0.72,
            breaks=(workload.ref,),
            needs_symptom=False,
            observations=(exporter_says(scene, devices[0], "use-peak", "use", "memory-used"),),
        )


def _by_workload(scene: Scene) -> list[tuple[Workload, list[Allocation]]]:
    found: dict[Ref, list[Allocation]] = defaultdict(list)
    for allocation in scene.accelerators.allocations:
        if workload := scene.workload_of.get(allocation.pod):
            found[workload.ref].append(allocation)
    return [(scene.workloads[ref], held) for ref, held in found.items() if ref in scene.workloads]


def _devices(scene: Scene, held: list[Allocation]) -> list[Device]:
    pods = {a.pod for a in held}
    return [d for d in scene.accelerators.devices if d.owner and d.owner.pod in pods]


def _logs_wanted(scene: Scene, workload: Workload) -> Iterator[Look]:
    """The log of a training pod that ended badly or restarted."""
    if workload.ref.kind in ("Deployment", "StatefulSet", "DaemonSet"):
        return
    for pod in workload.live_pods[:4]:
        for status in pod.each("status.containerStatuses"):
            query = LogQuery(pod.ref, status.text("name"))
            if (status.count("restartCount") or not status.flag("ready")) and query not in scene.snapshot.logs:
                yield Look(log=query, why="whether a collective timed out")


def _lines(scene: Scene, workload: Workload, sign: re.Pattern[str]) -> Iterator[tuple[Log, LogLine]]:
    """Lines of the workload's logs that bear the sign, the newest first, unless they are old."""
    pods = {p.ref for p in workload.pods}
    for query, log in scene.snapshot.logs.items():
        if query.pod in pods:
            for line in reversed(log.lines):
                if sign.search(line.text) and scene.within(line.at, _FRESH):
                    yield log, line
                    break
