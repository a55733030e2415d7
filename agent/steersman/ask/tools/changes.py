"""The tool `changes`: what was changed lately, by whom, and from what to what."""

from __future__ import annotations

from collections.abc import Sequence

from steersman_tools.types import Observation, Ref

from ...diagnose import cite
from ...diagnose.changes import last_writer, latest_changes
from ...diagnose.cite import short
from ...diagnose.workloads import Workload
from ..case import Case
from .base import Args, NoSuch, ReadTool, thing

MOST = 6
FIELDS = 4


class _Args(Args):
    name: str = ""


async def _run(case: Case, args: _Args) -> Sequence[Observation]:
    workloads = [_workload(case, thing(case, args.name))] if args.name else list(case.scene.workloads.values())
    found = [(changes[0].at, w, changes) for w in workloads if (changes := latest_changes(case.scene, w))]
    found.sort(key=lambda item: item[0].timestamp() if item[0] else 0.0, reverse=True)
    observations = []
    for at, workload, changes in found[:MOST]:
        writer = last_writer(workload.resource, workload.spec_path)
        by = f" by {writer.manager}" if writer else ""
        lines = [f"{workload.ref} revision {changes[0].revision} at {at or 'an unknown time'}{by}"]
        lines += [f"{c.path}: {short(c.before)} -> {short(c.after)}" for c in changes[:FIELDS]]
        observations.append(case.observed("kubernetes", cite.get(workload.ref), lines))
    if not observations:
        raise NoSuch("no change is on record" + (f" for {args.name}" if args.name else ""))
    return observations


def _workload(case: Case, ref: Ref) -> Workload:
    if ref.kind == "Service" and (view := case.scene.services.get(ref)) and view.workloads:
        return view.workloads[0]
    if workload := case.scene.workload_of.get(ref):
        return workload
    raise NoSuch(f"{ref} has no revisions; describe it instead")


TOOL = ReadTool("changes", "What was changed lately in workloads: field, from, to, when, by whom.", _Args, _run)
