"""What a model is told of a case: the question, the engine's diagnosis first, then the evidence, all of it small and fenced."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.types import Evidence
from steersman_tools.untrusted import fenced

from ..models import tokens
from ..types import Cause
from .case import Case

MOST_CAUSES = 5
ROOM = 1_500
"""Tokens for evidence."""
EACH = 420
"""Characters of one piece of evidence."""


def matter(case: Case) -> str:
    """Question, diagnosis and evidence."""
    return "\n".join([*_asked(case), *_diagnosis(case), *_evidence(case)])


def outline(case: Case) -> str:
    """Question and diagnosis, without the evidence: enough to choose what to look at."""
    return "\n".join([*_asked(case), *_diagnosis(case), *_sources(case)])


def _asked(case: Case) -> Iterator[str]:
    yield f"Question: {case.shown(case.question) or 'what is wrong?'}"


def _diagnosis(case: Case) -> Iterator[str]:
    found = case.diagnosis
    lines: list[str] = []
    for cause in found.causes[:MOST_CAUSES]:
        lines += _cause(cause)
    lines += [f"not explained: {u.text}" for u in found.unexplained[:5]]
    if found.healthy:
        lines.append("nothing wrong was found in what was checked")
    lines += [f"not checked: {gap.what}: {gap.why}" for gap in found.not_checked[:4]]
    yield "What the engine found:"
    yield fenced("engine", case.shown("\n".join(lines)))


def _cause(cause: Cause) -> Iterator[str]:
    what = f"{cause.fault} of {cause.entity} {cause.field}".strip()
    yield f"cause {cause.rank}: {what} ({cause.confidence:.0%} sure), cites {' '.join(cause.cites[:6])}"
    yield f"  {cause.summary[:300]}"
    yield f"  is: {cause.observed[:160]} / should be: {cause.expected[:160]}"
    if cause.explains:
        yield f"  breaks: {', '.join(map(str, cause.explains[:5]))}"
    if cause.advice:
        yield f"  advice: {cause.advice[:200]}"
    if cause.written_by:
        yield f"  written by: {cause.written_by.manager}"


def _sources(case: Case) -> Iterator[str]:
    yield "Known things that the diagnosis names:"
    yield fenced("names", case.shown("\n".join(map(str, case.named[:12])) or "none"))


def _evidence(case: Case) -> Iterator[str]:
    yield "Evidence:"
    for item in pack(case):
        yield fenced(f"{item.id} {case.shown(item.call)[:160]}", case.shown(item.text)[:EACH])


def pack(case: Case) -> list[Evidence]:
    """The evidence that a model sees: what the tools found, then what the causes cite, as far as the room reaches."""
    known = case.evidence
    cited = [
        key
        for rank in range(3)
        for c in case.diagnosis.causes[:MOST_CAUSES]
        for key in c.cites[2 * rank : 2 * rank + 2]
    ]
    cited += [key for u in case.diagnosis.unexplained[:5] for key in u.cites[:1]]
    chosen: list[Evidence] = []
    used = 0
    for key in dict.fromkeys([*cited[:2], *(e.id for e in case.found), *cited]):
        cost = tokens.count(known[key].text[:EACH]) + tokens.count(known[key].call) + 12
        if used + cost <= ROOM:
            chosen.append(known[key])
            used += cost
    return chosen
