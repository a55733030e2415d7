"""What was found in a bundle, before it becomes a snapshot."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from ..snapshot import UnitStatus
from ..types import Json, NotChecked

LogKey: TypeAlias = tuple[str, str, str, bool]
"""Namespace, pod, container ('' where it is not told, or the log holds them all), and whether it is of the previous run."""


@dataclass
class Contents:
    """Objects, logs and the rest, as far as they were found."""

    objects: list[tuple[str, Json]] = field(default_factory=list)
    """(kind, object) pairs; events among them."""
    complete: set[tuple[str, str]] = field(default_factory=set)
    logs: dict[LogKey, Path | str] = field(default_factory=dict)
    """A file, or the text itself."""
    alerts: Json = None
    units: list[UnitStatus] = field(default_factory=list)
    version: str = ""
    gaps: list[NotChecked] = field(default_factory=list)

    def add(self, other: Contents) -> None:
        """Takes in what another part of the bundle holds."""
        self.objects += other.objects
        self.complete |= other.complete
        self.logs = {**other.logs, **self.logs}
        self.alerts = other.alerts if self.alerts is None else self.alerts
        self.units += other.units
        self.version = self.version or other.version
        self.gaps += other.gaps
