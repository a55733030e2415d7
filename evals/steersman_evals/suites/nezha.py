"""Nezha: real faults in Online Boutique and Train Ticket, found from pod metrics at one minute. Metrics only: no traces, no logs;
and only the past is the reference, as it is for somebody on call."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from steersman.signals.causal import rank
from steersman.signals.graph import Edge
from steersman.signals.grid import Floats
from steersman.signals.own import beyond

from ..cli import Unusable
from ..report import table, write
from ..rootcause import BASELINES, Case, Measured, measure

PAST = 3600.0
"""Seconds before the injection that are the reference."""
PRESENT = 240.0
"""Seconds from the injection on that are judged."""
RESOURCES = {"cpu": "CpuUsage(m)", "memory": "MemoryUsage(Mi)", "waiting": "PodServerLatencyP90(s)"}
"""What a pod can run out of, or make others wait for, by itself."""
METRICS = (
    *("CpuUsage(m)", "CpuUsageRate(%)", "MemoryUsage(Mi)", "MemoryUsageRate(%)", "SyscallRead", "SyscallWrite"),
    *("NetworkReceiveBytes", "NetworkTransmitBytes", "PodClientLatencyP90(s)", "PodServerLatencyP90(s)"),
    *("PodClientLatencyP95(s)", "PodServerLatencyP95(s)", "PodClientLatencyP99(s)", "PodServerLatencyP99(s)"),
    *("PodWorkload(Ops)", "PodSuccessRate(%)"),
)
"""What the yardsticks see of a pod: everything that is measured of it."""


@dataclass(frozen=True)
class Day:
    """The metrics of one day on common rows."""

    times: Floats
    pods: Mapping[str, Mapping[str, Floats]]
    gaps: Mapping[str, Floats]
    """Per service, the seconds by which callers see its answers later than it sends them: (rows, callers)."""
    edges: tuple[tuple[str, str], ...]
    front: Floats | None


@dataclass(frozen=True)
class Fault(Case):
    """A case with what our method reads of it: per pod and resource the past and the present."""

    own: Mapping[str, Mapping[str, tuple[Floats, Floats]]] = field(default_factory=dict)


def run(data: Path, output: Path | None, jobs: int, seed: int) -> None:
    """Ranks the pods at every injection below `data`."""
    faults = [fault for listed in sorted(data.rglob("*-fault_list.json")) for fault in _faults(listed)]
    if not faults:
        raise Unusable(f"no Nezha day (a …-fault_list.json beside a folder metric) is below {data}")
    methods = {"steersman": ours, "steersman-without-mesh": without_mesh, **BASELINES}
    measured = {name: measure(faults, method, seed) for name, method in methods.items()}
    write(output, {name: each.figures() for name, each in measured.items()})
    print(_table(measured))


def ours(case: Case) -> list[str]:
    """Our ranking: resources only. What single requests cost and who sent them is not measured here."""
    assert isinstance(case, Fault)
    return _ranked(case, case.own)


def without_mesh(case: Case) -> list[str]:
    """The same from the pods' own metrics alone, as the yardsticks have them."""
    assert isinstance(case, Fault)
    return _ranked(case, {pod: {k: v for k, v in found.items() if k != "network"} for pod, found in case.own.items()})


def _ranked(case: Case, own: Mapping[str, Mapping[str, tuple[Floats, Floats]]]) -> list[str]:
    evidence = {pod: {name: beyond(*seen) for name, seen in found.items()} for pod, found in own.items()}
    return [each.node for each in rank([], case.edges, evidence=evidence).nodes]


def _faults(listed: Path) -> list[Fault]:
    day = _day(listed.parent / "metric")
    known = [fault for hour in json.loads(listed.read_text()).values() for fault in hour]
    known.sort(key=lambda fault: (fault["inject_time"], fault["inject_pod"]))
    return [_fault(day, listed.parent.name, fault) for fault in known]


