"""The pictures of the documentation are the snapshots: a screen must look as docs/pictures/chat-NAME.svg, but for clocks and names by chance.

`STEERSMAN_PICTURES=docs/pictures pytest tests/conversing` draws them anew, for a person to look at before they are kept.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input, Static

from steersman.interfaces.tui.app import Chat

PICTURES = os.environ.get("STEERSMAN_PICTURES", "")
KEPT = Path(__file__).parents[2] / "docs" / "pictures"
CHANCE = (
    (r"terminal-\d+", "terminal"),  # Rich's name for the picture's styles
    (r"\b\d{8}-\d{6}-[0-9a-f]{8}\b", "SESSION"),
    (r"\b[0-9a-f]{8}\b", "SESSION"),
    (r"\d+\.\d&#160;s", "SECONDS"),
    (r"for&#160;\d+&#160;s", "SECONDS"),
    (r"\d\d:\d\d(:\d\d)?", "TIME"),
)
"""What differs between two runs, as wide as ever; nothing else may."""


def settled(svg: str) -> str:
    """A picture without what differs by chance."""
    for sign, word in CHANCE:
        svg = re.sub(sign, word, svg)
    return svg


def same(app: Chat, name: str) -> bool:
    """Whether the screen looks as its picture; with STEERSMAN_PICTURES, it becomes its picture."""
    drawn = app.export_screenshot()
    if PICTURES:
        Path(PICTURES, f"chat-{name}.svg").write_text(drawn)
        return True
    return settled(drawn) == settled((KEPT / f"chat-{name}.svg").read_text())


@asynccontextmanager
async def screen(app: Chat) -> AsyncIterator[Pilot[None]]:
    """The app at 80×24, with nothing that moves by itself."""
    async with app.run_test(size=(80, 24)) as pilot:
        app.animation_level = "none"
        app.query_one("#ask", Input).cursor_blink = False
        await still(pilot)
        yield pilot


async def still(pilot: Pilot[None]) -> None:
    """Until what was begun has been drawn."""
    for _ in range(3):
        await pilot.pause(0.05)


async def until(pilot: Pilot[None], true: Callable[[], object], seconds: float = 60) -> None:
    """Until it is so, and drawn."""
    async with asyncio.timeout(seconds):
        while not true():
            await pilot.pause(0.05)
    await still(pilot)


def shown(app: Chat, selector: str) -> str:
    """What the screen in front says there."""
    return "\n".join(str(line.content) for line in app.screen.query(selector).results(Static))
