"""What comes, as text for people and as JSON for scripts: schema `steersman.forecast/v1` (docs/signals.md)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from ..outlook import Curve, Foreseen, Outlook
from .plot import drawing
from .style import Style

_INDENT = "   "
MOST = 20


class Document(Outlook):
    """What `--output json` prints."""

    schema_: Literal["steersman.forecast/v1"] = Field("steersman.forecast/v1", alias="schema")


def document(found: Outlook) -> Document:
    """The JSON document of an outlook."""
    return Document(**dict(found))


def text(found: Outlook, style: Style, width: int = 100) -> str:
    """The whole answer: what runs out first, then the curves, then what is fullest, then what was not looked at."""
    lines = [_headline(found, style), ""]
    for each in found.runs_out[:MOST]:
        lines += [*_line(each, style, width), ""]
    if rest := len(found.runs_out[MOST:]):
        lines += [f"and {rest} more: --output json", ""]
    for curve in _shown(found):
        lines += [*_curve(curve, style, width), ""]
    if found.closest:
        lines += [
            style.bold("Closest to their limits otherwise"),
            *(f"{_INDENT}{e.summary}" for e in found.closest),
            "",
        ]
    if found.not_checked:
        lines.append(style.bold("Not checked"))
        for gap in found.not_checked[:MOST]:
            lines += textwrap.wrap(
                f"{gap.what}: {gap.why}", width, initial_indent=_INDENT, subsequent_indent=_INDENT + "  "
            )
    return "\n".join(lines).rstrip() + "\n"


def _shown(found: Outlook) -> list[Curve]:
    """One curve of each kind: the one that runs out first, or is nearest to its limit."""
    calls = [each.call for each in (*found.runs_out, *found.closest)]
    order = {call: place for place, call in reversed(list(enumerate(calls)))}
    best: dict[str, Curve] = {}
    for curve in sorted(found.curves, key=lambda each: order.get(each.call, len(order))):
        best.setdefault(curve.what, curve)
    return list(best.values())


def _headline(found: Outlook, style: Style) -> str:
    ahead = span(found.horizon_seconds)
    if found.runs_out:
        return style.bad(
            f"{len(found.runs_out)} of {found.watched} things with a limit run out within {ahead} or have run out"
        )
    if not found.watched:
        return style.bold("Nothing with a limit is measured here")
    return f"{style.good('Nothing runs out')} within {ahead}: {found.watched} things with a limit were looked at"


def _line(each: Foreseen, style: Style, width: int) -> Iterator[str]:
    yield from textwrap.wrap(each.summary, width, subsequent_indent=_INDENT)
    yield f"{_INDENT}{style.bold(each.fault)}  {style.dim(_WHY[each.basis])}"
    yield f"{_INDENT}{style.dim('$ ' + each.call)}"


_WHY = {
    "reached": "is there already",
    "growth": "by its steady growth",
    "season": "as it went yesterday at this time",
    "forecast": "by its own models",
    "known": "by its date",
    "none": "",
}


def _curve(each: Curve, style: Style, width: int) -> Iterator[str]:
    unit, scale = _unit(each)
    last, end = each.ahead[-1], f"{each.ahead[-1].at:%H:%M}"
    yield style.bold(f"{each.what} of {each.entity}, {unit}")
    yield from drawing(each, scale, min(width, 100), style.colours)
    yield (
        f"{_INDENT}at {end} UTC: {last.middle / scale:.4g} (80 %: {last.lower / scale:.4g} to {last.upper / scale:.4g})"
        + (f"; the limit is {each.limit / scale:.4g}" if each.limit else "")
    )
    yield f"{_INDENT}{style.dim('$ ' + each.call)}"


def _unit(each: Curve) -> tuple[str, float]:
    """The unit to show, and what to divide by."""
    if each.unit != "bytes":
        return each.unit, 1.0
    most = max([each.limit or 0.0, *(point.value for point in each.past)])
    return ("GiB", 2.0**30) if most >= 2**30 else ("MiB", 2.0**20)


def span(seconds: float) -> str:
    """`2 h`, `30 min`, `1 d`."""
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {name}"
    return f"{seconds / 60:.0f} min"
