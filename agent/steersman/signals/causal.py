"""Which node causes the trouble: the one whose own excess remains when everything that its callees explain is taken away, and
which came and went with the symptom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np

from steersman_tools.types import Frozen

from .flow import Excess, likeness, unexplained
from .graph import Edge, callees, missing

TIE = 1e-9
"""Scores that differ by no more than this part are equal."""
PART = 0.15
"""The part of the leading cause's score from which another node counts as a cause of its own."""
SHARED = 0.7
"""The part of a host's pods that must be troubled, and of the trouble that must be on it, for the host to be the cause."""


Known: TypeAlias = Literal["given", "learned", "none"]


class Ranked(Frozen):
    """One candidate. `excess` and `explained` are in the unit of the flow: seconds waited or requests lost."""

    rank: int
    node: str
    score: float
    excess: float
    """Work beyond the past."""
    explained: float
    """The part of it that callees account for."""
    alike: float
    """How far it came and went with the symptom, 0..1."""
    evidence: tuple[tuple[str, float], ...] = ()
    """Resources of its own that left their past, in units of the past's own tail."""
    tied: tuple[str, ...] = ()
    """Others with the same score: their order is by name and means nothing."""


class Ranking(Frozen):
    """All candidates, best first; the leading ones that stand for causes of their own; and calls that had to be assumed."""

    nodes: tuple[Ranked, ...]
    causes: tuple[str, ...]
    assumed: tuple[Edge, ...] = ()
    graph: Known = "given"
    """`learned`: nothing was given, and the assumed calls are all there is."""


def rank(
    flows: Sequence[Excess],
    edges: Sequence[Edge],
    symptom: str | None = None,
    evidence: Mapping[str, Mapping[str, float]] | None = None,
    hosts: Mapping[str, str] | None = None,
) -> Ranking:
    """Ranks the nodes of the flows and the evidence. `evidence` is per node and resource the excess over its own past (see
    `own.py`); `hosts` is the machine that a node runs on."""
    names = sorted({*(name for flow in flows for name in flow.nodes), *(evidence or {})})
    parts = {name: _Part() for name in names}
    assumed: list[Edge] = []
    for flow in flows:
        if flow.kind == "traffic":
            _add_flow(parts, flow, callees(Edge(caller=edge.callee, callee=edge.caller) for edge in edges), symptom)
            continue
        more = missing(flow, edges, symptom)
        assumed += [edge for edge in more if edge not in assumed]
        _add_flow(parts, flow, callees([*edges, *more]), symptom)
    _add_evidence(parts, evidence or {})
    _add_hosts(parts, hosts or {})
    graph: Known = "given" if edges else "learned" if assumed else "none"
    return _order(parts, tuple(assumed), graph)


class _Part:
    """What speaks for one node while it is being added up."""

    def __init__(self) -> None:
        self.score = self.excess = self.explained = self.alike = 0.0
        self.evidence: dict[str, float] = {}


def _add_flow(
    parts: Mapping[str, _Part], flow: Excess, called: Mapping[str, Sequence[str]], symptom: str | None
) -> None:
    own = unexplained(flow, called)
    known = {callee for these in called.values() for callee in these}
    own[:, [at for at, name in enumerate(flow.nodes) if name in flow.new and name in known]] = 0
    alike = likeness(flow.work, flow.of(symptom)) if symptom in flow.nodes else np.ones(len(flow.nodes))
    if not alike.any():
        alike = np.ones(len(flow.nodes))
    scores = own.sum(axis=0) * alike**2
    top = float(scores.max(initial=0.0))
    for at, name in enumerate(flow.nodes):
        part = parts[name]
        part.score += float(scores[at]) / top if top > 0 else 0.0
        part.excess += float(flow.work[:, at].sum())
        part.explained += float(flow.work[:, at].sum() - own[:, at].sum())
        part.alike = max(part.alike, float(alike[at]))


def _add_evidence(parts: Mapping[str, _Part], evidence: Mapping[str, Mapping[str, float]]) -> None:
    """Resources add as logarithms: four that are unusual say more than one that is absurd."""
    weights = {
        name: float(sum(np.log1p(max(0.0, size)) for size in found.values())) for name, found in evidence.items()
    }
    top = max(weights.values(), default=0.0)
    for name, weight in weights.items():
        parts[name].score += weight / top if top > 0 else 0.0
        parts[name].evidence.update(evidence[name])


def _add_hosts(parts: dict[str, _Part], hosts: Mapping[str, str]) -> None:
    """A machine is the cause where nearly all of its pods, and hardly any others, are in trouble of their own."""
    lead = max((part.score for part in parts.values()), default=0.0)
    troubled = {name for name, part in parts.items() if lead > 0 and part.score >= PART * lead}
    for host in sorted(set(hosts.values())):
        here = [name for name in parts if hosts.get(name) == host]
        hurt = troubled & set(here)
        if len(hurt) >= 2 and len(hurt) >= SHARED * len(here) and len(hurt) >= SHARED * len(troubled):
            part = parts.setdefault(host, _Part())
            part.score = sum(parts[name].score for name in hurt)
            part.excess = sum(parts[name].excess for name in hurt)
            part.alike = max(parts[name].alike for name in hurt)


def _order(parts: Mapping[str, _Part], assumed: tuple[Edge, ...], graph: Known) -> Ranking:
    ordered = sorted(parts, key=lambda name: (-_rounded(parts[name].score), name))
    same: dict[float, list[str]] = {}
    for name in ordered:
        same.setdefault(_rounded(parts[name].score), []).append(name)
    ranked = tuple(
        Ranked(
            rank=place,
            node=name,
            score=parts[name].score,
            excess=parts[name].excess,
            explained=parts[name].explained,
            alike=parts[name].alike,
            evidence=tuple(sorted(parts[name].evidence.items())),
            tied=tuple(other for other in same[_rounded(parts[name].score)] if other != name),
        )
        for place, name in enumerate(ordered, start=1)
    )
    lead = ranked[0].score if ranked else 0.0
    causes = tuple(each.node for each in ranked if lead > 0 and each.score >= PART * lead)
    return Ranking(nodes=ranked, causes=causes, assumed=assumed, graph=graph)


def _rounded(score: float) -> float:
    """Scores are compared to nine digits, so that the order of a sum cannot break a tie."""
    return float(np.format_float_scientific(score, precision=9)) if score else 0.0
