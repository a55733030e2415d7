"""What tests share: the lab, where there is one. CI must have it; elsewhere its tests skip with a line that says how to get it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from steersman_evals.lab.bench import Bench, NoLab, running_lab
from steersman_evals.lab.restore import healthy
from steersman_tools.kubernetes.transport import Transport, connect

LAB_PORT = 17243
HOW = "put the lab beside the checkout (../shared/lab), and apt-get install etcd-server prometheus prometheus-alertmanager"


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A lab of the tests' own: the example shop, all pods ready."""
    try:
        with running_lab(tmp_path_factory.mktemp("lab") / "lab", LAB_PORT) as started:
            assert asyncio.run(healthy(started)), "the lab does not get well"
            yield started
    except NoLab as error:
        if os.environ.get("CI"):
            pytest.fail(f"CI needs the lab: {error}")
        pytest.skip(f"{error} ({HOW})")


@pytest.fixture
def disposable(request: pytest.FixtureRequest) -> Iterator[Transport]:
    """Any real API server that may be written to: $KUBECONFIG's if it is marked as disposable, else the lab's."""
    if os.environ.get("STEERSMAN_TEST_CLUSTER") == "1":
        transport = connect(Path(os.environ["KUBECONFIG"]), None)
    else:
        transport = request.getfixturevalue("bench").connect()
    with closing(transport):
        yield transport
