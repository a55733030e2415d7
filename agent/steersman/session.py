"""The one door for every face: a session is asked something and answers with a stream of entries."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from steersman_tools.clock import Clock, WallClock
from steersman_tools.types import ToolFailed
from steersman_tools.writer import Writer

from . import workflow
from .diagnose import Examination
from .durable import Durable, Once
from .execute import Hands
from .experience import Experience
from .gate import Actor, Budget, Policy
from .gather import Sources
from .journal import Journal, NoJournal
from .memory import signature
from .plan import plans
from .remedy import Decision
from .types import (
    Asked,
    Closed,
    Diagnosed,
    Entry,
    Event,
    Failed,
    Outcome,
    Planned,
    Progress,
    Remembered,
    Request,
    Undone,
)

if TYPE_CHECKING:
    from .healing import Look, Rehearse

__all__ = ["Actor", "Equipment", "Session", "Sources", "budget_of", "new_id", "undo"]


class Door(Durable, Protocol):
    """A Durable that takes people's decisions."""

    def decide(self, decision: Decision) -> None:
        """A person's word on a plan."""


@dataclass(frozen=True)
class Equipment:
    """What a session that heals is given beyond its sources."""

    writer: Writer
    policy: Policy
    actor: Actor
    rehearse: Rehearse | None = None
    source_of_truth_allowed: bool = False
    budget: Callable[[datetime], Budget] = lambda _: Budget()


@dataclass
class Session:
    """One question and everything that follows from it."""

    sources: Sources
    clock: Clock = field(default_factory=WallClock)
    id: str = ""
    journal: Journal = field(default_factory=NoJournal)
    equipment: Equipment | None = None
    durable: Door = field(default_factory=Once)
    _queue: asyncio.Queue[Entry | None] = field(default_factory=asyncio.Queue)
    _count: int = 0
    _task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.id = self.id or new_id(self.clock)

    async def start(self, request: Request) -> AsyncIterator[Entry]:
        """Asks; yields every event until the session is closed. Nothing that a person can mend is raised."""
        self._count = 0
        self._task = asyncio.create_task(self._run(request))
        try:
            while (entry := await self._queue.get()) is not None:
                yield entry
            await self._task  # a mistake of our own is raised, not swallowed
        finally:
            await self.cancel()

    async def run(self, request: Request) -> None:
        """The whole session for those who read its journal rather than its stream."""
        async for _ in self.start(request):
            pass

    def approve(self, digest: str, by: str) -> None:
        """Lets the plan of that digest, and no other, be carried out."""
        self.durable.decide(Decision(kind="approved", digest=digest, by=by, at=self.clock.now()))

    def reject(self, digest: str, by: str, why: str = "") -> None:
        """Refuses the plan of that digest."""
        self.durable.decide(Decision(kind="rejected", digest=digest, by=by, why=why, at=self.clock.now()))

    async def cancel(self) -> None:
        """Stops at once; what has been done stays on record and can be taken back by `undo`."""
        if self._task and not self._task.done():
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self, request: Request) -> None:
        try:
            self._tell(Asked(request=request))
            if request.wants != "diagnosis":
                await self._heal(request)
            else:
                await self._investigate(request)
        except ToolFailed as error:
            self._tell(Failed(text=str(error)))
            self._tell(Closed(outcome="failed"))
        finally:
            self._queue.put_nowait(None)

    async def _investigate(self, request: Request) -> None:
        async for event, examination in workflow.investigate(request, self.sources):
            self._tell(event)
            if isinstance(event, Diagnosed) and examination is not None:
                self._remember(event)
                self._advise(event, examination)
                await self._explain(event, examination, request.question)
        self._tell(Closed(outcome="answered"))

    async def _explain(self, answer: Diagnosed, examination: Examination, question: str) -> None:
        """What a model makes of the answer, where one is configured and something was asked in words."""
        if (aide := self.sources.aide) and question:
            from .ask import case_of, explain  # noqa: PLC0415  a session without a model needs none of it

            self._tell(Progress(text=f"asking {aide.model.name}"))
            self._tell(await explain(case_of(examination, answer.diagnosis, self.sources, question), aide))

    def _remember(self, answer: Diagnosed) -> None:
        """Earlier incidents that were like this one, where there are any."""
        if self.sources.memory and not answer.diagnosis.healthy:
            recalls = self.sources.memory.like(signature(answer.diagnosis), self.id)
            if recalls:
                self._tell(Remembered(recalls=recalls))

    def _advise(self, answer: Diagnosed, examination: Examination) -> None:
        """What would be done about the first cause for which something can be done."""
        for cause in answer.diagnosis.causes:
            known = self.sources.memory.experience(cause.fault) if self.sources.memory else Experience()
            if found := plans(cause, examination.scene, known, self.sources.handbook):
                self._tell(Planned(plan=found[0]))
                return

    async def _heal(self, request: Request) -> None:
        from .healing import Healer  # noqa: PLC0415  only for those who act

        if self.equipment is None:
            raise ToolFailed("Nothing can be changed here: a bundle is a picture. Give --kubeconfig or --context.")
        gear = self.equipment
        healer = Healer(
            request=request, session=self.id, look=self._eyes(request), hands=Hands(gear.writer, self.clock), durable=self.durable,
            clock=self.clock, policy=gear.policy, actor=gear.actor, tell=self._tell, budget=gear.budget,
            rehearse=gear.rehearse, memory=self.sources.memory, handbook=self.sources.handbook,
            source_of_truth_allowed=gear.source_of_truth_allowed,
        )  # fmt: skip
        await healer.run()

    def _eyes(self, request: Request) -> Look:
        """What a session that acts looks at: what is wrong, or what is coming."""
        return self._look if request.wants != "scaling" else partial(self._look_ahead, request.ahead_seconds)

    async def _look_ahead(self, seconds: float, namespace: str | None) -> tuple[Diagnosed, Examination]:
        from .foresight import foreseeing, of_the_future  # noqa: PLC0415  numpy is loaded only where it is needed

        sources = await foreseeing(self.sources, self.clock.now(), seconds)
        async for event, examination in workflow.investigate(Request(namespace=namespace), sources):
            if isinstance(event, Diagnosed) and examination is not None:
                return of_the_future(event), examination
        raise ToolFailed("The cluster gave no answer that could be judged.")

    async def _look(self, namespace: str | None) -> tuple[Diagnosed, Examination]:
        async for event, examination in workflow.investigate(Request(namespace=namespace), self.sources):
            if isinstance(event, Diagnosed) and examination is not None:
                return event, examination
        raise ToolFailed("The cluster gave no answer that could be judged.")

    def _tell(self, event: Event) -> None:
        self._count += 1
        entry = Entry(session=self.id, number=self._count, at=self.clock.now(), event=event)
        self._queue.put_nowait(self.journal.append(entry))


