"""What was found in a bundle, before it becomes a snapshot."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from ..kubernetes.objects import log_lines
from ..snapshot import UnitStatus
from ..types import Json, NotChecked
from .logtext import log_text

LogKey: TypeAlias = tuple[str, str, str, bool]
"""Namespace, pod, container ('' where it is not told, or the log holds them all), and whether it is of the previous run."""


@dataclass
class Contents:
    """Objects, logs and the rest, as far as they were found."""

    objects: list[tuple[str, Json]] = field(default_factory=list)
    """(kind, object) pairs; events among them."""
    wanted: list[tuple[str, Json]] = field(default_factory=list)
    """(kind, object) pairs that files ask for and that a listing, which would show them, does not show."""
    complete: set[tuple[str, str]] = field(default_factory=set)
    logs: dict[LogKey, Path | str] = field(default_factory=dict)
    """A file, or the text itself."""
    filtered: set[LogKey] = field(default_factory=set)
    """Logs of which somebody has kept some lines only."""
    alerts: Json = None
    units: list[UnitStatus] = field(default_factory=list)
    version: str = ""
    gaps: list[NotChecked] = field(default_factory=list)

    @cached_property
    def logs_until(self) -> datetime | None:
        """The newest time that any log bears: until then they were read."""
        newest = [
            line.at
            for (_, _, container, previous), source in self.logs.items()
            if not previous
            for line in log_lines(log_text(source, container, 4_096))[-1:]
            if line.at
        ]
        return max(newest, default=None)

    def add(self, other: Contents) -> None:
        """Takes in what another part of the bundle holds."""
        self.objects += other.objects
        self.wanted += other.wanted
        self.complete |= other.complete
        self.logs = {**other.logs, **self.logs}
        self.filtered |= other.filtered
        self.alerts = other.alerts if self.alerts is None else self.alerts
        self.units += other.units
        self.version = self.version or other.version
        self.gaps += other.gaps
