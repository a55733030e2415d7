"""Reads a GPU cluster trace: a list of nodes and one list of pods a workload."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from steersman.gpu.placement.fleet import WHOLE, Request, Room

from ..cli import Unusable

_NODE, _POD = {"sn", "cpu_milli", "memory_mib", "gpu", "model"}, {"cpu_milli", "memory_mib", "num_gpu", "gpu_milli"}


@dataclass(frozen=True)
class Trace:
    """One workload and the cluster that it ran on."""

    name: str
    rooms: tuple[Room, ...]
    pods: tuple[Request, ...]

    @property
    def gpus(self) -> int:
        """The cluster's GPUs, in thousandths."""
        return sum(sum(room.gpus) for room in self.rooms)


def load(data: Path) -> list[Trace]:
    """Every workload below the folder with the nodes beside it. Unusable when there is none."""
    found = []
    for folder in sorted({path.parent for path in data.rglob("*.csv")}):
        nodes, pods = [], []
        for path in sorted(folder.glob("*.csv")):
            with path.open(newline="", encoding="utf-8") as file:
                heads = set(csv.DictReader(file).fieldnames or ())
            if heads >= _NODE:
                nodes.append(path)
            elif heads >= _POD:
                pods.append(path)
        nodes = nodes or sorted(folder.parent.glob("*node*.csv"))
        if pods and nodes:
            rooms = tuple(_room(row) for row in _rows(nodes[0]))
            found += [Trace(_name(path), rooms, tuple(_request(row) for row in _rows(path))) for path in pods]
    if not found:
        raise Unusable(f"no lists of nodes and pods are below {data}; unpack gpu-trace.tar.xz and give its folder")
    return found


def _name(path: Path) -> str:
    return path.stem.removeprefix("openb_pod_list_")


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _room(row: Mapping[str, str]) -> Room:
    return Room(
        node=row["sn"],
        model=row["model"],
        cpu=int(float(row["cpu_milli"])),
        memory=int(float(row["memory_mib"])),
        gpus=(WHOLE,) * int(float(row["gpu"] or 0)),
    )


def _request(row: Mapping[str, str]) -> Request:
    count = int(float(row["num_gpu"] or 0))
    share = int(float(row["gpu_milli"] or 0))
    return Request(
        cpu=int(float(row["cpu_milli"])),
        memory=int(float(row["memory_mib"])),
        count=count,
        share=share if count == 1 and share else WHOLE,
        models=frozenset(filter(None, (row.get("gpu_spec") or "").split("|"))),
    )
