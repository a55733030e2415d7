"""Clusters from folders: the formats that people send, and what may be wrong with them."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
import yaml

from steersman_tools.bundle import BundleReader
from steersman_tools.snapshot import LogQuery
from steersman_tools.types import Ref, Unreachable

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "a", "namespace": "shop", "creationTimestamp": "2026-03-14T15:00:00Z"},
    "spec": {"containers": [{"name": "main"}]},
}
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "s", "namespace": "shop"},
    "data": {"password": "aHVudGVyMg=="},
}
EVENT = {
    "kind": "Event",
    "involvedObject": {"kind": "Pod", "name": "a", "namespace": "shop"},
    "reason": "Failed",
    "type": "Warning",
    "message": "m",
    "lastTimestamp": "2026-03-14T15:09:26Z",
}


def write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(value if isinstance(value, bytes) else orjson.dumps(value))


async def test_a_cluster_info_dump(tmp_path: Path) -> None:
    """The layout of `kubectl cluster-info dump --output-directory`, its logs.txt included."""
    write(tmp_path / "nodes.json", {"kind": "NodeList", "items": [{"metadata": {"name": "n"}}]})
    write(tmp_path / "shop" / "pods.json", {"kind": "PodList", "items": [POD]})
    write(tmp_path / "shop" / "services.json", {"kind": "ServiceList", "items": []})
    write(tmp_path / "shop" / "events.json", {"kind": "EventList", "items": [EVENT]})
    text = (
        "==== START logs for container other of pod shop/a ====\nno\n==== END logs for container other of pod shop/a ====\n"
        "==== START logs for container main of pod shop/a ====\nyes\n==== END logs for container main of pod shop/a ====\n"
    )
    write(tmp_path / "shop" / "a" / "logs.txt", text.encode())
    reader = BundleReader(tmp_path)
    snapshot = await reader.snapshot(None)
    assert [r.ref for r in snapshot.all("Pod", "Node")] == [Ref("shop", "Pod", "a"), Ref("", "Node", "n")]
    assert snapshot.lacks(Ref("shop", "Service", "x"))
    assert not snapshot.lacks(Ref("ml", "Service", "x"))
    assert not snapshot.lacks(Ref("shop", "ConfigMap", "x"))
    assert str(snapshot.taken_at) == "2026-03-14 15:09:26+00:00"
    log = (await reader.logs([LogQuery(Ref("shop", "Pod", "a"), "main")]))[0]
    assert [line.text for line in log.lines] == ["yes"]


async def test_a_recording_of_the_lab(tmp_path: Path) -> None:
    """objects/GROUP/RESOURCE.json hold whole kinds; logs carry their stamps; alerts fire."""
    write(tmp_path / "version.json", {"gitVersion": "v1.20.2"})
    write(tmp_path / "objects" / "core" / "pods.json", {"items": [{k: v for k, v in POD.items() if k != "kind"}]})
    write(
        tmp_path / "objects" / "metrics.k8s.io" / "pods.json",
        {"kind": "PodMetricsList", "items": [{"metadata": POD["metadata"], "containers": []}]},
    )
    write(tmp_path / "logs" / "shop" / "a" / "main.log", b"2026-03-14T15:09:20Z now\n")
    write(tmp_path / "logs" / "shop" / "a" / "main.previous.log", b"2026-03-14T15:09:10Z before\n")
    write(
        tmp_path / "alerts.json", {"alerts": [{"labels": {"alertname": "Slow"}, "state": "firing", "annotations": {}}]}
    )
    reader = BundleReader(tmp_path)
    snapshot = await reader.snapshot(None)
    assert snapshot.version == "v1.20.2"
    assert snapshot.lacks(Ref("anywhere", "ConfigMap", "x"))
    assert [p.each("spec.containers")[0].text("name") for p in snapshot.all("Pod")] == ["main"]
    assert [a.name for a in snapshot.alerts] == ["Slow"]
    pod = Ref("shop", "Pod", "a")
    now, before = await reader.logs([LogQuery(pod, "main"), LogQuery(pod, "main", previous=True)])
    assert ([line.text for line in now.lines], [line.text for line in before.lines]) == (["now"], ["before"])
    assert str(snapshot.taken_at) == "2026-03-14 15:09:20+00:00"


@pytest.mark.parametrize("form", ["json", "yaml", "documents"])
async def test_a_single_file_of_anything(tmp_path: Path, form: str) -> None:
    """The output of `kubectl get ... -o json` or `-o yaml`, or a file of documents."""
    path = tmp_path / ("x.json" if form == "json" else "x.yaml")
    listing = {"apiVersion": "v1", "kind": "List", "items": [POD, SECRET]}
    path.write_text(
        {
            "json": orjson.dumps(listing).decode(),
            "yaml": yaml.safe_dump(listing),
            "documents": yaml.safe_dump_all([POD, SECRET]),
        }[form]
    )
    snapshot = await BundleReader(path).snapshot(None)
    assert {r.ref for r in snapshot.resources} == {Ref("shop", "Pod", "a"), Ref("shop", "Secret", "s")}
    assert "aHVudGVyMg" not in repr(snapshot.resources)


async def test_one_broken_file_is_a_gap(tmp_path: Path) -> None:
    """A file that is cut off is named; the rest is read."""
    write(tmp_path / "pods.json", {"kind": "PodList", "items": [POD]})
    write(tmp_path / "services.json", b'{"kind": "ServiceList", "items": [')
    write(tmp_path / "noise.yaml", b"\x00\x01: [")
    snapshot = await BundleReader(tmp_path).snapshot(None)
    assert [p.name for p in snapshot.all("Pod")] == ["a"]
    assert {"file services.json", "file noise.yaml"} <= {gap.what for gap in snapshot.not_checked}


async def test_logs_of_any_size_and_bytes(tmp_path: Path) -> None:
    """The end of a log of megabytes is read; bytes that are no text do no harm."""
    write(tmp_path / "pods.json", {"kind": "PodList", "items": [POD]})
    write(tmp_path / "logs" / "shop" / "a" / "main.log", b"x" * 5_000_000 + b"\n\xff\xfe last\n")
    reader = BundleReader(tmp_path)
    await reader.snapshot(None)
    log = (await reader.logs([LogQuery(Ref("shop", "Pod", "a"), "main")]))[0]
    assert log.lines[-1].text.endswith("last")
    assert log.truncated


@pytest.mark.parametrize("content", [{}, {"x.json": b"{}"}, {"x.json": b"{"}, {"readme.md": b"hello"}])
async def test_a_folder_without_objects_is_one_sentence(tmp_path: Path, content: dict[str, bytes]) -> None:
    """Nothing to read: the sentence says what to give instead."""
    for name, data in content.items():
        write(tmp_path / name, data)
    with pytest.raises(Unreachable, match="cluster-info dump"):
        await BundleReader(tmp_path).snapshot(None)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """A wrong path is one sentence."""
    with pytest.raises(Unreachable, match="There is no"):
        BundleReader(tmp_path / "nothing")
