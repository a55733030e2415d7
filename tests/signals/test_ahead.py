"""What will run out is announced, with a query that a person can repeat; what rises every day, or is only full, is not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from steersman.signals.ahead import Ahead, ahead, survey
from steersman.signals.limits import Row, table
from steersman.signals.pulse import Pulse, pulse
from steersman.signals.testing import MadeMetrics
from steersman_tools.metrics import Series
from steersman_tools.types import Ref

NOW, STEP, POINTS = 1_700_000_000.0, 60.0, 2 * 1440 + 1
TIMES = [NOW - STEP * (POINTS - 1 - at) for at in range(POINTS)]
MOMENT = datetime.fromtimestamp(NOW, UTC)
BEAT = Pulse(interval=60.0, history=2 * 86400.0)
POD = {"namespace": "shop", "pod": "cart-7d9f-abcde", "container": "cart"}


def made(metric: str, values: Sequence[float] | np.ndarray | float, **labels: str) -> Series:
    course = np.full(POINTS, values, float) if isinstance(values, float | int) else np.asarray(values, float)
    return Series({"__name__": metric, **labels}, TIMES, course.tolist())


def noise(size: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=POINTS) * size


def growth(minutes: int, rise: float) -> np.ndarray:
    """Nothing, and then a steady rise by `rise` over the last minutes."""
    return np.clip((np.arange(POINTS) - (POINTS - 1 - minutes)) / minutes, 0, None) * rise


async def told(*series: Series, horizon: float = 7200.0, rows: Sequence[Row] | None = None) -> Ahead:
    return await ahead(MadeMetrics(series), MOMENT, BEAT, rows or table(), horizon)


async def test_a_leak_is_announced_with_a_time_and_a_repeatable_query() -> None:
    """The warning names the pod, the moment with its interval, and the query of this one series."""
    found = await told(
        made("container_memory_working_set_bytes", 1e8 + noise(1e6) + growth(120, 1e8), **POD),
        made("kube_pod_container_resource_limits", 2.56e8, **POD, resource="memory"),
    )

    (warning,) = found.warnings
    assert warning.entity == Ref("shop", "Pod", "cart-7d9f-abcde")
    assert warning.fault == "memory-leak"
    assert NOW + 2400 < (warning.ends.at or 0) < NOW + 5400
    assert (warning.ends.earliest or 0) <= (warning.ends.at or 0) <= (warning.ends.latest or 0)
    assert warning.call == 'container_memory_working_set_bytes{container="cart",namespace="shop",pod="cart-7d9f-abcde"}'
    assert "reaches its limit at" in warning.text()


async def test_a_rise_of_every_day_is_no_warning() -> None:
    """Memory that rises each morning as it did yesterday, and turns at noon, is let alone."""
    daily = 5e7 * (1 - np.cos(2 * np.pi * (np.arange(POINTS) - (POINTS - 1) + 720 - 200) / 1440)) / 2
    found = await told(
        made("container_memory_working_set_bytes", 1.5e8 + daily + noise(5e5), **POD),
        made("kube_pod_container_resource_limits", 2.3e8, **POD, resource="memory"),
    )

    assert found.warnings == ()
    assert found.watched == 1


async def test_a_filling_disk_is_known_by_what_is_left() -> None:
    """What is free falls; the warning says how much of the whole is used."""
    claim = {"namespace": "shop", "persistentvolumeclaim": "orders"}
    found = await told(
        made("kubelet_volume_stats_available_bytes", 5e9 - growth(240, 4e9) + noise(1e6), **claim),
        made("kubelet_volume_stats_capacity_bytes", 1e10, **claim),
    )

    (warning,) = found.warnings
    assert warning.entity == Ref("shop", "PersistentVolumeClaim", "orders")
    assert warning.fault == "disk-pressure"
    assert warning.used == pytest.approx(0.9, abs=0.01)


async def test_rising_load_is_announced_before_the_processor_is_full() -> None:
    """A counter of seconds is judged by its rate."""
    cores = 0.4 + growth(180, 0.45) + np.abs(noise(0.005))
    found = await told(
        made("container_cpu_usage_seconds_total", np.cumsum(cores) * STEP, **POD),
        made("kube_pod_container_resource_limits", 1.0, **POD, resource="cpu"),
    )

    assert [each.fault for each in found.warnings] == ["cpu-overload"]


async def test_a_pool_without_a_pod_is_named_by_its_address() -> None:
    """A database outside the cluster has only its scrape address."""
    found = await told(
        made("pg_stat_activity_count", np.round(20 + growth(120, 60)), instance="db-1:9187", state="active"),
        made("pg_settings_max_connections", 100.0, instance="db-1:9187"),
    )

    assert [(str(each.entity), each.fault) for each in found.warnings] == [
        ("/Instance/db-1", "db-connections-exhausted")
    ]


async def test_a_node_that_is_booked_out_is_no_trouble() -> None:
    """All GPUs are meant to be in use; memory that is used up is not."""
    found = await told(
        made("kube_pod_container_resource_requests", 4.0, node="gpu-0", resource="nvidia_com_gpu", pod="trainer"),
        made("kube_node_status_allocatable", 4.0, node="gpu-0", resource="nvidia_com_gpu"),
        made("node_memory_MemAvailable_bytes", 0.0, node="node-1"),
        made("node_memory_MemTotal_bytes", 1e10, node="node-1"),
    )

    assert [(each.what, each.ends.basis) for each in found.warnings] == [("node memory", "reached")]


async def test_what_cannot_be_asked_is_not_checked() -> None:
    """One broken question is named with its query; the others are answered."""
    source = MadeMetrics([made("node_memory_MemAvailable_bytes", 1e9, node="a"), made("node_memory_MemTotal_bytes", 1e10, node="a")],
                         frozenset({"kube_resourcequota"}))  # fmt: skip
    found = await survey(source, MOMENT, BEAT, table())

    assert [gap.what for gap in found.not_checked] == ['kube_resourcequota{type="used"}']
    assert [each.used for each in found.watched] == [pytest.approx(0.9)]


async def test_the_pulse_is_that_of_the_source() -> None:
    """Scrape interval and history are counted; a source that does not tell is taken for a usual one."""
    young = Series({"__name__": "up", "job": "a"}, [NOW - 5 * at for at in range(100, -1, -1)], [1.0] * 101)

    found = await pulse(MadeMetrics([young]), MOMENT)
    assert found.interval == pytest.approx(5, rel=0.1)
    assert found.history == pytest.approx(500, abs=30)
    assert await pulse(MadeMetrics([]), MOMENT) == Pulse()


def test_every_row_of_the_table_can_be_asked() -> None:
    """Each row has one query for its course, and something to measure it against."""
    for row in table():
        assert (row.use is None) != (row.free is None)
        assert (row.limit is not None) if row.use else (row.size or row.beside)
        assert row.ask(60.0).promql