def new_id(clock: Clock) -> str:
    """A session's name: when it began, and a few random letters."""
    return f"{clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


async def undo(journal: Journal, session: str, equipment: Equipment, clock: Clock) -> AsyncIterator[Entry]:
    """Takes back what a finished session did, the last step first; what somebody has written since is left alone."""
    kept = journal.entries(session)
    if not kept:
        raise ToolFailed(f"There is no session {session}; see `steersman sessions`.")
    undone = {(e.event.digest, e.event.step) for e in kept if e.event.kind == "undone" and e.event.proven}
    done = [e.event for e in kept if e.event.kind == "done" and (e.event.digest, e.event.step) not in undone]
    number = kept[-1].number
    hands = Hands(equipment.writer, clock)
    if not done:
        raise ToolFailed(f"Session {session} has changed nothing that is not already taken back.")
    whole = True
    for event in reversed(done):
        restored = await hands.undo(event.receipt)
        whole = whole and restored.proven
        number += 1
        said = Undone(digest=event.digest, step=event.step, proven=restored.proven, text=restored.text)
        yield journal.append(Entry(session=session, number=number, at=clock.now(), event=said))
    outcome: Outcome = "undone" if whole else "failed"
    closed = Closed(outcome=outcome, text=f"taken back at the wish of {equipment.actor.id}")
    yield journal.append(Entry(session=session, number=number + 1, at=clock.now(), event=closed))


def budget_of(since: Callable[..., list[Entry]], moment: datetime) -> Budget:
    """What all sessions have done since then. `since` is the journal's."""
    entries = since(moment, "done", "verified", "undone")
    changes = sum(e.event.kind == "done" for e in entries)
    undone = {e.event.digest for e in entries if e.event.kind == "undone"}
    return Budget(changes_last_hour=changes, undone_last_hour=len(undone))
