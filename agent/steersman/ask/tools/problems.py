"""The tool `problems`: everything that a person would complain about, and what the engine makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from steersman_tools.types import Observation

from ..case import Case
from .base import Args, NoSuch, ReadTool
from .state import node_trouble, workload_trouble

MOST = 15


class _Args(Args):
    namespace: str = ""


async def _run(case: Case, args: _Args) -> Sequence[Observation]:
    if args.namespace and not any(r.kind == "Namespace" for r in case.names.called(args.namespace)):
        raise NoSuch(f"there is no namespace {args.namespace}")
    lines = list(_lines(case, args.namespace))
    more = [f"and {len(lines) - MOST} more"] if len(lines) > MOST else []
    where = f"-n {args.namespace}" if args.namespace else "-A"
    return [case.observed("kubernetes", f"kubectl get nodes,deploy,sts,ds,pods {where}", [*lines[:MOST], *more])]


def _lines(case: Case, namespace: str) -> Iterator[str]:
    scene = case.scene
    yield from (f"/Node/{n.name}: {words}" for n in scene.nodes.values() if (words := node_trouble(n)))
    for workload in scene.workloads.values():
        if namespace in ("", workload.ref.namespace) and (words := workload_trouble(workload)):
            yield f"{workload.ref}: {words}"
    for alert in case.snapshot.alerts:
        if namespace in ("", alert.labels.get("namespace", namespace)):
            yield f"alert {alert.name} is {alert.state}: {alert.summary}"
    for symptom in case.diagnosis.unexplained:
        if namespace in ("", symptom.entity.namespace):
            yield f"not explained: {symptom.text}"


TOOL = ReadTool("problems", "Lists what is not well: nodes, workloads, alerts, unexplained symptoms.", _Args, _run)
