"""Slowness that nothing but measures shows: who is slow, who of them by itself, and whether it is the processor or the network."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from steersman_tools.redact import bounded
from steersman_tools.snapshot import Measure
from steersman_tools.types import Observation, Ref

from ...faults import Fault
from ...types import Finding, Output, RuledOut, Symptom
from ..measures import CPU_FLOOR, RATE_FLOOR, Load, Pair, callees, loads
from ..scene import Scene

SLOW = math.log(1.5)
"""From half as slow again on, a workload counts as slow."""
BUSY = math.log(1.6)
"""So much more processor time for the same requests is no chance."""
SURGE = math.log(2.0)
"""So many more requests are a surge."""
MOST_WEIGHT = 6.0
_UNITS: Mapping[str, str] = {
    "cpu": "cores", "cpu-throttled": "throttled", "requests": "requests/s", "latency-median": "s median",
    "latency-tail": "s tail", "received": "packets/s in", "sent": "packets/s out", "success": "succeed",
}  # fmt: skip
_SHOWN: tuple[Measure, ...] = ("latency-median", "latency-tail", "requests", "cpu", "cpu-throttled", "received", "sent")


def troubled(load: Load) -> float:
    """How much a workload suffers: by its slowness, or by requests that hang in it."""
    return max(load.slower, load.stalled)


def slowness(scene: Scene) -> Iterator[Output]:
    """Workloads that answer more slowly than they did; those that are slow for their callees' sake too."""
    for load in loads(scene).values():
        if load.ref.kind != "Node" and troubled(load) >= SLOW:
            yield Symptom(
                kind="slow",
                entity=load.ref,
                text=f"{load.ref.kind} {load.ref.name} is slow: {told(load)}",
                weight=min(troubled(load), MOST_WEIGHT),
                observations=(observed(scene, load),),
            )


def processors(scene: Scene) -> Iterator[Output]:
    """Workloads that use far more processor time than their requests explain, or all that they may."""
    for load in loads(scene).values():
        cpu, rate = load.pair("cpu"), load.requests
        if load.ref.kind == "Node" or cpu.now is None:
            continue
        grown, asked = cpu.grown(CPU_FLOOR), max(rate.grown(RATE_FLOOR), 0.0)
        if grown - asked >= BUSY and (load.slower >= SLOW or _throttled(load)):
            yield _overloaded(scene, load, 0.96 if _throttled(load) else 0.88)
        elif asked >= SURGE and load.slower >= SLOW and grown >= BUSY and _entry(scene, load):
            yield _surge(scene, load)
        elif load.slower >= SLOW:
            yield RuledOut(fault=Fault.CPU_OVERLOAD, entity=load.ref, why="it uses no more processor time than before")


def _throttled(load: Load) -> bool:
    """Whether the kernel holds it back now, and did not before."""
    found = load.measures.get("cpu-throttled")
    if found is None:
        return False
    before, now = (max((v for v in values if math.isfinite(v)), default=0.0) for values in (found.before, found.now))
    return now >= 0.25 and now >= 2 * before


def _entry(scene: Scene, load: Load) -> bool:
    """Whether no measured workload that calls it has as many more requests: then they come from outside."""
    callers = [caller for caller, those in callees(scene).items() if load.ref in those]
    return not any((above := loads(scene).get(c)) and above.requests.grown(RATE_FLOOR) >= SURGE for c in callers)


def _overloaded(scene: Scene, load: Load, certainty: float) -> Finding:
    cpu = load.pair("cpu")
    return Finding(
        fault=Fault.CPU_OVERLOAD,
        entity=load.ref,
        field="",
        observed=f"{_number(cpu.now)} cores, {_number(cpu.before)} before",
        expected="no more processor time than its requests need",
        summary=f"{load.ref.kind} {load.ref.name} uses {_times(cpu, CPU_FLOOR)} as much processor time as before for about as many "
        f"requests: {told(load)}",
        advice="See what runs in its pods (a busy loop, a backup, another process); raise its CPU limit or its replicas meanwhile",
        certainty=certainty,
        breaks=(load.ref,),
        observations=(observed(scene, load),),
    )


