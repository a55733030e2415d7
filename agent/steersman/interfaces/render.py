"""A diagnosis as text that a tired person reads in ten seconds: the cause first, why, what to do, what was not checked."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime

from steersman_tools.types import Evidence

from ..types import Cause, Diagnosis, Remembered, Seconds
from .style import Style

EVIDENCE_SHOWN = 4
_INDENT = "   "


def text(diagnosis: Diagnosis, seconds: Seconds, style: Style, width: int = 100) -> str:
    """The whole answer."""
    lines = [*_headline(diagnosis, seconds, style), ""]
    evidence = {e.id: e for e in diagnosis.evidence}
    for cause in diagnosis.causes:
        lines += [*_cause(cause, evidence, style, width), ""]
    lines += _unexplained(diagnosis, evidence, style, width)
    lines += soon(diagnosis, style, width)
    lines += _not_checked(diagnosis, style, width)
    return "\n".join(lines).rstrip() + "\n"


def _headline(diagnosis: Diagnosis, seconds: Seconds, style: Style) -> Iterator[str]:
    took = style.dim(f"({seconds.gather + seconds.diagnose:.1f} s)")
    count = len(diagnosis.causes)
    if count:
        yield f"{style.bad(f'{count} root cause' + ('s' if count > 1 else ''))} {took}"
    elif diagnosis.unexplained:
        yield f"{style.bad('Something is wrong, and its cause was not found')} {took}"
    else:
        yield f"{style.good('Healthy')}: nothing wrong was found in what was checked {took}"


def _cause(cause: Cause, evidence: Mapping[str, Evidence], style: Style, width: int) -> Iterator[str]:
    yield from textwrap.wrap(f"{cause.rank}. {cause.summary}", width, subsequent_indent=_INDENT)
    where = f"{cause.entity}" + (f"  {cause.field}" if cause.field else "")
    yield f"{_INDENT}{style.bold(cause.fault)}  {cause.confidence:.0%} sure  {style.dim(where)}"
    yield from _labelled("is", cause.observed, style, width)
    yield from _labelled("should be", cause.expected, style, width)
    if cause.written_by:
        at = f" at {cause.written_by.at:%Y-%m-%d %H:%M:%S} UTC" if cause.written_by.at else ""
        yield from _labelled("written by", f"{cause.written_by.manager}{at}", style, width)
    if cause.explains:
        harmed = ", ".join(f"{ref.kind} {ref.name}" for ref in cause.explains[:6])
        more = f" and {len(cause.explains) - 6} more" if len(cause.explains) > 6 else ""
        yield from _labelled("harms", harmed + more, style, width)
    if cause.advice:
        yield from _labelled("do", style.bold(cause.advice), style, width)
    for key in cause.cites[:EVIDENCE_SHOWN]:
        yield from _evidence(evidence[key], style, width)
    if rest := cause.cites[EVIDENCE_SHOWN:]:
        yield f"{_INDENT}{style.dim(f'and {len(rest)} more pieces of evidence: --output json')}"
    for quote in cause.runbooks[:2]:
        yield from _labelled("runbook", f"{quote.text} [{quote.citation.words(_today())}]", style, width)
    for out in cause.ruled_out[:3]:
        yield from _labelled("ruled out", f"{out.fault} of {out.entity}: {out.why}", style, width)


def _labelled(label: str, words: str, style: Style, width: int) -> Iterator[str]:
    head = f"{_INDENT}{style.dim(f'{label:<10}')} "
    wrapped = textwrap.wrap(words, max(width - 14, 30)) or [""]
    yield head + wrapped[0]
    for line in wrapped[1:]:
        yield " " * 14 + line


def _evidence(item: Evidence, style: Style, width: int) -> Iterator[str]:
    yield f"{_INDENT}{style.bold(item.id)} {style.dim('$ ' + item.call)}"
    for line in item.text.splitlines()[:6]:
        yield (
            textwrap.shorten(f"{_INDENT}   {line}", width + 40, placeholder=" ...")
            if len(line) > width + 40
            else f"{_INDENT}   {line}"
        )


def recalled(event: Remembered, style: Style, width: int) -> Iterator[str]:
    """Earlier incidents that were like this one."""
    if event.recalls:
        yield style.bold("Seen before")
    for recall in event.recalls:
        told = f"{recall.incident.at:%Y-%m-%d %H:%M} {recall.words}"
        yield from textwrap.wrap(told, width, initial_indent=_INDENT, subsequent_indent=_INDENT + "  ")
        yield f"{_INDENT}  {style.dim(f'session {recall.incident.session}, {recall.likeness:.0%} alike')}"


def _today() -> date:
    return datetime.now(UTC).date()


def _unexplained(diagnosis: Diagnosis, evidence: Mapping[str, Evidence], style: Style, width: int) -> Iterator[str]:
    if not diagnosis.unexplained:
        return
    yield style.bold("Not explained")
    for symptom in diagnosis.unexplained[:8]:
        yield from textwrap.wrap(symptom.text, width, initial_indent=_INDENT, subsequent_indent=_INDENT + "  ")
        for key in symptom.cites[:1]:
            yield from _evidence(evidence[key], style, width)
    yield ""


def soon(diagnosis: Diagnosis, style: Style, width: int) -> Iterator[str]:
    """What will run out, with the query that shows it."""
    if not diagnosis.warnings:
        return
    yield style.bold("Soon")
    for each in diagnosis.warnings[:8]:
        yield from textwrap.wrap(each.summary, width, initial_indent=_INDENT, subsequent_indent=_INDENT + "  ")
        yield f"{_INDENT}  {style.dim('$ ' + each.call)}"
    if rest := len(diagnosis.warnings[8:]):
        yield f"{_INDENT}and {rest} more: steersman forecast"
    yield ""


def _not_checked(diagnosis: Diagnosis, style: Style, width: int) -> Iterator[str]:
    if not diagnosis.not_checked:
        return
    yield style.bold("Not checked")
    for gap in diagnosis.not_checked[:10]:
        yield from textwrap.wrap(
            f"{gap.what}: {gap.why}", width, initial_indent=_INDENT, subsequent_indent=_INDENT + "  "
        )
    if rest := len(diagnosis.not_checked[10:]):
        yield f"{_INDENT}and {rest} more"
