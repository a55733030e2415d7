"""Replicas for the load that is coming, and their end when it has passed. The number is the finding's: it was foretold from measures."""

from __future__ import annotations

import math
from collections.abc import Iterator

from steersman_tools.actions import Scale
from steersman_tools.quantity import amount

from ...faults import Fault
from ..book import playbook
from ..site import Draft, Site
from .resources import free


@playbook(Fault.LOAD_AHEAD, Fault.LOAD_PASSED)
def replicas(site: Site) -> Iterator[Draft]:
    """As many as were foretold: of the workload, or as the least of the autoscaler that decides about it."""
    if not site.cause.expected.isdigit():
        return
    wanted = int(site.cause.expected)
    name = "scale-ahead" if site.cause.fault == Fault.LOAD_AHEAD else "scale-back"
    if site.entity.kind == "HorizontalPodAutoscaler":
        yield Draft(name, (site.patch(("spec.minReplicas", wanted)),), site.cause.summary)
        return
    if site.workload is None:
        return
    notes, choices = _room(site, wanted - site.workload.desired)
    yield Draft(name, (Scale(target=site.entity, replicas=wanted),), site.cause.summary, notes, choices)


def _room(site: Site, more: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Whether so many more pods have room on the nodes, and what to do where they have not."""
    asked = {
        name: sum(amount(c.text(f"resources.requests.{name}", "0")) for c in site.workload.containers)
        for name in ("cpu", "memory")
    } if site.workload else {}  # fmt: skip
    asked = {name: size for name, size in asked.items() if size > 0}
    if more <= 0 or not asked:
        return (), ()
    fits = sum(
        max(0, min(math.floor(free(site, node, name) / size) for name, size in asked.items()))
        for node in site.scene.nodes
    )
    if fits >= more:
        return (), ()
    text = f"Only {fits} of {more} more pods of {site.entity.name} have room on the nodes that there are."
    return (text,), (f"Add nodes for {more - fits} more pods of {site.entity.name}, each asking for {_said(asked)}.",)


def _said(asked: dict[str, float]) -> str:
    units = {"cpu": (1.0, "cores"), "memory": (2.0**20, "MiB of memory")}
    return " and ".join(f"{size / units[name][0]:.3g} {units[name][1]}" for name, size in asked.items())
