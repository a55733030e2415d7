"""One incident driven from each face gives one log: a face adds nothing, leaves nothing out, and knows no other way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from steersman_evals.lab.bench import Bench, Cluster
from steersman_tools.types import Json, Ref

from ..world.process import Place, running_world
from .faces import FACES
from .process import breaks, serving, settled
from .same import same

STORY = ["question", "diagnosis", "plan", "verdict", "approval", "started", "done", "verified", "diagnosis", "closed"]


async def test_every_face_tells_the_same_story(tmp_path: Path) -> None:
    """Command line, API, page, chat, assistant, terminal UI, Slack: the same findings, plan, digest, verdicts, steps and end."""
    with running_world() as world, serving(world, tmp_path / "watch") as watch:

        async def broken() -> None:
            breaks(watch)

        await alike(world, broken, tmp_path)


@pytest.mark.lab
async def test_every_face_tells_the_same_story_of_a_real_cluster(bench: Bench, tmp_path: Path) -> None:
    """The same on the real control plane."""
    world = Place(str(bench.directory / "kubeconfig"), "shop")
    with closing(bench.connect()) as transport, serving(world, tmp_path / "watch") as watch:

        async def broken() -> None:
            body: Json = [{"op": "replace", "path": "/spec/ports/0/targetPort", "value": 9999}]
            await Cluster(transport).patch(Ref("shop", "Service", "payment"), body, "json")
            settled(watch)

        await alike(world, broken, tmp_path)


async def alike(world: Place, broken: Callable[[], Awaitable[None]], folder: Path) -> None:
    """One face after another meets the same fault, each with a record of its own."""
    told: dict[str, list[Any]] = {}
    for name, drive in FACES.items():
        await broken()
        told[name] = same(await drive(world, folder / name.replace(" ", "-")))
        assert told[name] == told["command line"], name
    assert [e["event"]["kind"] for e in told["command line"]] == STORY
