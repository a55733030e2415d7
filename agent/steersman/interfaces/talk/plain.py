"""`steersman chat --plain`: the same conversation line by line, for screen readers, dumb terminals and pipes."""

from __future__ import annotations

import asyncio
import sys
from typing import TextIO

from steersman_tools.types import ToolFailed

from ...asking import Answered
from ...types import Judged
from ..access import Principal, Refused
from ..story import Story, plan_text
from .fleet import fleet_text
from .house import House
from .words import PLAIN, entry_lines, plan_of, reply_lines

HELP = (
    "Ask in plain words (why is NAME slow, heal NAMESPACE, list pods), or: plan, approve, reject, undo, stop, sessions, "
    "open SESSION, evidence, fleet, help, quit."
)


class Linear:
    """A conversation in lines. Nothing is redrawn, nothing needs colour."""

    def __init__(self, house: House, who: Principal, namespace: str | None, out: TextIO) -> None:
        self._house, self._who, self._namespace, self._out = house, who, namespace, out
        self._session = ""

    async def run(self, lines: TextIO, first: str = "") -> None:
        """Until `quit` or the end of the input."""
        self._tell(f"steersman, {self._house.room.cluster}, {self._who.id} ({self._who.role}). {HELP}")
        if first:
            await self.hear(first)
        while True:
            line = await asyncio.to_thread(lines.readline)
            if not line or line.strip() in ("quit", "exit"):
                return
            if line.strip():
                await self.hear(line.strip())

    async def hear(self, line: str) -> None:
        """One line of the person's."""
        try:
            await self._do(*line.split(maxsplit=1))
        except (ToolFailed, Refused) as error:
            self._tell(str(error))

    async def _do(self, word: str, rest: str = "") -> None:
        house, who, session = self._house, self._who, self._session
        needs = ("approve", "reject", "undo", "stop", "plan", "evidence")
        if word in needs and not rest and not session:
            self._tell("There is no session yet: ask something, or open one.")
            return
        digest = house.waiting_for(session) if session else ""
        match word, rest:
            case "help", "":
                self._tell(HELP)
            case "sessions", "":
                for s in house.sessions(who):
                    self._tell(f"{s.session} {s.outcome or 'open'}: {s.question or s.wants}. {'; '.join(s.causes)}")
            case "fleet", "":
                self._tell(fleet_text(await house.fleet(who)))
            case "open", name:
                if not house.entries(who, name):
                    raise ToolFailed(f"There is no session {name}: `sessions` lists them.")
                await self._follow(name)
            case "plan", "":
                plan, _ = plan_of([e.event for e in house.entries(who, session)])
                self._tell(plan_text(plan.plan, PLAIN) if plan else "No plan yet: `heal NAMESPACE` makes one.")
            case "evidence", "":
                self._evidence()
            case (("approve" | "reject"), given) if not given or given == digest:
                if not digest:
                    raise ToolFailed("No plan waits for a decision.")
                after = len(house.entries(who, session))
                if word == "approve":
                    await house.approve(who, session, digest)
                else:
                    await house.reject(who, session, digest, "rejected in the terminal")
                await self._follow(session, after)
            case "undo", "":
                after = len(house.entries(who, session))
                await house.undo(who, session)
                await self._follow(session, after)
            case "stop", "":
                await house.cancel(who, session)
            case _:
                await self._say(f"{word} {rest}".strip())

    async def _say(self, text: str) -> None:
        said = await self._house.say(self._who, text, self._namespace)
        if isinstance(said, Answered):
            self._tell("\n".join(reply_lines(said)))
        else:
            await self._follow(said)

    async def _follow(self, session: str, after: int = 0) -> None:
        """To its end, or to where it waits for a word."""
        self._session, story = session, Story(PLAIN)
        async for entry in self._house.follow(self._who, session, after):
            if told := entry_lines(story, entry):
                self._tell(told)
            event = entry.event
            if isinstance(event, Judged) and event.effect == "ask" and self._house.waiting_for(session):
                self._tell(f"Plan {event.digest} waits for you: plan, approve or reject.")
                return

    def _evidence(self) -> None:
        for entry in self._house.entries(self._who, self._session):
            if entry.event.kind == "diagnosis":
                for item in entry.event.diagnosis.evidence:
                    self._tell(f"{item.id} $ {item.call}\n{item.text}")
                return

    def _tell(self, text: str) -> None:
        print(text, file=self._out, flush=True)


async def linear(house: House, who: Principal, namespace: str | None, first: str) -> None:
    """On this process's own input and output."""
    await Linear(house, who, namespace, sys.stdout).run(sys.stdin, first)
