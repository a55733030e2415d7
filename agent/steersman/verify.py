"""Whether a plan has worked: its checks on a snapshot, and whether the cause and what it explained are gone."""

from __future__ import annotations

from collections.abc import Iterable

from steersman_tools.edits import at
from steersman_tools.snapshot import Resource, Snapshot
from steersman_tools.types import Frozen, Ref

from .diagnose import Examination
from .diagnose.workloads import is_ready, workloads_of
from .remedy import Check, Plan


class Judgement(Frozen):
    """What is seen of a plan's effect now; `open` is what is not yet as it should be."""

    open: tuple[str, ...]
    severity: float

    @property
    def holds(self) -> bool:
        return not self.open


def judge(plan: Plan, explained: Iterable[Ref], before: float, examination: Examination) -> Judgement:
    """Looks at everything that must hold after the plan."""
    snapshot, diagnosis = examination.scene.snapshot, examination.conclude()
    found = [f"not yet: {check.words}" for step in plan.steps for check in step.check if not holds(check, snapshot)]
    if plan.aim == "mend" and any(c.fault == plan.fault and c.entity == plan.entity for c in diagnosis.causes):
        found.append(f"{plan.entity} still shows {plan.fault}")
    harmed = set(explained) - ({plan.entity} if plan.aim == "contain" else set())
    found += [f"still: {u.text}" for u in diagnosis.unexplained if u.entity in harmed]
    now = severity(examination)
    if now > before * 1.05 + 0.01:
        found.append(f"more is wrong than before ({now:.1f} > {before:.1f})")
    return Judgement(open=tuple(dict.fromkeys(found)), severity=now)


def severity(examination: Examination) -> float:
    """How much is wrong: the weight of all symptoms."""
    return round(sum(s.weight for s in examination.symptoms), 3)


def holds(check: Check, snapshot: Snapshot) -> bool:
    """Whether the predicate is true of the snapshot."""
    found = snapshot.get(check.of)
    match check.what:
        case "exists":
            return found is not None
        case "absent":
            return found is None
        case _ if found is None:
            return False
        case "rolled-out":
            return _rolled_out(found)
        case "pods-ready":
            workload = workloads_of(snapshot).get(check.of)
            return workload is not None and workload.ready >= workload.desired
        case "serving":
            return _serving(found, snapshot)
        case "bound":
            return found.text("status.phase") == "Bound" or _waits_for_consumer(found, snapshot)
        case "node-ready":
            return found.condition("Ready").text("status") == "True" and not found.flag("spec.unschedulable")
        case "moved":
            return not any(p.text("spec.nodeName") == check.of.name and not is_ready(p) for p in snapshot.all("Pod"))
        case "field":
            return at(dict(found.raw), check.path) == check.value
    return False


def _rolled_out(found: Resource) -> bool:
    """As `kubectl rollout status` has it: the controller has seen the newest spec, and all pods are of it and ready."""
    if found.count("status.observedGeneration") < found.count("metadata.generation"):
        return False
    if found.kind == "DaemonSet":
        wanted = found.count("status.desiredNumberScheduled")
        return found.count("status.updatedNumberScheduled") >= wanted <= found.count("status.numberReady")
    wanted = found.count("spec.replicas", 1)
    updated, ready, every = (found.count(f"status.{n}") for n in ("updatedReplicas", "readyReplicas", "replicas"))
    if found.kind == "StatefulSet" and found.text("spec.updateStrategy.type") == "OnDelete":
        return ready >= wanted
    return updated >= wanted and ready >= wanted and every <= max(updated, wanted)


def _serving(service: Resource, snapshot: Snapshot) -> bool:
    """Whether ready endpoints stand behind it; a Service without selector is not judged by them."""
    if not service.map("spec.selector"):
        return True
    endpoints = snapshot.get(Ref(service.namespace, "Endpoints", service.name))
    return endpoints is not None and any(subset.each("addresses") for subset in endpoints.each("subsets"))


def _waits_for_consumer(claim: Resource, snapshot: Snapshot) -> bool:
    """Whether its class binds it only when a pod uses it, and none does."""
    found = snapshot.get(Ref("", "StorageClass", claim.text("spec.storageClassName")))
    used = any(
        v.text("persistentVolumeClaim.claimName") == claim.name
        for p in snapshot.all("Pod")
        if p.namespace == claim.namespace
        for v in p.each("spec.volumes")
    )
    return found is not None and found.text("volumeBindingMode") == "WaitForFirstConsumer" and not used
