"""What is said of the future: closed values that faces print and scripts read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from steersman_tools.types import Frozen, NotChecked, Ref

from ..signals.ahead import Foretold
from ..signals.limits import Limited
from ..types import FaultName


class Foreseen(Frozen):
    """One thing with a limit: how full it is, and when it reaches it, if it does within the horizon. Times are in UTC."""

    what: str
    entity: Ref
    fault: FaultName
    unit: str
    used: float
    """The share of the limit that is used now."""
    limit: float
    at: datetime | None
    earliest: datetime | None = None
    """With `latest`: the interval that holds the moment in four of five cases. `latest` None: perhaps never."""
    latest: datetime | None = None
    growth: float = 0.0
    """Units a second."""
    basis: Literal["reached", "growth", "season", "forecast", "known", "none"]
    """What the moment rests on: a steady growth, yesterday's daily rise, the series' own models, or a date that is known."""
    summary: str
    call: str


class Point(Frozen):
    """A value that was."""

    at: datetime
    value: float


class Expected(Frozen):
    """A value that is expected, with its 80 % interval."""

    at: datetime
    middle: float
    lower: float
    upper: float


class Curve(Frozen):
    """The course of one thing: as it was, and as it will be."""

    what: str
    entity: Ref
    unit: str
    limit: float | None
    past: tuple[Point, ...]
    ahead: tuple[Expected, ...]
    model: str
    """The forecaster with the most weight."""
    call: str


class Outlook(Frozen):
    """What comes within the horizon."""

    now: datetime
    horizon_seconds: float
    runs_out: tuple[Foreseen, ...] = ()
    """Soonest first."""
    closest: tuple[Foreseen, ...] = ()
    """Those that do not, but are fullest."""
    watched: int = 0
    """How many things with a limit were looked at."""
    curves: tuple[Curve, ...] = ()
    """Of the entity that was asked for."""
    not_checked: tuple[NotChecked, ...] = ()


def foreseen(told: Foretold) -> Foreseen:
    ends = told.ends
    return Foreseen(
        what=told.what,
        entity=told.entity,
        fault=told.fault,
        unit=told.unit,
        used=round(told.used, 4),
        limit=told.limit,
        at=moment(ends.at),
        earliest=moment(ends.earliest),
        latest=moment(ends.latest),
        growth=ends.growth,
        basis=ends.basis,
        summary=told.text(),
        call=told.call,
    )


def level(each: Limited) -> Foreseen:
    """A thing that does not run out, with how full it is."""
    return Foreseen(
        what=each.row.what,
        entity=each.entity,
        fault=each.row.fault,
        unit=each.row.unit,
        used=round(each.used, 4),
        limit=each.size,
        at=None,
        basis="none",
        summary=f"{each.row.what} of {each.entity}: {each.used:.0%} used",
        call=each.call,
    )


def utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def moment(at: float | None) -> datetime | None:
    return None if at is None else utc(at)
