"""From what a person wants to an action of the closed instruction set, with what the snapshot knows. The gate judges it later."""

from __future__ import annotations

from steersman_tools.actions import Action, Cordon, Drain, RestartRollout, RollBack, Scale, Uncordon
from steersman_tools.types import Ref

from ..diagnose.changes import revisions
from ..intent import Change, CordonNode, DrainNode, RestartIt, RollBackTo, ScaleTo, UncordonNode
from .case import Case
from .wishes import Refused

GPU = "nvidia.com/gpu"


def action_for(change: Change, case: Case) -> Action:
    """The action. Raises Refused where the cluster has no such thing, or it would mean nothing."""
    match change:
        case ScaleTo():
            return _scale(change, case)
        case RollBackTo():
            return _roll_back(change, case)
        case RestartIt():
            return RestartRollout(target=change.target, at=f"{case.scene.now:%Y-%m-%dT%H:%M:%SZ}")
        case CordonNode():
            return Cordon(target=change.target)
        case UncordonNode():
            return Uncordon(target=change.target)
        case DrainNode():
            return Drain(target=change.target)


def _scale(change: ScaleTo, case: Case) -> Scale:
    workload = case.scene.workloads.get(change.target)
    if workload is None:
        raise Refused(f"{change.target} was not read")
    now = workload.desired
    by = change.by
    if change.unit == "gpus" and by is not None:
        each = sum(int(c.map("resources.limits").get(GPU, "0") or 0) for c in workload.containers)
        if not each or by % each:
            has = f"{each} GPUs" if each else "no GPU"
            raise Refused(f"a replica of {change.target} has {has}: {by:+d} GPUs are no whole number of replicas")
        by //= each
    elif change.unit == "gpus":
        raise Refused(f"say how many more or fewer GPUs {change.target} should have")
    wanted = change.to if change.to is not None else now + by if by is not None else round(now * (change.factor or 1))
    if wanted < 0:
        raise Refused(f"{change.target} has {now} replicas; there are no {-(by or 0)} to take away")
    if wanted == now:
        raise Refused(f"{change.target} has {now} replicas already")
    return Scale(target=change.target, replicas=wanted)


def _roll_back(change: RollBackTo, case: Case) -> RollBack:
    workload = case.scene.workloads.get(change.target)
    known = revisions(case.scene, workload) if workload else []
    numbers = ", ".join(str(r.number) for r in known) or "none"
    if change.revision is None:
        wanted = known[1] if len(known) > 1 else None
    else:
        wanted = next((r for r in known if r.number == change.revision), None)
    if wanted is None:
        raise Refused(f"{change.target} keeps no such revision; it has: {numbers}")
    kind = "ReplicaSet" if change.target.kind == "Deployment" else "ControllerRevision"
    source = Ref(change.target.namespace, kind, wanted.name)
    return RollBack(target=change.target, revision=wanted.number, source=source)
