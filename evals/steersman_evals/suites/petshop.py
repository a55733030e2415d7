"""Amazon PetShop: which service causes what the front end complains of, and whether anything is wrong at all."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from steersman.signals.alarm import ALARM, Alarm, alarm
from steersman.signals.causal import rank
from steersman.signals.flow import Calls, Kind, excess
from steersman.signals.graph import Edge
from steersman.signals.grid import Floats

from ..cli import Unusable
from ..report import Figures, table, write
from ..rootcause import BASELINES, Case, Measured, measure

REMOVED = 0.1
"""The part of the edges that is taken away for the test of an incomplete graph."""
DRAWS = 10
AROUND = 12
"""Rows on both sides of a normal window that its reference leaves out, so that a window is not compared with itself."""


@dataclass(frozen=True)
class Table:
    """One metrics.csv: rows of five minutes."""

    columns: Mapping[tuple[str, str, str], int]
    rows: Floats

    @property
    def nodes(self) -> frozenset[str]:
        return frozenset(node for node, _, _ in self.columns)

    def of(self, nodes: Sequence[str], metric: str, statistic: str) -> Floats:
        """(rows, nodes), NaN where a node has no such metric."""
        at = [self.columns.get((node, metric, statistic), -1) for node in nodes]
        wide = np.concatenate([self.rows, np.full((len(self.rows), 1), np.nan)], axis=1)
        return wide[:, at]


@dataclass(frozen=True)
class Issue(Case):
    """A case with what our method reads of it."""

    calls: Calls | None = None


def run(data: Path, output: Path | None, jobs: int, seed: int) -> None:
    """Ranks the nodes of every issue below `data`, with and without all edges, and tries the alarm on normal windows."""
    issues = load(data)
    if not issues:
        raise Unusable(f"no PetShop issue (target.json beside a graph.csv further up) is below {data}")
    measured = {name: measure(issues, method, seed) for name, method in {"steersman": ours, **BASELINES}.items()}
    removed, alarms = _removed(issues, seed), _alarms(data, issues)
    result: Figures = {name: each.figures() for name, each in measured.items()}
    result["steersman"] = {
        **measured["steersman"].figures(),
        "edges_removed": {**vars(removed)},
        "alarm": {**vars(alarms)},
    }
    write(output, result)
    print(_table(measured) + str(removed) + str(alarms))


@dataclass(frozen=True)
class Removed:
    """Top-1 with a part of the edges taken away, over several draws."""

    removed: float
    draws: int
    top1: float
    worst: float

    def __str__(self) -> str:
        return (
            f"{self.removed:.0%} of edges removed ({self.draws} draws): top-1 {self.top1:.3f}, worst {self.worst:.3f}\n"
        )


@dataclass(frozen=True)
class Alarms:
    """The part of issues and of normal windows for which the alarm is raised."""

    issues: int
    issues_passed: float
    normal_windows: int
    false_alarms: float | None
    threshold: float

    def __str__(self) -> str:
        false = (
            "no normal windows"
            if self.false_alarms is None
            else f"{self.false_alarms:.4f} of {self.normal_windows} normal windows"
        )
        return f"alarm: raised for {self.issues_passed:.3f} of {self.issues} issues and {false}\n"


def ours(case: Case) -> list[str]:
    """Our ranking."""
    assert isinstance(case, Issue)
    assert case.calls is not None
    return [each.node for each in rank([excess(case.calls)], case.edges, case.symptom).nodes]


def load(data: Path) -> list[Issue]:
    """Every issue below the folder."""
    found = []
    for target in sorted(data.rglob("target.json")):
        scenario = next((folder for folder in target.parents if (folder / "graph.csv").exists()), None)
        if scenario is not None and (target.parent / "metrics.csv").exists():
            found.append(_issue(scenario, target))
    return found


def _issue(scenario: Path, target: Path) -> Issue:
    truth = json.loads(target.read_text())
    metric, statistic, symptom = truth["target"]["metric"], truth["target"]["agg"], truth["target"]["node"]
    edges = _graph(scenario / "graph.csv")
    now = _table_of(target.parent / "metrics.csv")
    nodes = tuple(sorted({*(end for edge in edges for end in (edge.caller, edge.callee)), *now.nodes}))
    calls = _calls(now, _usual(scenario), nodes, metric, statistic)
    before, after = calls.before[:, :, None], calls.after[:, :, None]
    at = nodes.index(symptom)
    return Issue(
        name=f"{scenario.name}/{target.parent.parent.name}/{target.parent.name}",
        groups=(scenario.name, metric, f"{scenario.name}/{metric}"),
        nodes=nodes,
        before=before,
        after=after,
        edges=edges,
        symptom=symptom,
        complaint=(before[:, at, 0], after[:, at, 0]),
        truth=truth["root_cause"]["node"],
        calls=calls,
    )


def _calls(now: Table, usual: Table | None, nodes: tuple[str, ...], metric: str, statistic: str) -> Calls:
    """Row 0 was measured before the trigger; the reference, where a scenario has one, comes before it."""
    parts = [usual, now] if usual else [now]
    cost = np.concatenate(
        [*(part.of(nodes, metric, statistic) for part in parts[:-1]), now.of(nodes, metric, statistic)]
    )
    count = np.concatenate([part.of(nodes, "requests", "Sum") for part in parts])
    if metric == "availability":
        cost = 1 - cost / 100
    begin = len(cost) - len(now.rows) + 1
    spread = (now.of(nodes, "latency", "p90")[0] - now.of(nodes, "latency", "p50")[0]) / 1.28
    kind: Kind = "latency" if metric == "latency" else "errors"
    return Calls(
        kind=kind,
        nodes=nodes,
        before=cost[:begin],
        after=cost[begin:],
        requests_before=np.nan_to_num(count[:begin]),
        requests_after=np.nan_to_num(count[begin:]),
        spread=np.maximum(spread, 0) if kind == "latency" else None,
    )


@lru_cache
def _usual(scenario: Path) -> Table | None:
    path = scenario / "noissue" / "metrics.csv"
    return _table_of(path) if path.exists() else None


@lru_cache
def _graph(path: Path) -> tuple[Edge, ...]:
    with path.open(newline="") as file:
        head, *lines = list(csv.reader(file))
    return tuple(
        Edge(caller=line[0], callee=callee)
        for line in lines
        for callee, drawn in zip(head[1:], line[1:], strict=True)
        if drawn and float(drawn)
    )


def _table_of(path: Path) -> Table:
    """Three lines of names (service, metric, statistic), one with the index's name, then numbers."""
    with path.open(newline="") as file:
        lines = list(csv.reader(file))
    names = list(zip(*(line[1:] for line in lines[:3]), strict=True))
    rows = [
        [float(cell) if cell else np.nan for cell in line[1:]] for line in lines[3:] if line and _is_number(line[0])
    ]
    return Table({name: at for at, name in enumerate(names)}, np.array(rows))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _removed(issues: Sequence[Issue], seed: int) -> Removed:
    draws = []
    for draw in range(DRAWS):
        generator = np.random.default_rng([seed, draw])
        right = []
        for issue in issues:
            kept = sorted(generator.permutation(len(issue.edges))[round(REMOVED * len(issue.edges)) :].tolist())
            right.append(ours(replace(issue, edges=tuple(issue.edges[at] for at in kept)))[0] == issue.truth)
        draws.append(float(np.mean(right)))
    return Removed(REMOVED, DRAWS, float(np.mean(draws)), min(draws))