def _fault(day: Day, name: str, fault: Mapping[str, str]) -> Fault:
    at = _seconds(fault["inject_time"])
    past, now = (day.times >= at - PAST) & (day.times < at), (day.times >= at) & (day.times <= at + PRESENT)
    pods = tuple(sorted(day.pods))
    values = np.stack([np.stack([day.pods[pod][metric] for metric in METRICS], axis=1) for pod in pods], axis=1)
    system = "Train Ticket" if any(pod.startswith("ts-") for pod in pods) else "Online Boutique"
    front = next((pod for pod in pods if pod.startswith(("frontend-", "ts-ui-dashboard"))), None)
    by_service = {_service(pod): pod for pod in pods}
    return Fault(
        name=f"{name} {fault['inject_time']} {fault['inject_type']}",
        groups=(system, f"{system}/{fault['inject_type']}"),
        nodes=pods,
        before=values[past],
        after=values[now],
        edges=tuple(
            Edge(caller=by_service[a], callee=by_service[b])
            for a, b in day.edges
            if a in by_service and b in by_service
        ),
        symptom=front,
        complaint=None if day.front is None else (day.front[past], day.front[now]),
        truth=fault["inject_pod"],
        own={pod: _own(day, pod, past, now) for pod in pods},
    )


def _own(day: Day, pod: str, past: np.ndarray, now: np.ndarray) -> Mapping[str, tuple[Floats, Floats]]:
    found = {name: (day.pods[pod][metric][past], day.pods[pod][metric][now]) for name, metric in RESOURCES.items()}
    gap = day.gaps.get(_service(pod))
    if gap is not None:
        middle = np.array([np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan for row in gap])
        found["network"] = (middle[past], middle[now])
    return found


def _day(folder: Path) -> Day:
    tables = {path.name.removesuffix("_metric.csv"): _read(path) for path in sorted(folder.glob("*_metric.csv"))}
    times = max((each[0] for each in tables.values()), key=len)
    pods = {
        pod: {metric: _aligned(times, seen, columns.get(metric)) for metric in METRICS}
        for pod, (seen, columns) in tables.items()
    }
    sent, got = (_mesh(folder / f"{side}_50.csv", times) for side in ("source", "destination"))
    edges = sorted((caller, callee) for caller, callee in sent if (caller, callee) in got)
    gaps = {
        service: np.stack([sent[edge] - got[edge] for edge in edges if edge[1] == service], axis=1)
        for service in sorted({callee for _, callee in edges})
    }
    front = _read(folder / "front_service.csv") if (folder / "front_service.csv").exists() else None
    waited = None if front is None else _aligned(times, front[0], front[1].get("LatencyP90(s)"))
    return Day(times, pods, gaps, tuple(edges), waited)


def _mesh(path: Path, times: Floats) -> Mapping[tuple[str, str], Floats]:
    """(caller, callee) → median seconds of an answer, as one side of the mesh measured it. Not every day has it."""
    if not path.exists():
        return {}
    seen, columns = _read(path)
    return {
        (ends[0], ends[1]): _aligned(times, seen, values)
        for name, values in columns.items()
        if len(ends := name.split("_")) == 2
    }


def _read(path: Path) -> tuple[Floats, Mapping[str, Floats]]:
    """Times and the columns that hold numbers. `TimeStamp` is wrong on some days, `Time` is not."""
    with path.open(newline="") as file:
        head, *lines = list(csv.reader(file))
    at = next(index for index, name in enumerate(head) if name.lower() == "time")
    lines = [line for line in lines if len(line) == len(head)]
    columns = {
        name: np.array([_number(line[index]) for line in lines]) for index, name in enumerate(head) if index != at
    }
    return np.array([_seconds(line[at]) for line in lines]), columns


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _seconds(text: str) -> float:
    return datetime.strptime(text[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()


def _aligned(times: Floats, seen: Floats, values: Floats | None) -> Floats:
    """The values at the common times: the nearest within half a minute, NaN where there is none."""
    if values is None or not len(seen):
        return np.full(len(times), np.nan)
    near = np.clip(np.searchsorted(seen, times), 1, max(1, len(seen) - 1))
    near = np.where(
        (near < len(seen)) & (np.abs(seen[near - 1] - times) <= np.abs(seen[np.minimum(near, len(seen) - 1)] - times)),
        near - 1,
        np.minimum(near, len(seen) - 1),
    )
    return np.where(np.abs(seen[near] - times) <= 30, values[near], np.nan)


def _service(pod: str) -> str:
    return pod.rsplit("-", 2)[0]


def _table(measured: Mapping[str, Measured]) -> str:
    rows: list[list[str | float]] = []
    for name, each in measured.items():
        for group, scores in each.by.items():
            if name == "steersman" or "/" not in group:
                low, high = scores.avg5_interval
                rows.append(
                    [f"{name}: {group}", scores.cases, scores.top1, scores.top3, scores.avg5, f"{low:.2f}–{high:.2f}"]
                )
    heads = ["method", "cases", "AC@1", "AC@3", "Avg@5", "95 %"]
    return table("Nezha, metrics only, only the past as reference", heads, rows)
