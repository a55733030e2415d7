"""One incident driven from each face gives one log: a face adds nothing, leaves nothing out, and knows no other way."""

from __future__ import annotations

from pathlib import Path

from ..world.process import running_world
from .faces import FACES, by_command_line, by_mcp
from .process import breaks, serving
from .same import same


async def test_every_face_tells_the_same_story(tmp_path: Path) -> None:
    """The command line, the API, the page, a chat and an assistant: the same findings, plan, digest, verdicts, steps and end."""
    with running_world() as world, serving(world, tmp_path / "served") as served:
        breaks(served)
        told = same(by_command_line(world.kubeconfig, tmp_path / "cli"))
        assert [e["event"]["kind"] for e in told] == [
            "question", "diagnosis", "plan", "verdict", "approval", "started", "done", "verified", "diagnosis", "closed",
        ]  # fmt: skip
        for name, drive in FACES.items():
            breaks(served)
            assert same(drive(served)) == told, name
        breaks(served)
        assert same(await by_mcp(served)) == told, "mcp"