def _surge(scene: Scene, load: Load) -> Finding:
    return Finding(
        fault=Fault.LOAD_SURGE,
        entity=load.ref,
        observed=f"{_number(load.requests.now)} requests/s, {_number(load.requests.before)} before",
        expected="as many requests as it can serve, or more replicas",
        summary=f"{load.ref.kind} {load.ref.name} gets {_times(load.requests, RATE_FLOOR)} as many requests as before: {told(load)}",
        advice="Scale it out, or limit the rate of whoever sends them",
        certainty=0.9,
        breaks=(load.ref, *callees(scene).get(load.ref, ())),
        observations=(observed(scene, load),),
    )


def networks(scene: Scene) -> Iterator[Output]:
    """Workloads that are slow by themselves and do no more work: what is between them and the others takes the time."""
    every, called = loads(scene), callees(scene)
    busy = {f.entity for f in processors(scene) if isinstance(f, Finding)}
    for load in every.values():
        if load.ref.kind == "Node" or troubled(load) < SLOW or load.ref in busy:
            continue
        below = [every[ref] for ref in called.get(load.ref, ()) if ref in every]
        yield Finding(
            fault=Fault.NETWORK_DELAY,
            entity=load.ref,
            observed=told(load),
            expected="answers as fast as before",
            summary=f"{load.ref.kind} {load.ref.name} is slow without doing more work, and its callees do not explain it: {told(load)}",
            advice="Look at the network of its pods: traffic control (tc qdisc), policy, sidecar, the node's link",
            certainty=certainty(load, below),
            breaks=(load.ref, *_spread(load, below)),
            observations=(
                observed(scene, load),
                *(observed(scene, other) for other in below[:1] if troubled(other) >= SLOW),
            ),
        )


def certainty(load: Load, below: list[Load]) -> float:
    """How sure it is that the trouble is its own: the part of the added waiting that its callees do not account for."""
    own = max(load.excess - sum(other.excess for other in below), 0.0)
    share = own / load.excess if load.excess > 0 else 0.0
    hangs = (
        min(max(load.stalled, 0.0), 1.0) if load.stalled > max((other.stalled for other in below), default=0.0) else 0.0
    )
    return round(0.45 + 0.3 * share + 0.15 * hangs, 3)


def _spread(load: Load, below: list[Load]) -> tuple[Ref, ...]:
    """The callees that its network slows down too: all of those that are measured, or it is not its network."""
    active = [other for other in below if (other.requests.before or 0.0) > RATE_FLOOR]
    slow = [other for other in active if other.slower >= SLOW]
    return tuple(other.ref for other in slow) if len(slow) >= 2 and len(slow) >= 0.7 * len(active) else ()


def told(load: Load) -> str:
    """What changed, in numbers."""
    parts = []
    for measure in _SHOWN:
        pair = load.pair(measure)
        if pair.before is not None and pair.now is not None and abs(pair.grown(0.001)) >= math.log(1.25):
            parts.append(f"{_number(pair.before)} -> {_number(pair.now)} {_UNITS[measure]}")
    return ", ".join(parts[:5]) or "no measure of it changed"


def observed(scene: Scene, load: Load) -> Observation:
    """The measures of a workload as evidence."""
    calls = [m.call for m in load.measures.values() if m.call]
    words = [m.said for m in load.measures.values() if m.said]
    return Observation(
        tool="metrics",
        call="; ".join(calls[:4]) or f"measures of {load.ref}",
        observed_at=scene.now,
        text=bounded("; ".join([told(load), *words]), 600),
    )


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.3g}"


def _times(pair: Pair, floor: float) -> str:
    return f"{math.exp(pair.grown(floor)):.1f} times"
