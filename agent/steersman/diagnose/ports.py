"""Ports of pods: what they declare, and which number a name stands for."""

from __future__ import annotations

from steersman_tools.fields import Fields
from steersman_tools.snapshot import Resource


def _containers(pod: Fields) -> list[Fields]:
    return [
        *pod.each("spec.containers"),
        *(c for c in pod.each("spec.initContainers") if c.text("restartPolicy") == "Always"),
    ]


def declared_ports(pod: Resource | Fields, protocol: str = "") -> set[int]:
    """The container ports that a pod (or a pod template) declares."""
    return {
        port.count("containerPort")
        for container in _containers(pod)
        for port in container.each("ports")
        if not protocol or port.text("protocol", "TCP") == protocol
    }


def number_of(port: str, pod: Resource | Fields) -> int | None:
    """The number of a port that is given as a number or as a name; None for a name that the pod does not declare."""
    if port.isdigit():
        return int(port)
    for container in _containers(pod):
        for entry in container.each("ports"):
            if port and entry.text("name") == port:
                return entry.integer("containerPort")
    return None
