"""`steersman world`: serves a world until stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from ..bundle import BundleReader
from .clock import ShiftedClock
from .serving import Served, serve
from .world import EXAMPLE, World


async def prepared(file: Path | None = None, bundle: Path | None = None) -> World:
    """The world of a bundle, of a world file, or the example shop, at the machine's own time.

    Raises ToolFailed with a sentence for a person.
    """
    if bundle is None:
        return World.from_file(file or EXAMPLE, ShiftedClock())
    return World.load(await BundleReader(bundle).snapshot(None), ShiftedClock())


async def run_world(world: World, port: int, say: Callable[[str], None], stop: asyncio.Event) -> None:
    """Serves a world on loopback until `stop` is set; `say` gets the lines for the user. Raises PortTaken."""
    async with serve(world, port) as served:
        for line in _greeting(served):
            say(line)
        await stop.wait()


def _greeting(served: Served) -> list[str]:
    """What a person needs to know; the first line is for the shell, the rest are its comments."""
    pods = len(served.world.kubelets.pods)
    return [
        f"export KUBECONFIG={served.kubeconfig}",
        f"# A cloud of {len(served.world.kubelets.machines)} nodes and {pods} pods listens at {served.url}; Ctrl-C ends it.",
        f"# Look at it:  steersman investigate --kubeconfig {served.kubeconfig} --prometheus {served.prometheus_url}",
        f'# Break it:    curl -d \'{{"name": "wrong-target-port"}}\' {served.control_url}/fault    (others: {served.control_url}/faults)',
        f"# Its series for a Prometheus of yours: {served.url}/metrics; what is really so: {served.control_url}/state",
    ]
