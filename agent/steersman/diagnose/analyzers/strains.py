"""Workloads that slow down or fail by themselves, and why: a change, the processor, the load, retries, or the way to them."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.flows import Level
from steersman_tools.quantity import amount
from steersman_tools.types import Observation, Ref

from ...faults import Fault
from ...types import FaultName, Finding, Output
from .. import cite
from ..changes import Change
from ..excess import Own, own
from ..scene import Scene
from ..strain import Strain, strains
from .disorders import said

MORE = 1.4
"""How many times the usual requests are a surge, and the usual calls for each request are retries."""
DEARER = 1.3
"""How many times the usual processor time makes a request dearer."""
CALM = 1.2
"""A caller whose own requests have grown by less than this has not grown."""
FAILING = 0.05
"""The share of calls that fail, where they are made again."""


def by_themselves(scene: Scene) -> Iterator[Output]:
    """One finding for each workload in trouble of its own, where its kind can be told."""
    storms = tuple(retries(scene))
    yield from storms
    stormed = {ref for storm in storms for ref in storm.breaks}
    for strain in strains(scene):
        if found := _cause(scene, strain, stormed):
            yield found


def _cause(scene: Scene, strain: Strain, stormed: set[Ref]) -> Finding | None:
    limit = next((c for c in strain.changes if c.path.endswith("resources.limits.cpu") and _lowered(c)), None)
    if limit and strain.busy:
        return _changed(scene, strain, limit, Fault.CPU_THROTTLED)
    image = next((c for c in strain.changes if c.path.endswith(".image")), None)
    if image:
        return _changed(scene, strain, image, Fault.RELEASE_REGRESSION)
    grown = strain.rate.times >= MORE and strain.ref not in stormed
    if strain.busy:
        return _surge(scene, strain) if grown else None if strain.ref in stormed else _busy(scene, strain)
    if strain.changes:
        return _changed(scene, strain, strain.changes[0], Fault.RELEASE_REGRESSION)
    if strain.seconds and grown:
        return _surge(scene, strain)
    return _waiting(scene, strain) if strain.seconds and not strain.outside else None


def _lowered(change: Change) -> bool:
    before = amount(str(change.before)) if change.before else float("inf")
    return bool(change.after) and amount(str(change.after)) < before


def _changed(scene: Scene, strain: Strain, change: Change, fault: FaultName) -> Finding:
    """The change with which the trouble began."""
    ref, path = strain.ref, _field(strain, change)
    before, after = cite.short(change.before), cite.short(change.after)
    history = f"kubectl rollout history {ref.kind.lower()}/{ref.name} -n {ref.namespace}"
    at = f" ({cite.clock(change.at)})" if change.at else ""
    what = "is throttled" if fault == Fault.CPU_THROTTLED else _trouble(strain)
    return Finding(
        fault=fault,
        entity=ref,
        field=path,
        observed=after,
        expected=before,
        summary=f"{ref.kind} {ref.name} {what} since revision {change.revision}{at}, which changed {path.rpartition('.')[2]} "
        f"from {before} to {after}",
        advice=f"Go back: kubectl -n {ref.namespace} rollout undo {ref.kind.lower()}/{ref.name}",
        certainty=0.82,
        breaks=(ref,),
        observations=(
            *_numbers(scene, strain),
            cite.listing(scene, history, [f"revision {change.revision}: {change.path}: {before} -> {after}"]),
        ),
    )


def _field(strain: Strain, change: Change) -> str:
    name = change.path.split(".")[1] if change.path.startswith("containers.") else ""
    if name:
        return f"{strain.workload.container_path(name)}.{change.path.split('.', 2)[2]}"
    return f"{strain.workload.spec_path}.{change.path}"


def _surge(scene: Scene, strain: Strain) -> Finding:
    ref, rate = strain.ref, strain.rate
    source = _source(scene, strain)
    return Finding(
        fault=Fault.LOAD_SURGE,
        entity=ref,
        observed=f"{rate.now:.3g} requests a second",
        expected=f"about {rate.usual or 0:.3g} as usual, or replicas enough for more",
        summary=f"{ref.kind} {ref.name} gets {rate.times:.1f} times its usual requests and {_trouble(strain)}{source}",
        advice=f"Give {ref.name} more replicas, or limit the rate at the entrance",
        certainty=0.8 if strain.busy else 0.65,
        breaks=(ref,),
        observations=_numbers(scene, strain),
    )


def _source(scene: Scene, strain: Strain) -> str:
    """Where the surge enters, where that is another workload."""
    at, seen = strain.ref, {strain.ref}
    while True:
        above = [
            p
            for p in own(scene)
            if any(_reaches(scene, c.toward, at) for c in p.levels.calls) and p.workload not in seen
        ]
        grown = [p for p in above if p.levels.requests and p.levels.requests.times >= MORE]
        if not grown:
            return "" if at == strain.ref else f"; they enter at {at.name}"
        at = max(grown, key=lambda p: (p.rate, str(p.workload))).workload
        seen.add(at)


def _reaches(scene: Scene, service: Ref, workload: Ref) -> bool:
    view = scene.services.get(service)
    return view is not None and any(w.ref == workload for w in view.workloads)


def _busy(scene: Scene, strain: Strain) -> Finding:
    """At its processor limit with no more requests than usual: either each costs more, or less is allowed."""
    ref, dearer = strain.ref, strain.dearer >= DEARER
    return Finding(
        fault=Fault.CPU_OVERLOAD if dearer else Fault.CPU_THROTTLED,
        entity=ref,
        field="" if dearer else f"{strain.workload.spec_path}.containers[0].resources.limits.cpu",
        observed=f"{strain.cpu.now:.3g} cores, {strain.cpu.usual or 0:.3g} usually",
        expected="the processor time that its requests usually need"
        if dearer
        else f"a limit above {strain.limit:.3g} cores",
        summary=f"{ref.kind} {ref.name} is at its processor limit of {strain.limit:.3g} cores a pod and {_trouble(strain)}"
        + (f": a request takes {strain.dearer:.1f} times its usual processor time" if dearer else ""),
        advice="See what runs in its pods beside its requests; raise its limit or its replicas meanwhile",
        certainty=0.8,
        breaks=(ref,),
        observations=_numbers(scene, strain),
    )


def _waiting(scene: Scene, strain: Strain) -> Finding:
    ref = strain.ref
    return Finding(
        fault=Fault.NETWORK_DELAY,
        entity=ref,
        observed=f"{said(strain.seconds)} of its own added to each request",
        expected="answers as fast as usual",
        summary=f"{ref.kind} {ref.name} {_trouble(strain)} without more requests, more processor time or a change: it waits",
        advice="Look at the network of its pods (tc qdisc, sidecar, policies) and at what it waits for",
        certainty=0.7,
        breaks=(ref,),
        observations=_numbers(scene, strain),
    )


def retries(scene: Scene) -> Iterator[Finding]:
    """Callers that call more often for each request than they did, because their calls fail."""
    found: dict[tuple[Ref, Ref], Own] = {}
    for pod in own(scene):
        requests = pod.levels.requests
        for call in pod.levels.calls:
            if not requests or not requests.usual or not call.rate.usual or call.failing.now < FAILING:
                continue
            if requests.times <= CALM and call.rate.times / requests.times >= MORE:
                found.setdefault((pod.workload, call.toward), pod)
    for (ref, service), pod in sorted(found.items()):
        call = next(c for c in pod.levels.calls if c.toward == service)
        requests = pod.levels.requests
        times = call.rate.times / requests.times if requests else 1.0
        view = scene.services.get(service)
        yield Finding(
            fault=Fault.RETRY_STORM,
            entity=ref,
            observed=f"{times:.1f} times the usual calls to {call.address} for each request, {call.failing.now:.0%} of which fail",
            expected="a failing call is tried again seldom, and later each time",
            summary=f"{ref.kind} {ref.name} calls {call.address} {times:.1f} times as often for each request as usual, because "
            f"{call.failing.now:.0%} of the calls fail: its retries add to the load",
            advice="Limit the retries (a budget, a growing pause, a circuit breaker), then see why the calls fail",
            certainty=0.8,
            breaks=(ref, *(w.ref for w in view.workloads)) if view else (ref,),
            observations=(
                *_level(scene, f"calls a second of {pod.levels.pod.name} to {call.address}", call.rate),
                *_level(scene, "share of them that fails", call.failing),
                *_level(scene, f"requests a second of {pod.levels.pod.name}", requests),
            ),
        )


def _trouble(strain: Strain) -> str:
    if strain.seconds:
        return f"takes {said(strain.seconds)} more for each request"
    return f"fails {strain.failing:.0%} more of its requests"


def _numbers(scene: Scene, strain: Strain) -> tuple[Observation, ...]:
    """The numbers of the pod that shows it most."""
    levels = strain.worst.levels
    name = levels.pod.name
    return (
        *(_level(scene, f"seconds a request of {name}", levels.seconds) if strain.seconds else ()),
        *(_level(scene, f"share of the requests to {name} that fails", levels.failing) if strain.failing else ()),
        *_level(scene, f"requests a second to {name}", levels.requests),
        *_level(scene, f"cores used by {name}", levels.cpu),
        *(_level(scene, f"share of periods in which {name} is held back", levels.throttled) if strain.busy else ()),
    )


def _level(scene: Scene, what: str, found: Level | None) -> tuple[Observation, ...]:
    if found is None:
        return ()
    usual = "unknown" if found.usual is None else f"{found.usual:.3g}"
    text = f"{what}: {found.now:.3g} now, {usual} usually"
    return (Observation(tool="metrics", call=found.call or what, observed_at=scene.now, text=text),)
