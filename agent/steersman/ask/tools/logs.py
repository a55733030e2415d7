"""The tool `logs`: what the containers of a thing say, as patterns with counts."""

from __future__ import annotations

from collections.abc import Sequence

from steersman_tools.logpatterns import mine
from steersman_tools.snapshot import Log, LogQuery, Resource
from steersman_tools.types import Observation, Ref

from ...diagnose.workloads import is_ready
from ..case import Case
from .base import Args, NoSuch, ReadTool, thing

PODS = 2


class _Args(Args):
    name: str
    previous: bool = False


async def _run(case: Case, args: _Args) -> Sequence[Observation]:
    pods = _pods(case, thing(case, args.name))
    queries = [
        LogQuery(pod.ref, container.text("name"), args.previous)
        for pod in pods[:PODS]
        for container in pod.each("spec.containers")[:2]
    ]
    known = {q: log for q in queries if (log := case.snapshot.logs.get(q))}
    missing = [q for q in queries if q not in known]
    found = {log.query: log for log in await case.sources.reader.logs(missing)} if missing else {}
    return [_observation(case, (known | found)[q]) for q in queries if q in known or q in found]


def _pods(case: Case, ref: Ref) -> list[Resource]:
    """The pods of the thing, those in trouble first."""
    if ref.kind == "Pod":
        pods = [p for p in (case.snapshot.get(ref),) if p]
    elif ref.kind == "Service":
        pods = [p for view in (case.scene.services.get(ref),) if view for w in view.workloads for p in w.live_pods]
    else:
        workload = case.scene.workload_of.get(ref)
        pods = list(workload.pods) if workload else []
    if not pods:
        raise NoSuch(f"{ref} has no pods")
    return sorted(pods, key=is_ready)


def _observation(case: Case, log: Log) -> Observation:
    if log.why_not:
        return case.observed("logs", log.query.call, [], none=f"no log: {log.why_not}")
    lines = [f"{p.count}x {p.example}" for p in mine(log.lines)]
    return case.observed("logs", log.query.call, lines, none="the log is empty")


TOOL = ReadTool("logs", "What a workload or pod says, as patterns with counts; previous: of its last run.", _Args, _run)
