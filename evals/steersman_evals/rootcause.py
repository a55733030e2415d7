"""Root cause from metrics: the cases, the yardsticks from the literature, and the score, the same for every data set."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from steersman.signals.graph import Edge, callees
from steersman.signals.grid import Floats

from .report import Figures, interval


@dataclass(frozen=True)
class Case:
    """What a method may see of an incident, and the truth, which it may not."""

    name: str
    groups: tuple[str, ...]
    """What the score is broken down by."""
    nodes: tuple[str, ...]
    before: Floats
    """(rows, nodes, metrics), NaN where nothing was measured."""
    after: Floats
    edges: tuple[Edge, ...] = ()
    symptom: str | None = None
    complaint: tuple[Floats, Floats] | None = None
    """The metric that was complained about, before and after."""
    truth: str = field(default="", repr=False)


Method: TypeAlias = Callable[[Case], Sequence[str]]
"""Nodes, the likeliest first."""


def n_sigma(case: Case) -> list[str]:
    """The largest distance from the mean, in standard deviations of the past, over all metrics of a node."""
    return _ordered(case, _sigmas(case))


def baro(case: Case) -> list[str]:
    """BARO's robust scorer (Pham et al., FSE 2024): the largest distance from the median in interquartile ranges of the past."""
    low, middle, high = _quantiles(case.before)
    far = np.abs(case.after - middle) / np.where(high > low, high - low, 1.0)
    return _ordered(case, _largest(far))


def ranked_correlation(case: Case) -> list[str]:
    """The largest correlation with the metric that was complained about, over the present and as many rows of the past; the node
    that complains correlates with itself and comes last."""
    scores = _together(case)
    scores[[at for at, name in enumerate(case.nodes) if name == case.symptom]] = -1
    return _ordered(case, scores)


def traversal(case: Case) -> list[str]:
    """Down the graph from the symptom, through nodes beyond three sigmas that go with the complaint, to those without such a
    callee; within each group by correlation. Without a complaint sigmas alone decide."""
    sigmas, together = _sigmas(case), _together(case)
    with_it = together >= 0.7 if case.complaint else np.ones(len(case.nodes), bool)
    called = callees(case.edges)
    odd = {name for at, name in enumerate(case.nodes) if sigmas[at] > 3 and with_it[at]}
    seen, todo = set(), [case.symptom] if case.symptom in case.nodes else sorted(odd)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += [callee for callee in called.get(name, ()) if callee in odd]
    ends = {name for name in seen if not odd & set(called.get(name, ()))}
    scores = dict(zip(case.nodes, together if case.complaint else sigmas, strict=True))
    return sorted(case.nodes, key=lambda name: (name not in ends, -scores[name], name))


BASELINES: Mapping[str, Method] = {
    "n-sigma": n_sigma,
    "baro": baro,
    "ranked-correlation": ranked_correlation,
    "traversal": traversal,
}


@dataclass(frozen=True)
class Scores:
    """How often the truth was among the first, over some cases; means, and 95 % bootstrap intervals."""

    cases: int
    top1: float
    top3: float
    avg5: float
    top1_interval: tuple[float, float]
    avg5_interval: tuple[float, float]

    def figures(self) -> Figures:
        """As JSON has it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}


@dataclass(frozen=True)
class Measured:
    """A method over all cases and by group."""

    scores: Scores
    seconds: float
    by: Mapping[str, Scores]

    def figures(self) -> Figures:
        """As JSON has it."""
        by: Figures = {group: scores.figures() for group, scores in self.by.items()}
        return {**self.scores.figures(), "seconds_per_case": self.seconds, "by": by}


def measure(cases: Sequence[Case], method: Method, seed: int) -> Measured:
    """Runs the method on every case."""
    begun = time.perf_counter()
    said = [list(method(case)) for case in cases]
    seconds = (time.perf_counter() - begun) / max(1, len(cases))
    found = [names.index(case.truth) + 1 if case.truth in names else 0 for names, case in zip(said, cases, strict=True)]
    groups = sorted({group for case in cases for group in case.groups})
    by = {
        group: _scores([at for at, case in zip(found, cases, strict=True) if group in case.groups], seed)
        for group in groups
    }
    return Measured(_scores(found, seed), seconds, by)


def _scores(found: Sequence[int], seed: int) -> Scores:
    within = np.array([[0 < place <= top for place in found] for top in range(1, 6)], float)
    five = within.mean(axis=0)
    return Scores(
        cases=len(found),
        top1=float(within[0].mean()),
        top3=float(within[2].mean()),
        avg5=float(five.mean()),
        top1_interval=interval(within[0].tolist(), seed),
        avg5_interval=interval(five.tolist(), seed),
    )


def _sigmas(case: Case) -> Floats:
    known = np.isfinite(case.before)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, case.before, 0).sum(axis=0) / count
    spread = np.sqrt((np.where(known, case.before - mean, 0) ** 2).sum(axis=0) / count)
    return _largest(np.abs(case.after - mean) / np.where(spread > 0, spread, 1.0))


def _quantiles(values: Floats) -> tuple[Floats, Floats, Floats]:
    flat = values.reshape(len(values), -1)
    known = [column[np.isfinite(column)] for column in flat.T]
    found = np.array([np.quantile(column, [0.25, 0.5, 0.75]) if len(column) else [0.0, 0.0, 0.0] for column in known])
    low, middle, high = (found[:, at].reshape(values.shape[1:]) for at in range(3))
    return low, middle, high


def _largest(far: Floats) -> Floats:
    return np.asarray(np.nan_to_num(far, posinf=0.0).max(axis=(0, 2), initial=0.0))


def _together(case: Case) -> Floats:
    """The largest correlation of each node's metrics with the complaint, over the present and as many rows of the past."""
    if case.complaint is None:
        return np.zeros(len(case.nodes))
    rows = len(case.after)
    target = np.concatenate([case.complaint[0][-rows:], case.complaint[1]])
    both = np.concatenate([case.before[-rows:], case.after])
    return np.array(
        [max(abs(_correlation(column, target)) for column in both[:, at].T) for at in range(len(case.nodes))]
    )


def _correlation(one: Floats, other: Floats) -> float:
    both = np.isfinite(one) & np.isfinite(other)
    if both.sum() < 3:
        return 0.0
    left, right = one[both] - one[both].mean(), other[both] - other[both].mean()
    size = float(np.sqrt((left @ left) * (right @ right)))
    return float(left @ right) / size if size > 0 else 0.0


def _ordered(case: Case, scores: Floats) -> list[str]:
    by_name = dict(zip(case.nodes, scores, strict=True))
    return sorted(case.nodes, key=lambda name: (-by_name[name], name))
