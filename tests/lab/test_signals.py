"""Signals on a real Prometheus: one batch, its judgement, and a leak announced before it kills. The lab's time is compressed: a leak
that would take a night takes minutes, at a point a second."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest

from steersman.signals.ahead import Foretold, ahead
from steersman.signals.estate import edges, hosts
from steersman.signals.facts import judgements, ranking
from steersman.signals.limits import table
from steersman.signals.live import Batch, read
from steersman.signals.pulse import pulse
from steersman_evals.lab.bench import Bench, Cluster
from steersman_evals.lab.restore import healthy
from steersman_tools.prometheus import Prometheus

pytestmark = pytest.mark.lab

CART = "registry.example/shop/cart"


async def _read(bench: Bench, minutes: float = 5) -> Batch:
    return await read(Prometheus(bench.environment["PROMETHEUS_URL"]), datetime.now(UTC), minutes, step=1.0)


async def test_the_estate_is_read_in_one_batch(bench: Bench) -> None:
    """Every question is answered, and services, calls and places come out of the answers."""
    batch = await _read(bench)

    assert batch.not_checked == ()
    assert ("shop/Service/frontend", "shop/Service/cart") in {(edge.caller, edge.callee) for edge in edges(batch)}
    assert "shop/Service/cart" in {judged.service for judged in judgements(batch)}
    assert any(place.startswith("node-") for place in hosts(batch).values())
    assert ranking(batch, batch.now - 30).graph == "given"


async def test_a_leak_is_announced_before_it_kills(bench: Bench) -> None:
    """Forty megabytes a minute: the cart's memory is announced, with a query that answers, while there is still a minute left."""
    await _anew(bench)
    bench.control("/fault", {"image": CART, "override": {"memory_growth": "40Mi"}})
    try:
        told = await _told(bench, 150)
    finally:
        bench.control("/heal", {})

    assert told is not None
    assert told.ends.at is not None
    assert told.ends.at - time.time() > 60
    assert told.fault == "memory-leak"
    assert "container_memory_working_set_bytes{" in told.call


async def _anew(bench: Bench) -> None:
    """New pods of the cart: the lab reckons the leak from a container's start, and an old one would be full at once."""
    with closing(bench.connect()) as transport:
        await Cluster(transport).delete_pods("shop", "app=cart")
    await asyncio.sleep(3)
    assert await healthy(bench)


async def _told(bench: Bench, seconds: float) -> Foretold | None:
    """The first warning about the cart's memory within so many seconds."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        source, now = Prometheus(bench.environment["PROMETHEUS_URL"]), datetime.now(UTC)
        told = await ahead(source, now, await pulse(source, now), table())
        found = [
            each for each in told.warnings if each.what == "memory" and str(each.entity).startswith("shop/Pod/cart-")
        ]
        if found:
            return found[0]
        await asyncio.sleep(5)
    return None
