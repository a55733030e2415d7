"""From findings to causes: the fewest and surest findings that explain all symptoms, and what speaks against the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from steersman_tools.types import Ref

from ..types import Cause, Diagnosis, Finding, RuledOut, Symptom, Unexplained, WrittenBy
from .changes import last_writer
from .impact import Impact, Reach
from .ledger import Ledger
from .scene import Scene

SURE = 0.85
"""A finding this certain is a cause of its own, even where another explains the same symptoms."""
LIKELY = 0.3
DECAY = 0.9
"""How much less a symptom counts for a cause with each hop between them."""
CITED_SYMPTOMS = 3


@dataclass(frozen=True)
class Candidate:
    """A finding with the symptoms that it can explain."""

    finding: Finding
    reach: Reach
    explains: tuple[tuple[Symptom, float], ...]

    @property
    def gain(self) -> float:
        return sum(weight for _, weight in self.explains)

    def gain_of(self, symptoms: Sequence[Symptom]) -> float:
        return sum(weight for symptom, weight in self.explains if symptom in symptoms)


def conclude(
    scene: Scene, symptoms: Sequence[Symptom], findings: Sequence[Finding], ruled_out: Sequence[RuledOut]
) -> Diagnosis:
    """The causes in the order of how much they explain, and what remains unexplained."""
    impact = Impact(scene)
    candidates = [_candidate(impact, finding, symptoms) for finding in merged(findings)]
    chosen = _cover(candidates, symptoms)
    ordered = sorted(chosen, key=_order)
    ledger = Ledger()
    causes = tuple(
        _cause(scene, rank, candidate, _against(candidate, candidates, chosen, ruled_out), ledger)
        for rank, candidate in enumerate(ordered, start=1)
    )
    explained = {id(s) for candidate in chosen for s, _ in candidate.explains}
    left = tuple(
        Unexplained(entity=s.entity, text=s.text, cites=ledger.cite(s.observations))
        for s in symptoms
        if id(s) not in explained
    )
    return Diagnosis(causes=causes, unexplained=left, evidence=ledger.evidence, not_checked=scene.snapshot.not_checked)


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Findings about the same field of the same thing as one."""
    found: dict[tuple[str, Ref, str], Finding] = {}
    for finding in findings:
        key = (finding.fault, finding.entity, finding.field)
        if key not in found:
            found[key] = finding
            continue
        first, second = sorted((found[key], finding), key=lambda f: -f.certainty)
        found[key] = first.model_copy(
            update={
                "breaks": tuple(dict.fromkeys((*first.breaks, *second.breaks))),
                "observations": tuple(dict.fromkeys((*first.observations, *second.observations))),
                "needs_symptom": first.needs_symptom and second.needs_symptom,
            }
        )
    return list(found.values())


def _candidate(impact: Impact, finding: Finding, symptoms: Sequence[Symptom]) -> Candidate:
    reach = impact.reach((*finding.breaks, finding.entity))
    explained = []
    for symptom in symptoms:
        hops = _hops(reach, finding, symptom)
        if hops is not None:
            explained.append((symptom, symptom.weight * DECAY**hops))
    return Candidate(finding, reach, tuple(explained))


def _hops(reach: Reach, finding: Finding, symptom: Symptom) -> int | None:
    """How far the symptom is from the finding; None where no path leads there.

    A failing call is explained by what harms the callee, or by what is wrong with the caller itself.
    """
    if symptom.entity in finding.breaks or symptom.entity == finding.entity:
        return 0
    if symptom.toward is not None:
        return reach.hops[symptom.toward] + 1 if symptom.toward in reach.hops else None
    if symptom.entity.kind == "Namespace":
        return 3 if any(ref.namespace == symptom.entity.name for ref in reach.hops) else None
    return reach.hops.get(symptom.entity)


def _cover(candidates: Sequence[Candidate], symptoms: Sequence[Symptom]) -> list[Candidate]:
    """Greedy weighted cover of the symptoms, then every other finding that is sure by itself."""
    left, chosen = list(symptoms), []
    pool = list(candidates)
    while left and pool:
        best = max(pool, key=lambda c: (c.gain_of(left) * c.finding.certainty**2, c.finding.certainty, -_depth(c)))
        if best.gain_of(left) <= 0 or best.finding.certainty < LIKELY:
            break
        chosen.append(best)
        pool.remove(best)
        covered = {id(s) for s, _ in best.explains}
        left = [s for s in left if id(s) not in covered]
    for candidate in pool:
        finding = candidate.finding
        if (finding.certainty >= SURE and (candidate.explains or not finding.needs_symptom)) or (
            not finding.needs_symptom and finding.certainty >= 0.7
        ):
            chosen.append(candidate)
    return chosen


def _depth(candidate: Candidate) -> int:
    return len(candidate.reach.hops)


def _order(candidate: Candidate) -> tuple[float, float, str]:
    finding = candidate.finding
    return -candidate.gain * finding.certainty, -finding.certainty, str(finding.entity)


def _cause(scene: Scene, rank: int, candidate: Candidate, against: tuple[RuledOut, ...], ledger: Ledger) -> Cause:
    finding = candidate.finding
    symptoms = sorted(candidate.explains, key=lambda pair: -pair[1])
    own = ledger.cite(finding.observations)
    seen = ledger.cite(o for s, _ in symptoms[:CITED_SYMPTOMS] for o in s.observations[:1])
    harmed = [s.entity for s, _ in symptoms if s.entity != finding.entity]
    explains = tuple(dict.fromkeys((*(b for b in finding.breaks if b != finding.entity), *harmed)))
    farthest = max(explains, key=lambda ref: candidate.reach.hops.get(ref, -1), default=finding.entity)
    path = candidate.reach.path(farthest)
    return Cause(
        rank=rank,
        fault=finding.fault,
        entity=finding.entity,
        field=finding.field,
        observed=finding.observed,
        expected=finding.expected,
        confidence=round(finding.certainty if symptoms else finding.certainty * 0.8, 2),
        summary=finding.summary,
        advice=finding.advice,
        explains=explains,
        path=path if path[0] == finding.entity else (finding.entity, *path),
        written_by=_written_by(scene, finding),
        cites=tuple(dict.fromkeys((*own, *seen))),
        ruled_out=against,
    )


def _against(
    candidate: Candidate, every: Sequence[Candidate], chosen: Sequence[Candidate], ruled_out: Sequence[RuledOut]
) -> tuple[RuledOut, ...]:
    """What was considered for the same trouble and set aside: contradicted, or explained by this cause."""
    near = {candidate.finding.entity, *candidate.finding.breaks}
    mine = {id(s) for s, _ in candidate.explains}
    contradicted = [r for r in ruled_out if r.entity in near and r.fault != candidate.finding.fault]
    weaker = [
        RuledOut(
            fault=other.finding.fault,
            entity=other.finding.entity,
            why=f"explains nothing that {candidate.finding.fault} does not, and is less certain",
        )
        for other in every
        if other not in chosen and any(id(s) in mine for s, _ in other.explains)
    ]
    return tuple(dict.fromkeys((*contradicted, *weaker)))[:8]


def _written_by(scene: Scene, finding: Finding) -> WrittenBy | None:
    resource = scene.snapshot.get(finding.entity)
    writer = last_writer(resource, finding.field) if resource and finding.field else None
    return WrittenBy(manager=writer.manager, at=writer.at) if writer else None
