"""The tool `topology`: what a thing calls, who calls it, and where it runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from steersman_tools.types import Observation, Ref

from ..case import Case
from .base import Args, ReadTool, thing

MOST = 8


class _Args(Args):
    name: str


async def _run(case: Case, args: _Args) -> Sequence[Observation]:
    ref = thing(case, args.name)
    where = f" -n {ref.namespace}" if ref.namespace else ""
    return [case.observed("kubernetes", f"kubectl get deploy,sts,svc,pods -o wide{where}", _lines(case, ref))]


def _lines(case: Case, ref: Ref) -> Iterator[str]:
    scene = case.scene
    if ref.kind == "Node":
        owners = [scene.workload_of[p.ref].ref for p in scene.pods_on.get(ref.name, ()) if p.ref in scene.workload_of]
        yield f"runs: {_some(owners)}"
        return
    workload = scene.workload_of.get(ref)
    services = [scene.services[ref]] if ref in scene.services else []
    if workload:
        services = list(scene.services_of.get(workload.ref, ()))
        yield f"calls: {_some([c.service for c in scene.calls if c.caller == workload.ref and c.service])}"
        yield f"runs on: {_some([Ref('', 'Node', p.text('spec.nodeName')) for p in workload.live_pods])}"
    for view in services:
        yield f"{view.ref} sends to: {_some([w.ref for w in view.workloads])}, ready pods: {len(view.ready)}"
        yield f"{view.ref} is called by: {_some([c.caller for c in scene.callers.get(view.ref, ())])}"


def _some(refs: Sequence[Ref]) -> str:
    found = list(dict.fromkeys(map(str, refs)))
    return (", ".join(found[:MOST]) or "none") + (f" and {len(found) - MOST} more" if len(found) > MOST else "")


TOOL = ReadTool("topology", "What a thing calls, who calls it, what stands behind it, where it runs.", _Args, _run)
