"""One inventory from labels, resources, DRA and exporters: slices are never devices, and nothing is zero that was not collected."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steersman.gpu.health import health
from steersman_tools.gpu.inventory import inventory
from steersman_tools.testing import Stage
from steersman_tools.types import Ref

from .clusters import device, node, seen, wants

SLICE = """
kind: ResourceSlice
metadata: {name: one-gpu}
spec:
  driver: gpu.nvidia.com
  nodeName: one
  pool: {name: one, generation: %d, resourceSliceCount: 1}
  devices:
  - name: gpu-0
    attributes: {type: {string: gpu}, uuid: {string: GPU-a}, productName: {string: NVIDIA H100}, driverVersion: {version: 580.95.5}}
    capacity: {memory: {value: 80Gi}}
    taints: [{key: gpu.nvidia.com/xid, value: "79", effect: NoSchedule}]
"""


def test_partitions_are_no_devices() -> None:
    """MIG `single`: the count label counts partitions then, so nobody says how many devices there are."""
    stage = Stage()
    labels = {"nvidia.com/mig.strategy": "single", "nvidia.com/gpu.product": "A100-SXM4-40GB-MIG-1g.5gb"}
    node(stage, "one", 7, labels=labels)
    found = inventory(stage.snapshot()).nodes[0]
    assert found.physical is None
    assert found.counts[0].form == "mig"


def test_turns_are_no_devices() -> None:
    """Time-slicing multiplies what is offered, not what there is."""
    stage = Stage()
    labels = {"nvidia.com/gpu.sharing-strategy": "time-slicing", "nvidia.com/gpu.replicas": "4"}
    node(stage, "one", 2, capacity=8, labels=labels)
    found = inventory(stage.snapshot()).nodes[0]
    assert found.physical is not None
    assert (found.physical.value, found.counts[0].form, found.counts[0].replicas, found.capacity) == (2, "shared", 4, 0)


@pytest.mark.parametrize(("resource", "vendor"), [("amd.com/gpu", "amd"), ("gpu.intel.com/i915", "intel")])
def test_other_makers(resource: str, vendor: str) -> None:
    """AMD's and Intel's resources are accelerators too."""
    stage = Stage()
    stage.nodes("one")
    stage.objects[0][1]["status"]["capacity"] = {resource: "2"}
    stage.objects[0][1]["status"]["allocatable"] = {resource: "2"}
    assert [(n.vendor, n.counts[0].free) for n in inventory(stage.snapshot()).nodes] == [(vendor, 2)]


def test_who_has_it() -> None:
    """Pod, workload, queue and tenant of every device that is held."""
    stage = Stage()
    node(stage, "one")
    stage.add("{kind: Namespace, metadata: {name: shop, labels: {cost-centre: r-and-d}}}")
    pod = stage.deployment("server", replicas=1, container=wants(2), node="one")[0]
    pod["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] = "research"
    estate = inventory(
        seen(stage, device("GPU-0", "one", pod=pod["metadata"]["name"], use=80, power=500)), "cost-centre"
    )
    held = estate.allocations[0]
    assert (held.workload, held.queue, held.tenant, held.count) == (Ref("shop", "Deployment", "server"), "research", "r-and-d", 2)  # fmt: skip
    assert [(t.tenant, t.power and t.power.value) for t in estate.tenants] == [("r-and-d", 500)]
    owner = estate.devices[0].owner
    assert owner is not None
    assert owner.pod.name == pod["metadata"]["name"]


def test_a_slice_of_an_old_generation_does_not_count() -> None:
    """DRA replaces a pool's slices by newer generations."""
    stage = Stage()
    node(stage, "one", 1)
    stage.add(SLICE % 2)
    stage.add((SLICE % 1).replace("one-gpu", "old").replace("GPU-a", "GPU-old"))
    assert [d.uuid for d in inventory(stage.snapshot()).devices] == ["GPU-a"]


def test_a_taint_of_the_driver_is_the_finding() -> None:
    """A device that its DRA driver taints with an error is failing, exporter or not."""
    stage = Stage()
    node(stage, "one", 1)
    stage.add(SLICE % 1)
    report = health(stage.snapshot())
    assert [(f.fault, f.entity.name) for f in report.findings] == [("gpu-lost", "GPU-a")]
    assert [d.state for d in report.devices] == ["failing"]


def test_not_collected_is_not_healthy() -> None:
    """Devices that nobody names are listed as not checked, and so are the metrics."""
    stage = Stage()
    node(stage, "one")
    report = health(replace(stage.snapshot(), gpus=None))
    assert [(d.state, d.index) for d in report.devices] == [("not checked", "4")]
    assert any(gap.what == "GPU metrics" for gap in report.not_checked)


@pytest.mark.parametrize(
    ("labels", "who"),
    [
        ({"dgxc.nvidia.com/nvsentinel-state": "remediating"}, "NVSentinel (remediating)"),
        ({"dgxc.nvidia.com/nvsentinel-state": "remediation-succeeded"}, ""),
        ({"nvidia.com/mig.config.state": "pending"}, "MIG manager (pending)"),
        ({"nvidia.com/mig.config.state": "success"}, ""),
    ],
)
def test_other_hands(labels: dict[str, str], who: str) -> None:
    """A node is another controller's while that is at work on it, and not afterwards."""
    stage = Stage()
    node(stage, "one", labels=labels)
    assert inventory(stage.snapshot()).nodes[0].remediator == who
