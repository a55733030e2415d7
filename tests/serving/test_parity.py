"""One incident driven from each face gives one log: a face adds nothing, leaves nothing out, and knows no other way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..world.process import running_world
from .faces import FACES
from .process import breaks, serving
from .same import same


async def test_every_face_tells_the_same_story(tmp_path: Path) -> None:
    """Command line, API, page, chat, assistant, terminal UI: the same findings, plan, digest, verdicts, steps and end."""
    told: dict[str, list[Any]] = {}
    with running_world() as world, serving(world, tmp_path / "watch") as watch:
        for name, drive in FACES.items():
            breaks(watch)
            told[name] = same(await drive(world, tmp_path / name.replace(" ", "-")))
            assert told[name] == told["command line"], name
    assert [e["event"]["kind"] for e in told["command line"]] == [
        "question", "diagnosis", "plan", "verdict", "approval", "started", "done", "verified", "diagnosis", "closed",
    ]  # fmt: skip
