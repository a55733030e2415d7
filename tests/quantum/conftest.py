"""What the tests of quantum queues share: the twin behind a socket, on a clock that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from steersman_tools.quantum.ibm import IbmQuantum
from steersman_tools.quantum.twin.server import serving
from steersman_tools.quantum.twin.stage import account
from steersman_tools.quantum.twin.state import Twin
from steersman_tools.world.clock import SimulatedClock

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(NOW)


@pytest.fixture
def twin(clock: SimulatedClock) -> Twin:
    return account(clock)


@pytest.fixture
def address(twin: Twin) -> Iterator[str]:
    with serving(twin) as url:
        yield url


@pytest.fixture
async def ibm(address: str, clock: SimulatedClock) -> AsyncIterator[IbmQuantum]:
    made = IbmQuantum(
        "key", "crn:v1:bluemix:public:quantum-computing:us-east:a/abc:1::", f"{address}/api/v1", address, clock
    )
    yield made
    await made.close()
