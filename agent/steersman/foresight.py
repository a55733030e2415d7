"""The load that is coming as findings: the same plan, gate and undo as for what is wrong now. Only sessions that ask for it look ahead;
what may come is no cause of anything yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from steersman_tools.fields import Fields
from steersman_tools.quantity import amount
from steersman_tools.snapshot import Resource
from steersman_tools.types import NotChecked, Observation, ToolFailed

from .diagnose.scene import Scene
from .diagnose.workloads import Workload
from .faults import Fault
from .gather import Sources
from .signals.scaling import Capacity, Proposal, propose
from .signals.serving import Serving, servings
from .types import Diagnosed, Finding, Output

FUTURE = frozenset({Fault.LOAD_AHEAD, Fault.LOAD_PASSED})
USUAL_TARGET = 0.7
"""The part of what a replica carries that is to be used, where no autoscaler says another."""
SURE = 0.75


async def foreseeing(sources: Sources, now: datetime, seconds: float) -> Sources:
    """Sources whose diagnosis looks ahead as well. Raises ToolFailed where nothing is measured."""
    if sources.metrics is None:
        raise ToolFailed(f"What is coming is read from metrics, but {sources.no_metrics or 'there are none'}.")
    seen = await servings(sources.metrics, now)
    if not seen.found and seen.not_checked:
        raise ToolFailed(f"What is coming cannot be told: {seen.not_checked[0].why}")
    return replace(sources, analyzers=(*sources.analyzers, analyzer(seen.found, seen.not_checked, seconds)))


def of_the_future(event: Diagnosed) -> Diagnosed:
    """The answer without what is wrong now: that is another session's work."""
    found = event.diagnosis
    kept = tuple(cause for cause in found.causes if cause.fault in FUTURE)
    ranked = tuple(cause.model_copy(update={"rank": rank}) for rank, cause in enumerate(kept, start=1))
    return event.model_copy(update={"diagnosis": found.model_copy(update={"causes": ranked, "unexplained": ()})})


def analyzer(
    seen: tuple[Serving, ...], gaps: tuple[NotChecked, ...], seconds: float
) -> Callable[[Scene], Iterator[Output]]:
    """Judges the measured Deployments by what they are declared to be."""

    def foreseen(scene: Scene) -> Iterator[Output]:
        yield from gaps
        for serving in seen:
            workload = scene.workloads.get(serving.workload)
            if workload is not None:
                yield from _judged(scene, _Case(serving, workload, _autoscaler(scene, workload)), seconds)

    return foreseen


@dataclass(frozen=True)
class _Case:
    serving: Serving
    workload: Workload
    autoscaler: Resource | None

    @property
    def limit(self) -> float:
        """Cores that one pod may use: its limits, or its requests where one of its containers has no limit."""
        for kind in ("limits", "requests"):
            each = [amount(c.text(f"resources.{kind}.cpu") or "0") for c in self.workload.containers]
            if each and all(each):
                return sum(each)
        return 0.0

    @property
    def target(self) -> float:
        """The part of the limit that is to be used; an autoscaler's is a part of the requests."""
        share = _share(self.autoscaler) if self.autoscaler else None
        asked = sum(amount(c.text("resources.requests.cpu") or "0") for c in self.workload.containers)
        return min(share * asked / self.limit, 0.95) if share and asked else USUAL_TARGET


def _judged(scene: Scene, case: _Case, seconds: float) -> Iterator[Output]:
    if not case.limit:
        why = "its containers have neither a processor limit nor a request: what a replica carries is not known"
        yield NotChecked(what=f"the load coming to {case.workload.ref}", why=why)
        return
    serving, hpa, now = case.serving, case.autoscaler, case.workload.desired
    if not now:
        return
    floor = hpa.count("spec.minReplicas", 1) if hpa else now
    most = hpa.count("spec.maxReplicas", 1) if hpa else 3 * now + 3
    capacity = Capacity(
        per_replica=case.limit / serving.cores,
        target=case.target,
        least=min(floor, max(1, serving.least)),
        most=max(most, 1),
    )
    said = propose(serving.demand, now, capacity, serving.changed, seconds)
    if said.direction == "up" and said.replicas > floor:
        yield _finding(scene, case, said, floor, Fault.LOAD_AHEAD)
    elif said.direction == "down" and not hpa:
        yield _finding(scene, case, said, floor, Fault.LOAD_PASSED)


def _finding(scene: Scene, case: _Case, said: Proposal, floor: int, fault: Fault) -> Finding:
    entity = case.autoscaler.ref if case.autoscaler else case.workload.ref
    name, cores = case.workload.ref.name, case.serving.cores
    carries = case.limit / cores
    verb = "will need" if fault is Fault.LOAD_AHEAD else "needs no more than"
    texts = (
        f"{_last(case.serving):.4g} requests a second now; {said.expected:.4g} expected ahead, {said.likely_most:.4g} at most",
        f"{said.now} replicas now, {case.serving.least} at least before; a request takes {cores * 1000:.3g} ms of processor time, so one "
        f"replica of {case.limit:.3g} cores carries {carries:.4g} requests a second, {carries * case.target:.4g} at its target",
    )
    return Finding(
        fault=fault,
        entity=entity,
        field="spec.minReplicas" if case.autoscaler else "spec.replicas",
        observed=str(floor),
        expected=str(said.replicas),
        summary=f"{name} {verb} {said.replicas} replicas instead of {said.now}: {said.why}",
        advice=f"Scale {name} to {said.replicas}: `steersman autoscale` does it, if policy and you allow it",
        certainty=SURE,
        breaks=(case.workload.ref,),
        needs_symptom=False,
        observations=tuple(
            Observation(tool="metrics", call=call, observed_at=datetime.fromtimestamp(case.serving.demand.end, UTC), text=text)
            for call, text in zip(case.serving.calls, texts, strict=True)
        ),
    )  # fmt: skip


def _last(serving: Serving) -> float:
    known = [value for value in serving.demand.values[-5:] if value == value]
    return float(known[-1]) if known else 0.0


def _autoscaler(scene: Scene, workload: Workload) -> Resource | None:
    """The HorizontalPodAutoscaler that decides about the workload's replicas."""
    for hpa in scene.snapshot.all("HorizontalPodAutoscaler"):
        target = hpa.at("spec.scaleTargetRef")
        if hpa.namespace == workload.ref.namespace and target.text("name") == workload.ref.name:
            return hpa
    return None


def _share(hpa: Resource) -> float | None:
    """The part of the processor request that the autoscaler aims at."""
    plain = hpa.count("spec.targetCPUUtilizationPercentage")
    known = [_average(m) for m in hpa.each("spec.metrics") if m.text("resource.name") == "cpu"]
    found = plain or next((share for share in known if share), 0)
    return found / 100 if found else None


def _average(metric: Fields) -> int:
    return metric.at("resource.target").count("averageUtilization")
