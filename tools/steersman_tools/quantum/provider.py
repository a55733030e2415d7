"""The seam to a quantum provider. A provider is one adapter; what its API cannot do is said by `capabilities` before it is planned."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from pydantic import Field, JsonValue

from ..types import Frozen
from .types import Backend, Calibration, Capability, Job, Machine, ProviderName, Session, Usage


class Order(Frozen):
    """A job to be submitted. The tag is unique to it: who finds it in the queue does not submit it again."""

    tag: str
    backend: str
    program: str = ""
    """`sampler`, `estimator`, or a script for a scheduler."""
    params: dict[str, JsonValue] = Field(default_factory=dict)
    """As the provider takes them."""
    shots: int | None = None
    limit_seconds: int | None = None
    session: str = ""
    tags: tuple[str, ...] = ()
    like: str = ""
    """The id of a job whose program is submitted once more; then the rest may be empty."""


class QuantumProvider(Protocol):
    """Reads raise Unreachable; writes raise Refused, Conflicted or Busy as `steersman_tools.writer` has them."""

    @property
    def name(self) -> ProviderName:
        """What it is called in Refs and settings."""

    def capabilities(self) -> frozenset[Capability]:
        """What its API can do."""

    async def backends(self) -> Sequence[Backend]:
        """All backends with their queues and newest calibration."""

    async def calibrations(self, backend: str, before: Sequence[datetime]) -> Sequence[Calibration]:
        """The calibrations that were in force at these moments; empty without `history`."""

    async def jobs(self) -> Sequence[Job]:
        """The jobs of this account that wait, run, or ended lately."""

    async def job(self, id: str) -> Job | None:
        """One job; None where there is none."""

    async def tagged(self, tag: str) -> Job | None:
        """The job that bears the tag; None where there is none."""

    async def sessions(self, ids: Sequence[str]) -> Sequence[Session]:
        """The sessions of these ids, as far as they are known."""

    async def usage(self) -> Usage | None:
        """What of the budget is used; None where there is none."""

    async def machines(self) -> Sequence[Machine]:
        """The nodes of a scheduler; empty where there is none."""

    async def submit(self, order: Order) -> Job:
        """Submits the job; who calls has looked up its tag."""

    async def params(self, id: str) -> Mapping[str, JsonValue]:
        """What the job was submitted with. Refused where that is not kept."""

    async def move(self, id: str, backend: str) -> None:
        """Points a waiting job at another backend."""

    async def cancel(self, id: str) -> None:
        """Cancels it. Conflicted when it is over already."""

    async def hold(self, id: str) -> None:
        """Keeps a waiting job from starting."""

    async def release(self, id: str) -> None:
        """Lets a held job start."""

    async def prioritise(self, id: str, priority: int) -> None:
        """Sets the scheduler's priority."""

    async def requeue(self, id: str) -> None:
        """Stops it and puts it back into the queue."""

    async def close(self) -> None:
        """Closes its connections."""


class Adapter(ABC):
    """What is answered for a provider that knows no such thing, and can only list its jobs; an adapter overrides what its API has."""

    @abstractmethod
    async def jobs(self) -> Sequence[Job]: ...

    async def tagged(self, tag: str) -> Job | None:
        return next((j for j in await self.jobs() if tag in j.tags), None)

    async def sessions(self, ids: Sequence[str]) -> Sequence[Session]:
        return ()

    async def usage(self) -> Usage | None:
        return None

    async def machines(self) -> Sequence[Machine]:
        return ()
