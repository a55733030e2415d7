"""What is measured of requests on their way: of each pod how many, how slow, how many fail, whom they call and how busy it is, each as
it usually was and as it is now. Judged by diagnosis, measured by whoever can."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from .types import Frozen, Ref


@dataclass(frozen=True, slots=True)
class Level:
    """One number as it usually was, before the trouble, and as it is now; `call` shows it again."""

    usual: float | None
    now: float
    call: str = ""

    @property
    def rise(self) -> float:
        """Now less usual; 0 where the usual is not known."""
        return 0.0 if self.usual is None else self.now - self.usual

    @property
    def times(self) -> float:
        """Now as a multiple of usual; 1 where that is not known or next to nothing."""
        return 1.0 if self.usual is None or self.usual <= 1e-9 else self.now / self.usual


@dataclass(frozen=True, slots=True)
class CallLevel:
    """The calls of a pod to one address."""

    address: str
    """As the caller knows it: `cart:8080`."""
    toward: Ref
    """The Service that the address would mean inside the cluster, whether there is one or not."""
    rate: Level
    failing: Level
    """The share that fails."""


@dataclass(frozen=True, slots=True)
class PodLevels:
    """What is measured of one pod. Seconds and shares are per request that it serves; processor time is in cores."""

    pod: Ref
    service: str
    """The name under which its requests are counted."""
    requests: Level | None = None
    seconds: Level | None = None
    failing: Level | None = None
    cpu: Level | None = None
    throttled: Level | None = None
    """The share of scheduling periods in which it was held back."""
    calls: tuple[CallLevel, ...] = ()


@dataclass(frozen=True, slots=True)
class Disorder:
    """A service that answers more slowly, or fails more, than it usually does, and since when."""

    service: Ref
    what: Literal["slow", "failing"]
    level: Level
    since: datetime


class RunsOut(Frozen):
    """Something with a limit that reaches it by a steady growth. Times are in UTC."""

    what: str
    """`memory`, `cpu`, `disk`, `volume`, `node memory`, `quota`."""
    entity: Ref
    fault: str
    at: datetime
    earliest: datetime
    latest: datetime
    """With `earliest`: what holds the moment in four of five cases."""
    used: float
    """The share of the limit that is used now."""
    summary: str
    call: str


@dataclass(frozen=True, slots=True)
class Flows:
    """All of that at one moment: only measured closely where something is out of order."""

    disorders: tuple[Disorder, ...] = ()
    pods: tuple[PodLevels, ...] = ()
    soon: tuple[RunsOut, ...] = ()
    """What will run out, soonest first."""

    @property
    def since(self) -> datetime | None:
        """When the first of the disorders began."""
        return min((each.since for each in self.disorders), default=None)
