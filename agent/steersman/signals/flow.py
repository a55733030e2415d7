"""Trouble that travels along calls: added waiting and lost requests climb to callers, missing or surplus requests descend to
callees. All are counted as work (seconds, requests) rather than as ratios, because work adds up: what a caller shows is what its callees
cost it plus what it adds itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from .grid import Floats
from .smooth import MAD

Kind: TypeAlias = Literal["latency", "errors", "traffic"]

ENOUGH = 8
"""Rows of the past from which a spread can be read; with fewer it must come from within the rows."""
NOISE = 1.0
"""How many standard deviations of chance are taken off each row's excess."""


@dataclass(frozen=True, slots=True)
class Calls:
    """What callers of each node met, per interval. All arrays are (rows, nodes); NaN is not known."""

    kind: Kind
    nodes: tuple[str, ...]
    before: Floats
    """Mean seconds a request, or the share of requests lost, in the intervals before."""
    after: Floats
    """The same in the intervals to be explained."""
    requests_before: Floats
    requests_after: Floats
    spread: Floats | None = None
    """Standard deviation of single requests (nodes), where `before` has too few rows to show how its means vary."""


@dataclass(frozen=True, slots=True)
class Excess:
    """Work beyond the past and beyond chance, (rows, nodes), and which nodes nobody had called before."""

    kind: Kind
    nodes: tuple[str, ...]
    work: Floats
    new: frozenset[str]

    def of(self, node: str) -> Floats:
        return np.asarray(self.work[:, self.nodes.index(node)])


def excess(calls: Calls) -> Excess:
    """Requests × what each cost more than before, less what chance explains."""
    if calls.kind == "traffic":
        return _traffic(calls)
    usual = _columns(calls.before, np.median if calls.kind == "latency" else np.mean)
    requests = _requests(calls)
    base = np.nan_to_num(usual)
    added = np.nan_to_num((calls.after - base) * requests)
    busy = np.nan_to_num(_columns(calls.requests_before, np.median))
    new = frozenset(
        name for at, name in enumerate(calls.nodes) if np.isfinite(calls.requests_before[:, at]).any() and busy[at] <= 0
    )
    return Excess(calls.kind, calls.nodes, np.maximum(added - NOISE * _chance(calls, base, requests), 0), new)


def _traffic(calls: Calls) -> Excess:
    """Requests more or fewer than before, beyond what their own fluctuation explains; costs do not matter."""
    usual = np.nan_to_num(_columns(calls.requests_before, np.median))
    off = np.abs(calls.requests_before - usual[None, :])
    chance = np.maximum(np.nan_to_num(_columns(off, np.median)) * MAD, np.sqrt(usual))
    changed = np.abs(np.nan_to_num(calls.requests_after - usual[None, :]))
    return Excess(calls.kind, calls.nodes, np.maximum(changed - NOISE * chance[None, :], 0), frozenset())


def _columns(values: Floats, summary: object) -> Floats:
    """One number a column from what is known of it, NaN where nothing is."""
    assert callable(summary)
    found = [column[np.isfinite(column)] for column in values.T]
    return np.array([float(summary(column)) if len(column) else np.nan for column in found])


def _requests(calls: Calls) -> Floats:
    """Requests after; an unknown count is the node's count before, or else the typical count of the others."""
    usual = _columns(calls.requests_before, np.median)
    typical = float(np.median(usual[np.isfinite(usual)])) if np.isfinite(usual).any() else 1.0
    instead = np.where(np.isfinite(usual), usual, typical)
    unknown = ~np.isfinite(calls.requests_after)
    silent = unknown & ~np.isfinite(calls.after)
    return np.where(silent, 0.0, np.where(unknown, instead[None, :], calls.requests_after))


def _chance(calls: Calls, base: Floats, requests: Floats) -> Floats:
    """One standard deviation of the work that chance adds in a row."""
    if calls.kind == "errors":
        return np.asarray(np.sqrt(np.clip(base * (1 - base), 0, None)[None, :] * requests))
    known = np.isfinite(calls.before).sum(axis=0)
    off = np.abs(calls.before - _columns(calls.before, np.median)[None, :])
    among = np.where(known >= ENOUGH, np.nan_to_num(_columns(off, np.median)) * MAD, 0.0)
    within = np.zeros_like(base) if calls.spread is None else np.nan_to_num(calls.spread)
    return np.asarray(np.where(known >= ENOUGH, among[None, :] * requests, within[None, :] * np.sqrt(2 * requests)))


def unexplained(found: Excess, callees: Mapping[str, Sequence[str]]) -> Floats:
    """Each node's excess less that of its callees, row by row (rows, nodes). A callee that did not exist before explains nothing:
    what changed is that somebody calls it."""
    at = {name: index for index, name in enumerate(found.nodes)}
    own = found.work.copy()
    for caller, called in callees.items():
        if caller in at:
            for callee in called:
                if callee in at and callee not in found.new:
                    own[:, at[caller]] -= found.work[:, at[callee]]
    return np.maximum(own, 0)


def likeness(one: Floats, other: Floats) -> Floats:
    """The cosine between columns of `one` (rows, n) and the column `other` (rows): whether trouble came and went together."""
    scale = np.sqrt((one**2).sum(axis=0) * float((other**2).sum()))
    return np.asarray(np.divide(one.T @ other, scale, out=np.zeros(one.shape[1]), where=scale > 0))
