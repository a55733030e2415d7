"""How early a leak, a filling volume and a rising load are announced, and how often nothing is announced wrongly, by `steersman
forecast`'s own path on the embedded world: real objects, exporters and queries, simulated time.

    python benchmarks/early_warning_world.py [--days N] [--seed N]

Every day has its rise and fall, a noise. Every ten minutes everything that can run out is looked at. A
false warning is counted once an occasion (the same thing within two hours); what is at its limit is no warning. Then each growth in
turn, on the same world: minutes between the first warning and the limit.
"""

from __future__ import annotations

import argparse
import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from steersman.signals.ahead import Foretold, ahead, survey
from steersman.signals.limits import table
from steersman.signals.pulse import pulse
from steersman_tools.types import JsonObject
from steersman_tools.world.clock import SimulatedClock
from steersman_tools.world.world import World

EVERY = 600
OCCASION = timedelta(hours=2)
DOOR, USUAL, SWING = "books/storefront:80", 40.0, 0.5
MOST, FULL, KILLED = 144, 0.98, 0.3
"""Ten minutes that a growth may take, the share at which a thing is full, and the fall of it that shows a kill."""
WARM = 26
"""Hours before the first look: one day's rise must have been seen."""


@dataclass(frozen=True)
class Growth:
    """Something that grows: by a fault, or the load by so much of the usual each hour."""

    name: str
    what: str
    fault: JsonObject | None = None
    load: float = 0.0


GROWTHS = (
    Growth("a leak of 0.5 MiB a minute", "memory", {"image": "registry.example/books/basket", "override": {"memory_growth": "512Ki"}}),
    Growth("a volume that fills", "volume", {"image": "registry.example/books/postgres", "override": {"disk_growth": "15Mi"}}),
    Growth("a load that grows by the usual each hour", "cpu", load=1.0),
)  # fmt: skip


@dataclass
class Lived:
    """A world with a daily load."""

    world: World
    generator: np.random.Generator
    told: dict[tuple[str, str], datetime] = field(default_factory=dict)
    false: list[str] = field(default_factory=list)

    def live(self, steps: int, factor: Callable[[int], float] = lambda _: 1.0) -> None:
        """Ten minutes each, the load set every five; `factor` multiplies it by step."""
        for step in range(steps):
            for _ in range(2):
                hour = (self.world.clock.now().timestamp() / 3600) % 24
                daily = 1 + SWING * math.sin((hour - 9) / 24 * 2 * math.pi)
                noise = 1 + 0.05 * float(self.generator.normal())
                self.world.inject({"load": DOOR, "rps": USUAL * daily * max(noise, 0.5) * factor(step)})
                self.world.run_for(EVERY / 2)

    async def warnings(self) -> tuple[Foretold, ...]:
        now = self.world.clock.now()
        found = await ahead(self.world.metrics, now, await pulse(self.world.metrics, now), table())
        return tuple(each for each in found.warnings if each.ends.basis != "reached")

    async def watch(self, steps: int) -> None:
        """Nothing is wrong: whatever is announced is false."""
        for _ in range(steps):
            self.live(1)
            now = self.world.clock.now()
            for each in await self.warnings():
                key = (each.what, str(each.entity))
                if now - self.told.get(key, now - 2 * OCCASION) > OCCASION:
                    self.false.append(f"{now:%a %H:%M} {each.text()}")
                self.told[key] = now

    async def lead(self, growth: Growth) -> str:
        """Minutes between the first warning about that and the moment when its limit is reached (or, of memory, it was killed)."""
        announced: datetime | None = None
        before: dict[str, float] = {}
        for step in range(MOST):
            self.live(1, lambda _, at=step: 1 + growth.load * at / 6)  # type: ignore[misc]  # mypy knows no defaults of lambdas
            now = self.world.clock.now()
            if announced is None and any(each.what == growth.what for each in await self.warnings()):
                announced = now
            used = await self.used(growth.what)
            if any(share >= FULL or before.get(name, 0.0) - share > KILLED for name, share in used.items()):
                return (
                    "not announced"
                    if announced is None
                    else f"announced {(now - announced).total_seconds() / 60:.0f} minutes ahead"
                )
            before = used
        return f"did not reach its limit within {MOST * EVERY / 3600:.0f} hours"

    async def used(self, what: str) -> dict[str, float]:
        """The shares that are used of all things of a kind."""
        now = self.world.clock.now()
        seen = await survey(
            self.world.metrics, now, await pulse(self.world.metrics, now), [row for row in table() if row.what == what]
        )
        return {str(each.labels): each.used for each in seen.watched}


def main() -> None:
    """Prints the false warnings, then a line a growth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=float, default=7)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    asyncio.run(_run(options.days, options.seed))


async def _run(days: float, seed: int) -> None:
    world = World.from_file(clock=SimulatedClock(datetime(2026, 3, 2, tzinfo=UTC)))
    world.file.settings = replace(world.file.settings, scrape_seconds=60.0)
    lived = Lived(world, np.random.default_rng(seed))
    lived.live(WARM * 6)
    await lived.watch(round(days * 144))
    print(f"{len(lived.false)} false warnings in {days:g} days of {len(table())} kinds of limits", flush=True)
    for text in lived.false:
        print(f"  {text}", flush=True)
    for growth in GROWTHS:
        world.heal()
        lived.live(36)
        if growth.fault:
            world.inject(growth.fault)
        print(f"{growth.name}: {await lived.lead(growth)}", flush=True)


if __name__ == "__main__":
    main()
