"""Slowness that nothing but measures shows: who is slow, who of them by itself, and whether it is the processor or the network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from statistics import fmean, median

from steersman_tools.redact import bounded
from steersman_tools.snapshot import Measure
from steersman_tools.types import Observation, Ref

from ...faults import Fault
from ...types import Finding, Output, RuledOut, Symptom
from ..measures import CPU_FLOOR, RATE_FLOOR, Load, Pair, callees, loads
from ..scene import Scene
from ..slowness import SLOW, Slowness, troubled
from ..slowness import slowness as slow_ones

ALIKE = 0.3
"""The part of the tail's growth that the median shows at least where every packet is late."""
BUSY = math.log(1.6)
"""So much more processor time for the same requests is no chance."""
RESENT = 1.0
"""So many segments sent again, a second or in a hundred, are lost ones."""
SURGE = math.log(2.0)
"""So many more requests are a surge."""
MOST_WEIGHT = 6.0
_UNITS: Mapping[str, str] = {
    "cpu": "cores", "cpu-throttled": "throttled", "requests": "requests/s", "latency-median": "s median",
    "latency-tail": "s tail", "received": "packets/s in", "sent": "packets/s out", "success": "succeed",
    "retransmits": "sent again",
}  # fmt: skip
_SHOWN: tuple[Measure, ...] = (
    "retransmits",
    "latency-median",
    "latency-tail",
    "requests",
    "cpu",
    "cpu-throttled",
    "received",
    "sent",
)


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
    every, found = loads(scene), slow_ones(scene)
    busy = {f.entity for f in processors(scene) if isinstance(f, Finding)}
    for place, culprit in enumerate(found.culprits):
        load = every[culprit.ref]
        if culprit.ref in busy:
            continue
        yield Finding(
            fault=Fault.NETWORK_DELAY,
            entity=load.ref,
            observed=told(load),
            expected="answers as fast as before",
            summary=f"{load.ref.kind} {load.ref.name} is slow without doing more work, and its callees do not explain it: {told(load)}",
            advice="Look at the network of its pods: traffic control (tc qdisc), policy, sidecar, the node's link",
            certainty=round((0.55 if busy else 0.7) + 0.2 * culprit.share - 0.1 * min(place, 2), 3),
            breaks=(load.ref, *culprit.slows),
            observations=(
                observed(scene, load),
                *(observed(scene, every[ref]) for ref in culprit.slows[:1] if ref in every),
            ),
        )
    resending = _resending(scene, every, found)
    if node := found.node or resending:
        yield _node(scene, found, node, resends=node == resending)


def _resending(scene: Scene, every: Mapping[Ref, Load], found: Slowness) -> str:
    """The node that must send far more again than before, and than the others, and on which something is slow."""
    hurt = {
        p.text("spec.nodeName") for ref in found.slow if ref in scene.workloads for p in scene.workloads[ref].live_pods
    }
    pairs = {
        ref.name: _usual(load) for ref, load in every.items() if ref.kind == "Node" and "retransmits" in load.measures
    }
    for name, (before, now) in sorted(pairs.items(), key=lambda pair: -pair[1][1]):
        others = [theirs for other, (_, theirs) in pairs.items() if other != name]
        if name in hurt and now >= RESENT and now >= 4 * (before + 0.1) and now >= 3 * median(others or [0.0]):
            return name
    return ""


def _usual(load: Load) -> tuple[float, float]:
    """What is sent again before and now, apart from short bursts; an alert may tell the present only."""
    found = load.measures["retransmits"]
    before, now = ([v for v in values if math.isfinite(v)] for values in (found.before, found.now))
    return fmean(before or [0.0]), median(now or [0.0])


def _node(scene: Scene, found: Slowness, name: str, *, resends: bool) -> Finding:
    """A machine whose workloads are all slow: its link delays packets, or loses them."""
    every = loads(scene)
    here = [ref for ref in found.slow if any(p.text("spec.nodeName") == name for p in scene.workloads[ref].live_pods)]
    lossy = resends or loses(every[ref] for ref in here)
    node = Ref("", "Node", name)
    names = ", ".join(ref.name for ref in here[:5]) or "those that call into it"
    return Finding(
        fault=Fault.NODE_NETWORK_LOSS if lossy else Fault.NODE_NETWORK_DELAY,
        entity=node,
        observed=f"slow there: {names}",
        expected="workloads as fast as on the other nodes",
        summary=f"Workloads of node {name}, and hardly any others, are slow ({names}): its network "
        + ("loses packets" if lossy else "delays packets"),
        advice=f"Look at the network of {name}: tc -s qdisc, ethtool -S, the switch port; cordon it meanwhile",
        certainty=0.96 if resends else 0.93,
        breaks=(node, *here, *(ref for c in found.culprits for ref in c.slows)),
        observations=tuple(observed(scene, every[ref]) for ref in ([node, *here[:3]] if node in every else here[:3])),
    )


def loses(those: Iterable[Load]) -> bool:
    """Whether packets are lost rather than late: a delay meets every request, a retransmission only some, and some fail."""
    shares, failed = [], []
    for load in those:
        middle, tail, success = load.pair("latency-median"), load.pair("latency-tail"), load.pair("success")
        if None not in (middle.before, middle.now, tail.before, tail.now) and tail.now != tail.before:
            shares.append(
                ((middle.now or 0.0) - (middle.before or 0.0)) / max((tail.now or 0.0) - (tail.before or 0.0), 1e-6)
            )
        if success.before is not None and success.now is not None:
            failed.append(success.before - success.now)
    return (bool(shares) and median(shares) < ALIKE) or (bool(failed) and median(failed) > 0.05)


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
