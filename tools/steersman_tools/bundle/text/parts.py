"""What one output tells, before it is known what the others tell: parts of objects, events, and what was listed whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from ...snapshot import UnitStatus
from ...types import NotChecked
from .build import Object


class Rank(IntEnum):
    """How much a source tells of an object: where two differ, the higher is believed."""

    MENTION = 0
    """Named in the description of something else."""
    ROW = 1
    """A line of a table."""
    MANIFEST = 2
    """A file from which objects are applied: what somebody asked for, without defaults and without a status."""
    DESCRIBED = 3
    WHOLE = 4
    """The object itself, as YAML or JSON."""


@dataclass(slots=True)
class Part:
    """What one output tells of one object."""

    kind: str
    namespace: str | None
    """None: that of the context, which the output does not name."""
    name: str
    obj: Object
    rank: Rank
    ages: dict[tuple[str | int, ...], float] = field(default_factory=dict)
    """By path: how many seconds before the output that moment was."""
    seen: str | None = None
    """A moment, as the API writes it, at which the output was not yet there: a heartbeat, a lease."""
    place: int = 0
    """Which output it is from."""


@dataclass(slots=True)
class EventPart:
    """A line of events. The times are seconds before the output."""

    kind: str
    namespace: str | None
    name: str
    type: str
    reason: str
    message: str
    count: int = 1
    last: float | None = None
    first: float | None = None
    source: str = ""
    field_path: str = ""
    place: int = 0


@dataclass(slots=True)
class LogPart:
    """The log of a container, or of one that a workload's pods have."""

    kind: str
    namespace: str | None
    name: str
    container: str
    previous: bool
    text: str
    filtered: bool = False
    """Whether it went through a pipe that drops lines."""


@dataclass(slots=True)
class Listing:
    """All objects of a kind in a namespace ('' for all of them), at one time."""

    kind: str
    namespace: str | None
    names: frozenset[tuple[str | None, str]]
    place: int = 0


@dataclass(slots=True)
class Reading:
    """Everything that one output tells."""

    parts: list[Part] = field(default_factory=list)
    events: list[EventPart] = field(default_factory=list)
    logs: list[LogPart] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    absent: list[tuple[str, str | None, str]] = field(default_factory=list)
    """(kind, namespace, name) of what the server said does not exist."""
    gaps: list[NotChecked] = field(default_factory=list)
    units: list[UnitStatus] = field(default_factory=list)
    context: str | None = None
    """The namespace of the context, where the output gives it away."""
    version: str = ""
    place: int = 0
