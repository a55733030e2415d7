"""What is unusual, as text for people and as JSON for scripts: schema `steersman.anomalies/v1` (docs/signals.md)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from ..outlook.unusual import Deviation, Unusual
from .style import Style

_INDENT = "   "
MOST, MOST_SUSPECTS, MOST_GAPS = 12, 5, 8

TOGETHER = 60.0
"""Seconds within which deviations have begun together."""


class Document(Unusual):
    """What `--output json` prints."""

    schema_: Literal["steersman.anomalies/v1"] = Field("steersman.anomalies/v1", alias="schema")


def document(found: Unusual) -> Document:
    """The JSON document."""
    return Document(**dict(found))


def text(found: Unusual, style: Style, width: int = 100) -> str:
    """What left its past, the surest first; then whose trouble it is; then what could not be judged."""
    lines = [_headline(found, style), ""]
    groups = list(_alike(found.deviations))
    for group in groups[:MOST]:
        lines += [*_deviation(group, style, width), ""]
    if rest := sum(len(group) for group in groups[MOST:]):
        lines += [f"and {rest} more: --output json", ""]
    if found.suspects:
        lines += [*_ranking(found, style), ""]
    if found.not_checked:
        lines.append(style.bold("Not checked"))
        for gap in found.not_checked[:MOST_GAPS]:
            lines += textwrap.wrap(
                f"{gap.what}: {gap.why}", width, initial_indent=_INDENT, subsequent_indent=_INDENT * 2
            )
        if rest := len(found.not_checked[MOST_GAPS:]):
            lines.append(f"{_INDENT}and {rest} more: --output json")
    return "\n".join(lines).rstrip() + "\n"


def _headline(found: Unusual, style: Style) -> str:
    seen = f"{found.services} services with {found.series} series, {found.minutes:g} minutes at {found.step:g} s"
    if not found.services:
        return style.bold("No service is measured here")
    if not found.deviations:
        return f"{style.good('Nothing is unusual')}: {seen}"
    count = len({each.service for each in found.deviations})
    return style.bad(f"{count} of {found.services} services left their own past") + f": {seen}"


def _alike(those: Sequence[Deviation]) -> Iterator[list[Deviation]]:
    """Deviations of one signal and direction that began together, in the order of the surest of each group."""
    left = list(those)
    while left:
        first = left[0]
        group = [
            each
            for each in left
            if (each.signal, each.direction) == (first.signal, first.direction)
            and abs((each.since - first.since).total_seconds()) <= TOGETHER
        ]
        yield group
        left = [each for each in left if each not in group]


def _deviation(group: Sequence[Deviation], style: Style, width: int) -> Iterator[str]:
    each = group[0]
    yield from textwrap.wrap(each.summary, width, subsequent_indent=_INDENT)
    others = list(dict.fromkeys(e.service.name for e in group if e.service != each.service))
    if others:
        yield from textwrap.wrap(
            f"the same of {', '.join(others)}", width, initial_indent=_INDENT, subsequent_indent=_INDENT
        )
    yield f"{_INDENT}{each.confidence:.0%} sure: {each.score:g} times what its own past shows ({each.shape}, {each.direction})"
    yield f"{_INDENT}{style.dim('$ ' + each.call)}"


def _ranking(found: Unusual, style: Style) -> Iterator[str]:
    known = {
        "given": "",
        "learned": " (who calls whom was learned from the trouble itself)",
        "none": " (nobody counts calls)",
    }
    yield style.bold("Whose own trouble it is") + known[found.graph]
    for each in found.suspects[:MOST_SUSPECTS]:
        share = (
            f"{1 - each.explained / each.excess:.0%} of its excess is its own"
            if each.excess > 0
            else "no excess of its own"
        )
        mark = "cause" if each.rank <= found.causes else "     "
        tied = f"; as likely as {', '.join(each.tied[:3])}" if each.tied else ""
        yield f"{_INDENT}{each.rank}. {mark} {each.service}  {style.dim(f'score {each.score:.2f}, {share}{tied}')}"
    if found.assumed:
        yield f"{_INDENT}{style.dim('assumed: ' + '; '.join(found.assumed[:3]))}"
