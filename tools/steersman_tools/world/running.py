"""`steersman world`: serves a world until stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from ..snapshot import Snapshot
from ..types import ToolFailed
from .clock import ShiftedClock
from .serving import serve
from .world import EXAMPLE, World


class PortTaken(ToolFailed):
    """The port is in use; the text says what to do."""


async def run_world(port: int = 0, file: Path | None = None, snapshot: Snapshot | None = None, *, say: Callable[[str], None],
                    stop: asyncio.Event | None = None) -> None:  # fmt: skip
    """Serves a world on loopback until `stop` is set, or for ever; `say` gets the lines for the user.

    A world file, a snapshot, or the example shop. Raises ToolFailed with a sentence for a person.
    """
    world = World.load(snapshot, ShiftedClock()) if snapshot else World.from_file(file or EXAMPLE, ShiftedClock())
    try:
        async with serve(world, port) as served:
            say(f"export KUBECONFIG={served.kubeconfig}")
            say(
                f"# A cloud of {len(world.kubelets.machines)} nodes listens at {served.url}; series at {served.url}/metrics."
            )
            say(
                f'# Break it: curl -X POST {served.control_url}/fault -d \'{{"node": "NAME", "kind": "node_down"}}\'. Ctrl-C ends it.'
            )
            await (stop or asyncio.Event()).wait()
    except OSError as error:
        raise PortTaken(f"Port {port} cannot be used ({error.strerror}): choose another one with --port.") from error
