"""What the tests of the serving faces share: one world and one server, and worlds of their own for those that break something."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..world.process import Running, running_world
from .process import Served, serving


@pytest.fixture(scope="package")
def world() -> Iterator[Running]:
    with running_world() as running:
        yield running


@pytest.fixture(scope="package")
def served(world: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(world, tmp_path_factory.mktemp("served")) as running:
        yield running