def _alarms(data: Path, issues: Sequence[Issue]) -> Alarms:
    passed = [alarm(issue.calls, issue.symptom or "").raised for issue in issues if issue.calls]
    false: list[bool] = []
    entries = {issue.symptom for issue in issues if issue.symptom}
    for path in sorted(data.rglob("noissue/metrics.csv")):
        usual = _table_of(path)
        nodes = tuple(sorted(usual.nodes))
        for entry in sorted(entries & usual.nodes):
            for metric in ("latency", "availability"):
                false += [each.raised for each in _normal(usual, nodes, metric, entry)]
    return Alarms(len(passed), float(np.mean(passed)), len(false), float(np.mean(false)) if false else None, ALARM)


def _normal(usual: Table, nodes: tuple[str, ...], metric: str, entry: str) -> list[Alarm]:
    """The alarm for every second window of five rows, judged by the rest of the reference."""
    found = []
    for begin in range(0, len(usual.rows) - 5, 2):
        window = Table(usual.columns, usual.rows[begin : begin + 5])
        rest = np.r_[0 : max(0, begin - AROUND), min(len(usual.rows), begin + 5 + AROUND) : len(usual.rows)]
        calls = _calls(window, Table(usual.columns, usual.rows[rest]), nodes, metric, "Average")
        found.append(alarm(calls, entry))
    return found


def _table(measured: Mapping[str, Measured]) -> str:
    rows: list[list[str | float]] = []
    for name, each in measured.items():
        low, high = each.scores.top1_interval
        rows.append([name, each.scores.top1, f"{low:.2f}–{high:.2f}", each.scores.top3, each.scores.avg5, each.seconds])
    rows += [[f"steersman: {group}", s.top1, "", s.top3, s.avg5, ""] for group, s in measured["steersman"].by.items()]
    return table("PetShop", ["method", "top-1", "95 %", "top-3", "avg@5", "s a case"], rows)
