"""Puts the runbook of each cause beside it, and says where the evidence speaks against the runbook."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.knowledge.types import Card, Guide, Hit, Quote

from .seams import Handbook
from .types import Cause, Diagnosis


def cited(diagnosis: Diagnosis, handbook: Handbook | None) -> Diagnosis:
    """The diagnosis with what runbooks say about its causes."""
    if handbook is None or not diagnosis.causes:
        return diagnosis
    causes = tuple(
        cause.model_copy(update={"runbooks": tuple(_quoted(guide, cause) for guide in handbook.of(cause.fault))})
        for cause in diagnosis.causes
    )
    return diagnosis.model_copy(update={"causes": causes})


def against(card: Card, cause: Cause) -> str:
    """Why the evidence for the cause speaks against the runbook; empty where it does not."""
    return next(_reasons(card, cause), "")


def ruled_out(hit: Hit, diagnosis: Diagnosis) -> Hit:
    """A search result, marked where all that it is about has been ruled out."""
    found = {cause.fault for cause in diagnosis.causes}
    out = {each.fault: each for cause in diagnosis.causes for each in cause.ruled_out}
    faults = set(hit.citation.faults)
    if not faults or faults & found or not faults <= set(out):
        return hit
    first = out[next(fault for fault in hit.citation.faults if fault in out)]
    why = f"{first.fault} of {first.entity} is ruled out: {first.why}"
    return hit.model_copy(update={"citation": hit.citation.model_copy(update={"contradicted": why})})


def _quoted(guide: Guide, cause: Cause) -> Quote:
    why = against(guide.card, cause)
    if not why:
        return guide.quote
    return guide.quote.model_copy(update={"citation": guide.quote.citation.model_copy(update={"contradicted": why})})


def _reasons(card: Card, cause: Cause) -> Iterator[str]:
    if card.kinds and cause.entity.kind not in card.kinds:
        yield f"it is written for {' or '.join(card.kinds)}, and {cause.entity} is none"
    for step in card.plan:
        fields = step.arguments.get("fields")
        for field in fields if isinstance(fields, list) else []:
            if isinstance(field, dict) and field.get("path") in ("{field}", cause.field):
                yield from _wrong_value(str(field.get("value", "")), cause)


def _wrong_value(value: str, cause: Cause) -> Iterator[str]:
    if not value or "{" in value:
        return
    if value == cause.observed:
        yield f"it sets {cause.field} to {value}, and that is what is there now"
    elif cause.expected and " " not in cause.expected and value != cause.expected:
        yield f"it sets {cause.field} to {value}, and the evidence says {cause.expected}"
