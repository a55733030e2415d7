"""From drafts to plans: each action is tried on the snapshot, so that a plan shows what will change before anything does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from steersman_tools.actions import Action, Base, ClearPod, Unfit
from steersman_tools.edits import Change, Clash, apply, diff
from steersman_tools.fields import Fields
from steersman_tools.images import owned
from steersman_tools.types import JsonObject, Ref

from ..diagnose.scene import Scene
from ..diagnose.workloads import is_ready
from ..experience import Experience
from ..remedy import Check, Plan, Step
from .site import Draft, Site

_OWNERS = {
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "argocd.argoproj.io/instance": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
    "meta.helm.sh/release-name": "Helm",
}
_ROLLING = frozenset({"Scale", "RestartRollout", "RollBack", "SetImage", "SetResources", "SetEnv", "PatchField"})


def plan_of(site: Site, draft: Draft, experience: Experience) -> Plan | None:
    """The plan of a draft; None where it would change nothing, or does not fit the objects as they are."""
    objects: dict[Ref, JsonObject] = {}
    steps: list[Step] = []
    runbook = draft.runbook or next((q.citation.place for q in site.cause.runbooks if not q.citation.contradicted), "")
    for action in (*draft.actions, *_held_up(site.scene, draft.actions)):
        try:
            changes = _effect(site.scene, action, objects)
        except (Unfit, Clash, ValueError):
            return None
        if not changes and action.effect == "edit":
            continue
        steps.append(_step(site.scene, draft.why, site.cause.cites, action, changes, runbook))
    if not steps and not draft.choices:
        return None
    if draft.aim == "contain" and steps:
        served = [
            Check(what="pods-ready", of=w.ref, within_seconds=420) for w in site.harmed if w.ref.kind == "Deployment"
        ]
        steps[-1] = steps[-1].model_copy(update={"check": (*steps[-1].check, *served)})
    return Plan(
        fault=site.cause.fault,
        entity=site.entity,
        name=draft.name,
        aim=draft.aim,
        steps=tuple(steps),
        notes=(*draft.notes, *_writers(site.scene, draft.actions), *experience.words(draft.name)),
        choices=draft.choices,
        source_of_truth=next((o for a in draft.actions if (o := _owner(site.scene, a.target))), ""),
    )


def _held_up(scene: Scene, actions: Sequence[Action]) -> Iterable[Action]:
    """The pods that a StatefulSet waits for in vain: it replaces none that is not ready, whatever its template says meanwhile."""
    for ref in dict.fromkeys(
        a.target for a in actions if a.target.kind == "StatefulSet" and a.effect == "edit" and a.do != "Scale"
    ):
        workload = scene.workloads.get(ref)
        if workload and workload.resource.text("spec.podManagementPolicy", "OrderedReady") == "OrderedReady":
            yield from (ClearPod(target=pod.ref) for pod in workload.live_pods if not is_ready(pod))


def asked(action: Action, scene: Scene, why: str) -> Plan:
    """The plan of what a person asked for, with no cause behind it. Raises Unfit where it would change nothing or cannot be."""
    try:
        changes = _effect(scene, action, {})
    except (Clash, ValueError) as error:
        raise Unfit(f"{action.target} cannot be changed so: {error}") from error
    if not changes and action.effect == "edit":
        raise Unfit(f"{action.target} is so already: there is nothing to change.")
    return Plan(
        fault="",
        entity=action.target,
        name="as-asked",
        aim="wish",
        steps=(_step(scene, why, (), action, changes),),
        notes=tuple(_writers(scene, (action,))),
        source_of_truth=_owner(scene, action.target),
    )


def _effect(scene: Scene, action: Action, objects: dict[Ref, JsonObject]) -> tuple[Change, ...]:
    """What the action changes, the steps before it taken as done. Raises Unfit."""
    ref = action.target
    if action.kinds and ref.kind not in action.kinds:
        raise Unfit(f"{action.do} does not apply to a {ref.kind}.")
    found = scene.snapshot.get(ref)
    before = objects.get(ref) or (dict(found.raw) if found else {})
    if action.effect == "create":
        made = action.edit({}, {})
        objects[ref] = made
        return tuple(Change(path=k, op="add", after=v) for k, v in made.items() if k not in ("apiVersion", "kind"))
    if not before:
        raise Unfit(f"{ref} does not exist.")
    if action.effect == "delete":
        return ()
    others: Mapping[Ref, JsonObject] = {n: dict(r.raw) for n in action.needs() if (r := scene.snapshot.get(n))}
    changes = tuple(diff(owned(before), owned(action.edit(before, others))))
    changed = apply(dict(before), changes)
    assert isinstance(changed, dict)
    objects[ref] = changed
    return changes


def _step(
    scene: Scene, why: str, cites: tuple[str, ...], action: Action, changes: tuple[Change, ...], runbook: str = ""
) -> Step:
    return Step(
        action=action,
        why=why,
        cites=cites,
        runbook=runbook,
        changes=changes,
        check=tuple(_checks(scene, action, changes)),
        undo=_undo(action, changes),
        reversible=action.reversible and not any("metadata.finalizers" in c.path for c in changes),
    )


def _checks(scene: Scene, action: Base, changes: Iterable[Change]) -> Iterable[Check]:
    """What must hold after the action, by what it changes."""
    ref = action.target
    match ref.kind:
        case "Deployment" | "StatefulSet" | "DaemonSet" if action.effect == "edit":
            yield Check(what="rolled-out", of=ref)
        case "Service":
            yield Check(what="serving", of=ref)
        case "PersistentVolumeClaim":
            yield Check(what="bound", of=ref)
        case "Node" if any("unschedulable" in c.path for c in changes) and action.effect == "edit":
            pass
        case "Node" if action.awaits() or (
            (mark := scene.snapshot.node_operations) and any(mark in c.path for c in changes)
        ):
            yield from _back_in_service(scene, ref)
        case "RebootNode" | "GPUReset" if action.awaits():
            yield from _back_in_service(scene, Ref("", "Node", getattr(action, "node", "")))
        case "QuantumJob" if action.effect == "edit":
            yield from (Check(what="field", of=ref, path=c.path, value=c.after, within_seconds=60) for c in changes)
        case _ if action.effect == "create":
            yield Check(what="exists", of=ref)
        case _ if action.effect == "delete" and action.reversible:
            yield Check(what="absent", of=ref)


def _back_in_service(scene: Scene, node: Ref) -> Iterable[Check]:
    """A machine that was rebooted takes pods again, and offers every device that it has."""
    machine = scene.nodes.get(node.name)
    if machine is None or not machine.flag("spec.unschedulable"):  # who was cordoned before stays so
        yield Check(what="node-ready", of=node, within_seconds=420)
    gpus = next((n for n in scene.accelerators.nodes if n.node == node.name), None)
    if gpus and gpus.physical:
        for count in (c for c in gpus.counts if c.form == "full"):
            path = f"status.allocatable['{count.resource}']"
            yield Check(what="field", of=node, path=path, value=f"{gpus.physical.value:g}", within_seconds=420)


def _undo(action: Base, changes: tuple[Change, ...]) -> str:
    if action.awaits() and not action.reversible:
        return "cannot be undone: the machine has been through it"
    match action.effect:
        case "create" if action.target.kind == "QuantumJob":
            return "cancel the new job; what it has used until then is billed"
        case "create":
            return f"delete {action.target} again"
        case "delete" if action.reversible:
            return f"create {action.target} again as it was"
        case "replace":
            return f"make {action.target} anew as it was"
        case "evict":
            return "cannot be undone: the pod that takes its place stays"
        case "drain":
            return f"uncordon {action.target}; pods that have moved stay where they are"
    if not action.reversible:
        return "cannot be undone"
    return "; ".join(str(c.inverse) for c in reversed(changes[:6])) + (" …" if len(changes) > 6 else "")


def _owner(scene: Scene, ref: Ref) -> str:
    """Who declares the object from outside of the cluster."""
    found, was = scene.snapshot.get(ref), scene.snapshot.past.get(ref)
    meta = (found or Fields(dict(was.raw) if was else None)).at("metadata")
    marks = {**meta.map("labels"), **meta.map("annotations")}
    return next((who for key, who in _OWNERS.items() if key in marks), "")


def _writers(scene: Scene, actions: Sequence[Action]) -> Iterable[str]:
    """Who will have a say in the fields afterwards."""
    for ref in dict.fromkeys(a.target for a in actions):
        if owner := _owner(scene, ref):
            yield f"{owner} owns {ref}: make the same change in its source, or it will be written over."
    hpa = [
        h.name
        for h in scene.snapshot.all("HorizontalPodAutoscaler")
        for a in actions
        if a.do == "Scale" and h.namespace == a.target.namespace and h.text("spec.scaleTargetRef.name") == a.target.name
    ]
    for name in hpa:
        yield f"HorizontalPodAutoscaler {name} decides about the replicas afterwards."


def best(plans: Iterable[Plan], experience: Experience) -> tuple[Plan, ...]:
    """Plans that fit better first; among equals, what has worked before, then the order they came in. No plan twice."""
    seen: dict[str, Plan] = {}
    for plan in plans:
        key = repr([s.changes for s in plan.steps]) if plan.steps else plan.name
        seen.setdefault(key, plan)
    return tuple(sorted(seen.values(), key=lambda p: (_fit(p), -experience.chance(p.name))))


def _fit(plan: Plan) -> tuple[bool, bool, bool]:
    """Acting before advising, mending before containing, what can be undone before what cannot: experience never changes that."""
    return not plan.steps, plan.aim == "contain", not all(step.reversible for step in plan.steps)
