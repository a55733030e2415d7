"""Work with accelerators that does not begin: an image that takes its time while the devices wait, a driver that does not match."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steersman_tools.gpu.types import Allocation, NodeGpus
from steersman_tools.snapshot import EventRecord, Resource

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..gpus import node_of, victims
from ..scene import Scene
from ..workloads import is_ready

SLOW_PULL = 300.0
"""Seconds from which a pull that holds accelerators is worth a word: tens of gigabytes over a slow registry."""
_MISMATCH = re.compile(
    r"Driver/library version mismatch|CUDA driver version is insufficient for CUDA runtime version|"
    r"forward compatibility was attempted on non supported HW|nvidia-container-cli: requirement error: unsatisfied condition: cuda"
)


def pulls(scene: Scene) -> Iterator[Output]:
    """Pods that hold accelerators while their image is still being pulled."""
    for allocation in scene.accelerators.allocations:
        pod, workload = scene.snapshot.get(allocation.pod), scene.workload_of.get(allocation.pod)
        if pod is None or workload is None or is_ready(pod):
            continue
        pulling = next(iter(scene.events(pod, "Pulling")), None)
        if pulling is None or not _goes_on(scene, pod, pulling):
            continue
        minutes = (scene.now - pulling.last).total_seconds() / 60 if pulling.last else 0.0
        yield Finding(
            fault=Fault.IMAGE_PULL_SLOW,
            entity=workload.ref,
            field=f"{workload.spec_path}.containers[0].image",
            observed=f"{pulling.message}, for {minutes:.0f} minutes",
            expected=f"an image that is there within {SLOW_PULL / 60:.0f} minutes",
            summary=f"{workload.ref.kind} {workload.ref.name} holds {allocation.count:g} accelerators and waits for its image",
            advice="Let it go on: a restart begins the pull anew. For the next time pull it beforehand, mirror the registry, or make it smaller",
            certainty=0.86,
            breaks=(workload.ref,),
            observations=(cite.event(scene, pulling),),
        )


def _goes_on(scene: Scene, pod: Resource, pulling: EventRecord) -> bool:
    """Whether the pull began long ago and has neither ended nor failed."""
    if pulling.last is None or scene.within(pulling.last, SLOW_PULL):
        return False
    ended = scene.events(pod, "Pulled", "Failed", "BackOff")
    return not any(e.last and e.last >= pulling.last for e in ended)


def drivers(scene: Scene) -> Iterator[Output]:
    """Nodes whose driver does not match its library, or what the containers were built for."""
    for node in scene.accelerators.nodes:
        held = [a for a in scene.accelerators.allocations if a.node == node.node]
        said = next((found for a in held if (found := _complaint(scene, a))), "")
        loaded = {d.reading.driver for d in node.devices if d.reading and d.reading.driver}
        labelled = node.driver.value if node.driver else ""
        differs = bool(labelled and loaded) and all(_plain(labelled) != _plain(v) for v in loaded)
        if said or differs:
            yield _mismatch(scene, node, said, labelled, sorted(loaded))


def _complaint(scene: Scene, allocation: Allocation) -> str:
    """The line of the pod's log, or of its state, that tells of a mismatch."""
    for query, log in scene.snapshot.logs.items():
        if query.pod == allocation.pod:
            for line in reversed(log.lines):
                if _MISMATCH.search(line.text):
                    return line.text.strip()[:200]
    pod = scene.snapshot.get(allocation.pod)
    for status in pod.each("status.containerStatuses") if pod else ():
        for part in ("state.waiting", "state.terminated", "lastState.terminated"):
            if _MISMATCH.search(text := status.text(f"{part}.message")):
                return text.strip()[:200]
    return ""


def _plain(version: str) -> tuple[int, ...]:
    """`580.95.05` and `580.95.5` are one version."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _mismatch(scene: Scene, node: NodeGpus, said: str, labelled: str, loaded: list[str]) -> Finding:
    versions = f"the label says driver {labelled or 'unknown'}, the exporter {', '.join(loaded) or 'nothing'}"
    return Finding(
        fault=Fault.GPU_UNHEALTHY,
        entity=node_of(node),
        field="metadata.labels['nvidia.com/cuda.driver-version.full']",
        observed=said or versions,
        expected="one driver version, not older than the containers need",
        summary=f"The driver of node {node.node} does not match: {said or versions}",
        advice="Finish the driver's update: drain the node and reload the driver or reboot; or use an image for this driver",
        certainty=0.9 if said else 0.75,
        breaks=(node_of(node), *victims(scene, node)),
        observations=(
            cite.fields(scene, scene.nodes[node.node], "metadata.labels['nvidia.com/cuda.driver-version.full']", note=versions),
        ),
    )  # fmt: skip
