"""The exporter's traps: sentinels, exported labels, memories that never fade, series that are off."""

from __future__ import annotations

from datetime import timedelta

import pytest

from steersman_tools.gpu.exporter import Looks, assemble, everything, read
from steersman_tools.metrics import Series
from steersman_tools.testing import NOW, FakeMetrics

ONE = {"UUID": "GPU-1", "Hostname": "gpu-0", "gpu": "0", "modelName": "H100"}


def series(name: str, value: float, **labels: str) -> Series:
    return Series({**ONE, **labels, "__name__": name}, [NOW.timestamp()], [value])


def test_blank_values_are_not_collected() -> None:
    """DCGM's 9223372036854775794 means 'not supported', not a number."""
    found = assemble(
        Looks(NOW, [series("DCGM_FI_DEV_MEMORY_TEMP", 9223372036854775794), series("DCGM_FI_DEV_GPU_TEMP", 40)])
    )
    assert found.devices[0].value("memory-temperature") is None
    assert found.devices[0].value("temperature") == 40


@pytest.mark.parametrize(
    ("labels", "pod"),
    [
        (
            {
                "exported_pod": "train-0",
                "exported_namespace": "ml",
                "pod": "dcgm-exporter-x",
                "namespace": "gpu-operator",
            },
            "ml/Pod/train-0",
        ),
        ({"pod": "train-0", "namespace": "ml"}, "ml/Pod/train-0"),
        ({}, "None"),
    ],
)
def test_the_owner_is_the_workloads_pod(labels: dict[str, str], pod: str) -> None:
    """Where a scrape keeps its own labels, the plain ones are the exporter's."""
    found = assemble(Looks(NOW, [series("DCGM_FI_DEV_GPU_UTIL", 90, **labels)]))
    assert str(found.devices[0].pod) == pod


def test_an_idle_device_beside_busy_ones_has_no_owner() -> None:
    """The exporter's own pod, on a device that nobody uses, owns nothing."""
    busy = series("DCGM_FI_DEV_GPU_UTIL", 90, exported_pod="train-0", exported_namespace="ml", pod="dcgm-exporter-x")
    idle = Series({**ONE, "UUID": "GPU-2", "__name__": "DCGM_FI_DEV_GPU_UTIL", "pod": "dcgm-exporter-x"}, [0.0], [0.0])
    found = {d.uuid: d.pod for d in assemble(Looks(NOW, [busy, idle])).devices}
    assert found["GPU-2"] is None
    assert found["GPU-1"] is not None


def test_what_is_off_by_default_is_absent_and_said() -> None:
    """ECC, throttling and links are not zero where the exporter does not collect them."""
    found = assemble(Looks(NOW, [series("DCGM_FI_DEV_GPU_UTIL", 0)]))
    assert found.devices[0].value("ecc-double") is None
    assert "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL" in found.gaps[0].what


@pytest.mark.parametrize(("before", "now", "share"), [(0.0, 60e9, 0.1), (500e9, 60e9, 0.1), (60e9, 60e9, 0.0)])
def test_stalls_are_shares_of_the_last_minutes(before: float, now: float, share: float) -> None:
    """Nanoseconds of a counter become a share; a counter that began again counts from zero."""
    looks = Looks(
        NOW, [series("DCGM_FI_DEV_THERMAL_VIOLATION", now)], [series("DCGM_FI_DEV_THERMAL_VIOLATION", before)]
    )
    assert assemble(looks).devices[0].value("thermal-stalled") == pytest.approx(share)


def test_a_counter_without_a_past_says_nothing() -> None:
    """One sample of a counter is no increase."""
    assert (
        assemble(Looks(NOW, [series("DCGM_FI_DEV_THERMAL_VIOLATION", 9e12)])).devices[0].value("thermal-stalled")
        is None
    )


def test_the_last_code_gets_a_time() -> None:
    """How the gauge went, over series that came and went with their pods; a reset shows as none."""
    t = NOW.timestamp()
    with_pod = Series({**ONE, "pod": "a"}, [t - 600, t - 500], [48.0, 0.0])
    without = Series(ONE, [t - 100, t], [79.0, 79.0])
    found = assemble(Looks(NOW, [series("DCGM_FI_DEV_XID_ERRORS", 79)], errors=[with_pod, without]))
    assert [(code, round((NOW - at).total_seconds())) for at, code in found.devices[0].codes] == [
        (48, 600),
        (0, 500),
        (79, 100),
    ]


def test_mig_partitions_are_devices_of_their_own() -> None:
    """Two partitions of one GPU are two readings with one UUID."""
    parts = [series("DCGM_FI_PROF_GR_ENGINE_ACTIVE", 0.5, GPU_I_ID=i, GPU_I_PROFILE="3g.40gb") for i in ("1", "2")]
    assert [(d.uuid, d.instance, d.profile) for d in assemble(Looks(NOW, parts)).devices] == [
        ("GPU-1", "1", "3g.40gb"),
        ("GPU-1", "2", "3g.40gb"),
    ]


def test_a_servers_cache() -> None:
    """vLLM's figures by pod; preemptions are those of the last minutes; the old name of the cache is understood."""
    labels = {"namespace": "ml", "pod": "llm-0", "model_name": "llama"}
    now = [
        Series({**labels, "__name__": n}, [1.0], [v])
        for n, v in (("vllm:gpu_cache_usage_perc", 0.99), ("vllm:num_preemptions_total", 30.0))
    ]
    before = [Series({**labels, "__name__": "vllm:num_preemptions_total"}, [0.0], [10.0])]
    (server,) = assemble(Looks(NOW, now, before)).servers
    assert (str(server.pod), server.value("cache-use"), server.value("preemptions")) == ("ml/Pod/llm-0", 0.99, 20.0)


async def test_no_answer_is_a_gap() -> None:
    """A Prometheus that does not answer leaves GPUs not checked; it raises nothing."""
    found = await read(FakeMetrics(broken="http://x does not answer."), NOW - timedelta(minutes=1))
    assert (found.devices, found.gaps[0].what) == ((), "GPU metrics")


def test_one_question_fetches_everything() -> None:
    """All gauges come with one query."""
    assert everything().promql.startswith('{__name__=~"DCGM_FI_DEV_GPU_UTIL|')
