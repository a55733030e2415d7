"""The tool `list`: the things of one kind with their state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from steersman_tools.kinds import BY_NAME
from steersman_tools.types import Observation

from ...diagnose.workloads import is_ready
from ..case import Case
from .base import WORKLOADS, Args, NoSuch, ReadTool
from .state import node_trouble, pod_troubles, workload_trouble

MOST = 25
Listed = Literal[
    "Workload", "Pod", "Node", "Service", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "ConfigMap", "Secret",
    "Ingress", "NetworkPolicy", "PersistentVolumeClaim", "HorizontalPodAutoscaler", "ReplicaSet", "Namespace",
]  # fmt: skip


class ListArgs(Args):
    kind: Listed
    namespace: str = ""
    troubled: bool = False


def lines_of(case: Case, args: ListArgs) -> list[str]:
    """A line for each thing of the kind that was read."""
    return list(_lines(case, WORKLOADS if args.kind == "Workload" else (args.kind,), args))


async def _run(case: Case, args: ListArgs) -> Sequence[Observation]:
    kinds = WORKLOADS if args.kind == "Workload" else (args.kind,)
    space = args.namespace or case.snapshot.namespace or ""
    lines = lines_of(case, args)
    whole = all(case.snapshot.read_whole(kind, space) for kind in kinds)
    if not whole and not lines:
        raise NoSuch(f"not checked: {', '.join(kinds)} could not be read whole")
    partly = [] if whole else ["not checked: whether there are more; these were read"]
    more = [f"and {len(lines) - MOST} more"] if len(lines) > MOST else []
    plurals = ",".join(BY_NAME[kind].argument for kind in kinds)
    where = f"-n {space}" if space else "-A"
    call = f"kubectl get {plurals}" + (f" {where}" if BY_NAME[kinds[0]].namespaced else "")
    none = "none is in trouble" if args.troubled else "there are none"
    return [case.observed("kubernetes", call, [*lines[:MOST], *more, *partly], none=none)]


def _lines(case: Case, kinds: Sequence[str], args: ListArgs) -> Iterator[str]:
    guilty = {c.entity: c.fault for c in case.diagnosis.causes}
    for resource in case.snapshot.all(*kinds):
        if args.namespace not in ("", resource.namespace):
            continue
        words = [guilty[resource.ref]] if resource.ref in guilty else []
        good = ""
        if resource.kind == "Node":
            words += [node_trouble(resource)]
            good = "ready"
        elif resource.kind == "Pod":
            words += list(pod_troubles(resource))
            good = resource.text("status.phase") if not is_ready(resource) else "ready"
        elif workload := case.scene.workloads.get(resource.ref):
            words += [workload_trouble(workload)]
            good = f"{workload.ready} of {workload.desired} ready"
        trouble = ", ".join(w for w in words if w)
        if trouble or not args.troubled:
            yield f"{resource.ref}: {trouble or good}".rstrip(": ")


TOOL = ReadTool("list", "The things of one kind with their state; troubled: only those not well.", ListArgs, _run)
