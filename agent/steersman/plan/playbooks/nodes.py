"""Remedies for nodes: nothing reaches into a machine, so its work is moved to others and somebody is told."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.actions import Action, Drain
from steersman_tools.types import Ref

from ...faults import Fault
from ..book import playbook
from ..site import Draft, Site


@playbook(Fault.KUBELET_DOWN, Fault.CONTAINER_RUNTIME_DOWN)
def down(site: Site) -> Iterator[Draft]:
    """Its pods are made anew elsewhere now, rather than when the node controller gives it up after five minutes."""
    node = site.scene.nodes.get(site.entity.name)
    if node:
        notes = (
            f"The machine itself needs a person: restart kubelet on {node.name}, or replace it; then uncordon it.",
            "Pods of StatefulSets stay where they are until it is back: nobody can know that they have really ended.",
        )
        why = "nothing there is looked after any more; the others have room for what can be moved"
        yield Draft("drain", (Drain(target=site.entity),), why, notes, aim="contain")


@playbook(Fault.DISK_PRESSURE, Fault.MEMORY_PRESSURE, Fault.PID_PRESSURE, Fault.KUBE_PROXY_DOWN, Fault.NODE_NETWORK_DELAY, Fault.NODE_NETWORK_LOSS)  # fmt: skip
def sick(site: Site) -> Iterator[Draft]:
    """Its pods are moved, as their disruption budgets allow, if the others have room."""
    node = Ref("", "Node", site.entity.name)
    if node.name in site.scene.nodes:
        actions: tuple[Action, ...] = (Drain(target=node),)
        notes = (
            f"The machine itself needs a person: {site.cause.advice or 'look at ' + node.name}; then uncordon it.",
        )
        yield Draft("drain", actions, site.cause.summary, notes, aim="contain")


@playbook(Fault.SCHEDULER_UNAVAILABLE)
def scheduler(site: Site) -> Iterator[Draft]:
    """The control plane is not reached through its own API."""
    yield Draft("say", (), site.cause.summary, choices=(site.cause.advice,))
