"""Follows a session that heals, on a terminal or for a script, and asks where a person must decide."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal, TypeAlias

from ...types import Closed, Diagnosed, Entry, Judged, Progress, Request
from ..document import healing
from ..story import Story
from ..style import style_for

Answer: TypeAlias = Literal["yes", "no", "nobody"]
Decide: TypeAlias = Callable[[str, Answer], Awaitable[bool]]
"""Told the digest and what the person said; returns whether the session goes on now."""


async def follow(session: str, stream: AsyncIterator[Entry], request: Request, output: str, decide: Decide) -> int:
    """Shows the session as it goes, and returns the exit status: 0, or 3 when it ended without a verified repair."""
    story, entries = Story(style_for(sys.stdout)), list[Entry]()
    asks = request.approval == "ask" and request.act == "for real"
    async for entry in stream:
        entries.append(entry)
        event = entry.event
        if output == "jsonl":
            print(entry.model_dump_json(), flush=True)
        elif output == "text" and (told := story.tell(entry)):
            print(told, flush=True)
        elif output == "text" and isinstance(event, Progress) and sys.stderr.isatty():
            print(f"\r\033[K{event.text} ...\r", end="", file=sys.stderr, flush=True)
        if (
            isinstance(event, Judged)
            and event.effect == "ask"
            and asks
            and not await decide(event.digest, await _ask(event))
        ):
            break
    if output == "json":
        print(healing(session, request.question, entries).model_dump_json(by_alias=True, indent=2))
    return status(entries, request)


async def _ask(judged: Judged) -> Answer:
    if not sys.stdin.isatty():
        return "nobody"
    said = await asyncio.to_thread(input, f"Approve plan {judged.digest}? [y/N] ")
    return "yes" if said.strip().lower() in ("y", "yes") else "no"


def status(entries: list[Entry], request: Request) -> int:
    """The exit status of a session with these entries."""
    closed = next((e.event for e in reversed(entries) if isinstance(e.event, Closed)), None)
    seen = [e.event.diagnosis for e in entries if isinstance(e.event, Diagnosed)]
    match closed.outcome if closed else "":
        case "healed" | "answered" | "done":
            return 0
        case "nothing-to-do":
            return 3 if seen and seen[-1].causes and request.wants != "change" and request.act == "for real" else 0
        case "failed" if not seen:
            return 1
    return 3
