"""The main job on the real thing: kube-apiserver, Prometheus, faults injected live."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import steersman_evals
from steersman.doctor import examine
from steersman.session import Session, Sources
from steersman.types import Diagnosed, Diagnosis, Request
from steersman_evals.lab.bench import Bench, Cluster, lab_home
from steersman_evals.lab.restore import Inventory, inventory
from steersman_evals.lab.run import answer, injected, one
from steersman_evals.lab.scenario import Scenario, load
from steersman_tools.bundle import BundleReader
from steersman_tools.kubernetes.read import ClusterReader
from steersman_tools.metrics import Query
from steersman_tools.prometheus import Alertmanager, Prometheus

pytestmark = pytest.mark.lab

SCENARIOS = load(Path(steersman_evals.__file__).parent / "scenarios")
CHOSEN = {
    "untouched", "service-target-port", "network-policy", "secret-rotated", "port-and-image",
}  # fmt: skip
"""A few of each group; `steersman-eval lab` runs them all."""
FAST = [s for s in SCENARIOS if s.name in CHOSEN]


@pytest.fixture(scope="module")
def cluster(bench: Bench) -> Iterator[Cluster]:
    with closing(bench.connect()) as transport:
        yield Cluster(transport)


@pytest.fixture(scope="module")
def before(cluster: Cluster) -> Inventory:
    return asyncio.run(inventory(cluster))


@pytest.mark.parametrize("scenario", FAST, ids=lambda s: s.name)
async def test_fault_is_named_first_and_nothing_else(
    bench: Bench, cluster: Cluster, before: Inventory, scenario: Scenario
) -> None:
    """The right fault at the right object, at rank 1, with no false cause; healthy clusters stay healthy."""
    result = await one(bench, cluster, before, scenario)
    assert result.right, result


async def test_a_recording_gives_the_same_answer(
    bench: Bench, cluster: Cluster, before: Inventory, tmp_path: Path
) -> None:
    """A folder that a person sends tells what the live cluster told: the lab's record and kubectl's own dump."""
    scenario = next(s for s in SCENARIOS if s.name == "service-target-port")
    async with injected(bench, cluster, scenario):
        live, _ = await answer(bench)
        command = [
            str(lab_home() / "lab"),
            "record",
            str(tmp_path / "record"),
            "--minutes",
            "1",
            "--dir",
            str(bench.directory),
        ]
        subprocess.run(command, check=True, capture_output=True)
    recorded = await diagnosis_of(tmp_path / "record")
    await one(bench, cluster, before, Scenario(name="restore", settle=0))
    assert [(c.fault, c.entity, c.observed, c.expected) for c in recorded.causes] == [
        (c.fault, c.entity, c.observed, c.expected) for c in live.causes
    ]


async def diagnosis_of(folder: Path) -> Diagnosis:
    async for entry in Session(Sources(BundleReader(folder))).start(Request()):
        if isinstance(entry.event, Diagnosed):
            return entry.event.diagnosis
    raise AssertionError("no answer")


async def test_real_prometheus_and_alertmanager(bench: Bench) -> None:
    """Queries, alerts, rules and silences of the real programs arrive as values."""
    with (
        closing(Prometheus(str(bench.settings.prometheus))) as prometheus,
        closing(Alertmanager(str(bench.settings.alertmanager))) as manager,
    ):
        found = await prometheus.instant(Query(metric="kube_pod_info", aggregate="count", by=("namespace",)))
        assert {s.labels["namespace"] for s in found} >= {"shop", "ml"}
        assert {r.name for r in await prometheus.rules()} >= {"HighErrorRate", "NodeNotReady"}
        assert await manager.silences() == ()
        await prometheus.alerts()


async def test_doctor_finds_everything(bench: Bench) -> None:
    """On the lab nothing is missing."""
    checks = [check async for check in examine(bench.settings)]
    assert {c.state for c in checks} == {"ok"}, checks


async def test_reading_with_few_rights(bench: Bench, tmp_path: Path) -> None:
    """A user who may read one namespace gets an answer about it, and is told what was not checked."""
    with closing(bench.connect()) as transport:
        cluster = Cluster(transport)
        await cluster.create({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "viewer", "namespace": "shop"},
                              "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
                              "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "shop"}]})  # fmt: skip
        transport.api.default_headers["Impersonate-User"] = "system:serviceaccount:shop:default"
        transport.namespace = "shop"
        snapshot = await ClusterReader(transport).snapshot(None)
        del transport.api.default_headers["Impersonate-User"]
    gaps = " ".join(gap.what for gap in snapshot.not_checked)
    assert "nodes" in gaps
    assert "secrets" in gaps
    assert {p.namespace for p in snapshot.all("Pod")} == {"shop"}
