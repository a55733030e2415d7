"""Remedies for what runs by itself: scaled to nothing, autoscalers, CronJobs, finalizers, writers that meddle."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from steersman_tools.actions import Action, Scale, Suspend
from steersman_tools.types import Json, Ref

from ...faults import Fault
from ..book import playbook
from ..site import Draft, Site, value_at


@playbook(Fault.SCALED_TO_ZERO)
def scale_up(site: Site) -> Iterator[Draft]:
    """As many as there were: what the last ReplicaSet noted, what its autoscaler keeps at the least, else one."""
    if site.workload is None:
        return
    noted = (
        site.workload.current.annotations.get("deployment.kubernetes.io/desired-replicas", "")
        if site.workload.current
        else ""
    )
    least = [
        h.count("spec.minReplicas", 1)
        for h in site.scene.snapshot.all("HorizontalPodAutoscaler")
        if h.namespace == site.entity.namespace and h.text("spec.scaleTargetRef.name") == site.entity.name
    ]
    wanted = max([int(noted) if noted.isdigit() else 0, *least, 1])
    yield Draft("scale-up", (Scale(target=site.entity, replicas=wanted),), site.cause.summary)


@playbook(Fault.HPA_TARGET_MISSING)
def target(site: Site) -> Iterator[Draft]:
    """The nearest workload of the namespace."""
    if site.resource is None:
        return
    kind, wanted = site.resource.text("spec.scaleTargetRef.kind"), site.resource.text("spec.scaleTargetRef.name")
    names = [
        w.ref.name
        for w in site.scene.workloads.values()
        if w.ref.namespace == site.entity.namespace and w.ref.kind == kind
    ]
    near = difflib.get_close_matches(wanted, names, 1, 0.6) or difflib.get_close_matches(
        site.entity.name, names, 1, 0.6
    )
    if near:
        yield Draft(
            "set-target",
            (site.patch(("spec.scaleTargetRef.name", near[0])),),
            f"{kind} {wanted} does not exist; {near[0]} does",
        )
    elif others := [
        w.ref
        for w in site.scene.workloads.values()
        if w.ref.namespace == site.entity.namespace and w.ref.name == wanted
    ]:
        yield Draft(
            "set-target", (site.patch(("spec.scaleTargetRef.kind", others[0].kind)),), f"{wanted} is a {others[0].kind}"
        )


@playbook(Fault.HPA_MISCONFIGURED)
def autoscaler(site: Site) -> Iterator[Draft]:
    """Bounds that contradict each other, or that leave no room."""
    if site.resource is None:
        return
    least, most = site.resource.count("spec.minReplicas", 1), site.resource.count("spec.maxReplicas", 1)
    if site.cause.field == "spec.minReplicas":
        yield Draft(
            "swap-bounds", (site.patch(("spec.minReplicas", most)),), f"minReplicas {least} is above maxReplicas {most}"
        )
    elif site.cause.field == "spec.maxReplicas":
        yield Draft("raise-maximum", (site.patch(("spec.maxReplicas", most + max(1, most // 2))),), site.cause.summary)
    else:
        yield Draft("say", (), site.cause.summary, choices=(site.cause.advice,))


@playbook(Fault.EXTERNAL_WRITER)
def writer(site: Site) -> Iterator[Draft]:
    """First the writer is stopped, then what it wrote is put right: otherwise it would be written over again."""
    stop = _stop(site)
    victims = [r for r in site.cause.explains if r != site.entity] or [r for r in site.cause.path if r != site.entity]
    mended: list[Action] = []
    for ref in victims[:1]:
        mended += _mended(site, ref)
    notes = ("Its owner should know: it was suspended so that what it writes can be put right.",)
    if stop:
        yield Draft("suspend-writer", (stop, *mended), site.cause.summary, notes)


def _stop(site: Site) -> Action | None:
    match site.entity.kind:
        case "CronJob" | "Job":
            return Suspend(target=site.entity)
    return None


def _mended(site: Site, ref: Ref) -> list[Action]:
    """The victim as it was declared, or as its command says it was made."""
    other = Site(site.cause.model_copy(update={"entity": ref, "field": ""}), site.scene)
    if draft := other.declared():
        return list(draft.actions)
    command = site.cause.observed
    workload = site.scene.workloads.get(ref)
    if workload and re.search(r"--replicas[ =]0", command):
        noted = (
            workload.current.annotations.get("deployment.kubernetes.io/desired-replicas", "1")
            if workload.current
            else "1"
        )
        return [Scale(target=ref, replicas=max(int(noted) if noted.isdigit() else 1, 1))]
    if draft := other.restored():
        return list(draft.actions)
    return []


@playbook(Fault.ROLLOUT_STRATEGY_UNSAFE)
def strategy(site: Site) -> Iterator[Draft]:
    """A rollout that keeps what is ready until the new is ready."""
    wanted: Json = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    if site.entity.kind == "Deployment":
        yield Draft("safe-rollout", (site.patch(("spec.strategy", wanted)),), site.cause.observed)


@playbook(Fault.FINALIZER_STUCK)
def finalizer(site: Site) -> Iterator[Draft]:
    """The finalizer that nobody serves, taken off; what it guarded may be left behind."""
    held = value_at(site.raw, "metadata.finalizers")
    if isinstance(held, list) and site.entity.kind != "Namespace":
        notes = (
            "Once it is gone the object is deleted, which cannot be undone; what the finalizer guarded may be left behind.",
        )
        yield Draft(
            "drop-finalizer",
            (site.patch(("metadata.finalizers", None)),),
            f"nobody serves {', '.join(map(str, held))}",
            notes,
        )
    else:
        yield Draft("say", (), site.cause.summary, choices=(site.cause.advice,))


@playbook(Fault.CRONJOB_SIDECAR_BLOCKS)
def sidecar(site: Site) -> Iterator[Draft]:
    """A native sidecar ends with the work; servers before 1.29 do not know it, and there a person must decide."""
    version = re.match(r"v?1\.(\d+)", site.scene.snapshot.version)
    if site.workload and site.container and version and int(version[1]) >= 29:
        spec, path = site.workload.spec, site.workload.spec_path
        side = next((dict(c.raw) for c in spec.each("containers") if c.text("name") == site.container), None)
        rest: Json = [dict(c.raw) for c in spec.each("containers") if c.text("name") != site.container]
        if side:
            inits: Json = [*(dict(c.raw) for c in spec.each("initContainers")), side | {"restartPolicy": "Always"}]
            yield Draft(
                "native-sidecar",
                (site.patch((f"{path}.containers", rest), (f"{path}.initContainers", inits)),),
                site.cause.summary,
            )
    yield Draft("say", (), site.cause.summary, choices=(
        "Make the sidecar end when the work is done (a shared file, or its own quit endpoint).",
        "Set activeDeadlineSeconds so that the Job ends at all.",
    ))  # fmt: skip


@playbook(Fault.PREEMPTED_BY_PRIORITY)
def preempted(site: Site) -> Iterator[Draft]:
    """Which of two is more important is for people to say."""
    yield Draft(
        "say", (), site.cause.summary, choices=("Add room for both.", "Give it a PriorityClass that lets it stay.")
    )
