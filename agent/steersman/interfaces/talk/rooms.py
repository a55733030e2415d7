"""The two rooms: a cluster with durable sessions, and the embedded world, whose sessions live as long as the process."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from steersman_tools.clock import WallClock
from steersman_tools.kubernetes.transport import connect, context_names
from steersman_tools.types import ToolFailed

from ...app import Tools, playground, sources, tools
from ...desk import Desk, desk
from ...durable import Once
from ...durable_dbos import Workflows
from ...gate import Actor
from ...journal import FileJournal
from ...remedy import Decision
from ...session import Session
from ...settings import Settings
from ...types import Request
from .house import Room


@contextmanager
def cluster(settings: Settings, owner: str) -> Iterator[Room]:
    """The cluster of the settings. Raises ToolFailed, BadPolicy where it cannot be used."""
    with sources(settings):
        pass  # a wrong kubeconfig is told at once, before anything is recorded
    with desk(settings.data, owner, partial(tools, settings)) as opened:
        name, others = _names(settings)
        yield Room(opened, WallClock(), lambda actor: tools(settings, opened.journal, actor), name, others)


def _names(settings: Settings) -> tuple[str, tuple[str, ...]]:
    """The cluster's name, and those of the others that the kubeconfig knows."""
    if settings.bundle:
        return str(settings.bundle), ()
    names = context_names(settings.kubeconfig)
    with closing(connect(settings.kubeconfig, settings.context)) as transport:
        name = transport.context
    return name, tuple(n for n in names if n != name)


@contextmanager
def embedded(fault: str) -> Iterator[Room]:
    """The example world some minutes after a fault. Raises KeyError where the catalogue has no such fault."""
    first = playground(fault)
    with tempfile.TemporaryDirectory() as folder, closing(FileJournal(Path(folder) / "sessions.db")) as journal:
        engine = InMemory(first, journal)
        yield Room(Desk(journal, engine), first.clock, engine.opened, "embedded world")
        engine.stop()


class InMemory(Workflows):
    """Runs the sessions of one world as tasks."""

    def __init__(self, world: Session, journal: FileJournal) -> None:
        self._world, self._journal = world, journal
        self._doors: dict[str, Once] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @contextmanager
    def opened(self, actor: Actor) -> Iterator[Tools]:
        """What the world's sessions are made with, in the name of that actor."""
        gear = self._world.equipment
        yield Tools(self._world.sources, gear and replace(gear, actor=actor))

    async def start(self, session: str, request: str) -> None:
        door = self._doors[session] = Once()
        made = Session(
            self._world.sources, self._world.clock, session, self._journal, self._world.equipment, durable=door
        )
        self._tasks[session] = asyncio.create_task(made.run(Request.model_validate_json(request)))

    async def decide(self, session: str, decision: Decision) -> None:
        if session not in self._doors:
            raise ToolFailed(f"There is no session {session} in this process.")
        self._doors[session].decide(decision)

    async def cancel(self, session: str) -> None:
        if session not in self._tasks:
            raise ToolFailed(f"There is no session {session} in this process.")
        self._tasks[session].cancel()

    async def resume(self, session: str) -> None:
        """Nothing outlives this process."""

    def stop(self) -> None:
        """Ends what still runs."""
        for task in self._tasks.values():
            task.cancel()
