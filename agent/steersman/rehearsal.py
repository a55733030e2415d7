"""Plays a plan on the embedded world, loaded with the real cluster as it is now: advice for the gate, never a permission."""

from __future__ import annotations

from steersman_tools.clock import Clock
from steersman_tools.kubernetes.write import ClusterWriter
from steersman_tools.types import ToolFailed
from steersman_tools.world.inside import Inside, LivedTime, reader
from steersman_tools.world.world import World

from .diagnose import examine
from .execute import Hands
from .gather import Sources, look_around
from .healing import Rehearse
from .remedy import Plan
from .types import Rehearsed
from .verify import severity

SETTLE_SECONDS, EFFECT_SECONDS = 60.0, 120.0


def rehearsal(sources: Sources, clock: Clock) -> Rehearse:
    """Rehearses plans for the cluster behind the sources."""

    async def play(plan: Plan, namespace: str | None) -> Rehearsed:
        snapshot = await look_around(sources, namespace)
        try:
            world = World.load(snapshot)
            world.run_for(SETTLE_SECONDS)
            before = await _severity(world)
            hands = Hands(ClusterWriter(Inside(world)), LivedTime(world))
            for step in plan.steps:
                await hands.commit(await hands.prepare(step))
            world.run_for(EFFECT_SECONDS)
            after = await _severity(world)
        except (ToolFailed, ValueError) as error:
            return Rehearsed(digest=plan.digest, verdict="breaks", text=f"the plan could not be played: {error}")
        text = f"severity {before:.1f} → {after:.1f} after {EFFECT_SECONDS:.0f} simulated seconds"
        if after > before * 1.05 + 0.01:
            return Rehearsed(digest=plan.digest, verdict="breaks", text=text)
        return Rehearsed(digest=plan.digest, verdict="mends" if after < before else "changes-nothing", text=text)

    return play


async def _severity(world: World) -> float:
    return severity(examine(await reader(world).snapshot(None)))
