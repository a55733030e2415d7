"""How right the answers are: strictly, without the taxonomy, and with the names that the published list uses."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..report import table
from .answers import Prediction, labels
from .cases import Truth

K = TypeVar("K")
_Z = 1.959964


@dataclass(frozen=True)
class Scored:
    """An answer beside the truth."""

    case: str
    top: tuple[Prediction, ...]
    truth: Truth
    seconds: float

    def right(self, places: int, same: Callable[[Prediction, Truth], bool]) -> bool:
        """Whether one of the first answers is the truth."""
        return any(same(prediction, self.truth) for prediction in self.top[:places])


def strict(said: Prediction, truth: Truth) -> bool:
    """All three strings, whatever their case."""
    return (said.taxonomy.lower(), said.entity.lower(), said.cause.lower()) == (
        truth.taxonomy.lower(),
        truth.entity.lower(),
        truth.cause.lower(),
    )


def without_taxonomy(said: Prediction, truth: Truth) -> bool:
    """The thing and the cause only."""
    return (said.entity.lower(), said.cause.lower()) == (truth.entity.lower(), truth.cause.lower())


def with_aliases(said: Prediction, truth: Truth) -> bool:
    """Strictly, but the published candidate list's names count for those of the truth."""
    return strict(said, Truth(truth.taxonomy, truth.entity, _canonical(truth.cause)))


def _canonical(cause: str) -> str:
    return next((label.name for label in labels().values() if cause.lower() in label.aliases), cause)


def wilson(right: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson's score interval)."""
    if not of:
        return math.nan, math.nan
    share, square = right / of, _Z**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _Z / (1 + square / of) * math.sqrt(share * (1 - share) / of + square / (4 * of**2))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def tables(scored: Sequence[Scored], seconds: Sequence[float]) -> str:
    """The results for people."""
    if not scored:
        return f"{len(seconds)} cases answered; no truth to compare with.\n{_speed(seconds)}"
    rows = [_row("all", scored)]
    rows += [_row(f"system {name}", of) for name, of in _groups(scored, lambda s: s.case.split("/")[0])]
    rows += [_row(name, of) for name, of in _groups(scored, lambda s: s.truth.taxonomy)]
    rows += [_row(f"{s} {c}", of) for (s, c), of in _groups(scored, _place)]
    rows += [_row(f"  {name}", of) for name, of in _groups(scored, lambda s: s.truth.cause)]
    heads = ("cases of", "n", "A@1", "95 %", "A@3", "95 %", "object+cause@1", "alias@1", "alias@3")
    return f"{table('Cloud-OpsBench', heads, rows)}{_speed(seconds)}"


def _place(scored: Scored) -> tuple[str, str]:
    return scored.case.split("/")[0], scored.truth.taxonomy


def _groups(scored: Iterable[Scored], key: Callable[[Scored], K]) -> list[tuple[K, list[Scored]]]:
    found: dict[K, list[Scored]] = {}
    for one in scored:
        found.setdefault(key(one), []).append(one)
    return sorted(found.items(), key=lambda pair: str(pair[0]))


def _row(name: str, of: Sequence[Scored]) -> tuple[str | float | int, ...]:
    first = sum(s.right(1, strict) for s in of)
    third = sum(s.right(3, strict) for s in of)
    loose, alias, alias3 = (
        sum(s.right(places, same) for s in of) / len(of)
        for places, same in ((1, without_taxonomy), (1, with_aliases), (3, with_aliases))
    )
    return (
        name, len(of), first / len(of), _span(first, len(of)), third / len(of), _span(third, len(of)), loose, alias, alias3,
    )  # fmt: skip


def _span(right: int, of: int) -> str:
    low, high = wilson(right, of)
    return f"{low:.2f}-{high:.2f}"


def _speed(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    if not ordered:
        return ""
    last = ordered[min(math.ceil(0.95 * len(ordered)), len(ordered)) - 1]
    return f"seconds a case: mean {sum(ordered) / len(ordered):.3f}, 95th percentile {last:.3f}, most {ordered[-1]:.3f}"
