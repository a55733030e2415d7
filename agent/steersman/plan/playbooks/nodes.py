"""Remedies for nodes: nothing reaches into a machine, so its work is moved to others and somebody is told."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.actions import Action, Cordon, Drain
from steersman_tools.types import Ref

from ...faults import Fault
from ..book import playbook
from ..site import Draft, Site


@playbook(Fault.KUBELET_DOWN, Fault.CONTAINER_RUNTIME_DOWN)
def down(site: Site) -> Iterator[Draft]:
    """New pods are kept away; the node controller moves those there when it gives the node up."""
    node = site.scene.nodes.get(site.entity.name)
    if node and not node.flag("spec.unschedulable"):
        notes = (
            f"The machine itself needs a person: restart kubelet on {node.name}, or replace it; then uncordon it.",
        )
        yield Draft(
            "cordon",
            (Cordon(target=site.entity),),
            "no pod should be placed there until it is back",
            notes,
            aim="contain",
        )


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
