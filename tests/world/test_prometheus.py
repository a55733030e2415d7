"""A real Prometheus scrapes a world: its page is well formed, and what arrives is what the world says of itself."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from steersman_tools.fields import Fields
from steersman_tools.metrics import Match, Query
from steersman_tools.prometheus import Prometheus
from steersman_tools.types import Json
from steersman_tools.world import stage
from steersman_tools.world.clock import ShiftedClock
from steersman_tools.world.serving import serve

pytestmark = pytest.mark.lab


@contextmanager
def scraping(url: str, folder: Path) -> Iterator[str]:
    """Debian's Prometheus over the page at the URL; yields its own URL."""
    program = shutil.which("prometheus")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs Debian's prometheus")
        pytest.skip("there is no prometheus: apt-get install prometheus")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config = {"global": {"scrape_interval": "1s"}, "scrape_configs": [{"job_name": "world", "honor_labels": True, "static_configs": [{"targets": [url.removeprefix("http://")]}]}]}  # fmt: skip
    (folder / "prometheus.yml").write_text(json.dumps(config))
    command = [
        program,
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={address}",
    ]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield f"http://{address}"
        finally:
            process.terminate()


async def test_a_real_prometheus_reads_the_world(tmp_path: Path) -> None:
    """The target is up without a complaint; counts and rates of the copy are those of the world."""
    async with serve(stage.healthy(ShiftedClock(behind=stage.WELL_SECONDS))) as served:
        with scraping(served.url, tmp_path) as url, closing(Prometheus(url)) as prometheus:
            pods = Query(metric="kube_pod_info", aggregate="count")
            for _ in range(60):
                await asyncio.sleep(0.5)
                found = await seen(prometheus, pods)
                if found:
                    break
            assert found == {"": 23.0}
            target = Fields(await asyncio.to_thread(read, f"{url}/api/v1/targets")).each("data.activeTargets")[0]
            assert (target.text("health"), target.text("lastError")) == ("up", "")
            gpus = Query(
                metric="DCGM_FI_DEV_FB_USED", match=(Match(label="Hostname", value="gpu-1"),), aggregate="count"
            )
            assert await seen(prometheus, gpus) == {"": 4.0}
            await asyncio.sleep(10)
            rates = Query(metric="http_requests_total", function="rate", window=10, aggregate="sum", by=("service",))
            copied, own = (
                await seen(prometheus, rates),
                {s.labels.get("service", ""): s.values[-1] for s in served.world.metrics.now(rates)},
            )
            assert copied.keys() == own.keys()
            assert copied["storefront"] == pytest.approx(45, rel=0.25)


async def seen(prometheus: Prometheus, query: Query) -> dict[str, float]:
    """By service: the value."""
    return {s.labels.get("service", ""): s.values[-1] for s in await prometheus.instant(query)}


def read(url: str) -> Json:
    with urllib.request.urlopen(url, timeout=5) as response:
        value: Json = json.load(response)
        return value
