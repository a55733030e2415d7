"""Remedies for nodes: only an agent of the site reaches into a machine; without one its work is moved to others and somebody is told."""

from __future__ import annotations

from collections.abc import Iterator

from steersman_tools.actions import Action, CleanDisk, ClearPod, Drain, RebootNode, Uncordon
from steersman_tools.fields import Fields
from steersman_tools.types import Ref

from ...faults import Fault
from ..book import playbook
from ..site import Draft, Site

MOST_LEFT = 4
"""Remains of evicted pods that one plan clears away: a plan changes five objects at the most."""


@playbook(Fault.KUBELET_DOWN, Fault.CONTAINER_RUNTIME_DOWN)
def down(site: Site) -> Iterator[Draft]:
    """Its pods are made anew elsewhere now, rather than when the node controller gives it up after five minutes."""
    node = site.scene.nodes.get(site.entity.name)
    if node:
        if annotation := site.scene.snapshot.node_operations:
            again = RebootNode(
                target=site.entity, annotation=annotation, boot_id=node.text("status.nodeInfo.bootID")
            )  # fmt: skip
            back = () if node.flag("spec.unschedulable") else (Uncordon(target=site.entity),)
            yield Draft("drain-and-reboot", (Drain(target=site.entity), again, *back), site.cause.summary)
        notes = (
            f"The machine itself needs a person: restart kubelet on {node.name}, or replace it; then uncordon it.",
            "Pods of StatefulSets stay where they are until it is back: nobody can know that they have really ended.",
        )
        why = "nothing there is looked after any more; the others have room for what can be moved"
        yield Draft("drain", (Drain(target=site.entity),), why, notes, aim="contain")


@playbook(Fault.DISK_PRESSURE, Fault.MEMORY_PRESSURE, Fault.PID_PRESSURE, Fault.KUBE_PROXY_DOWN, Fault.NODE_NETWORK_DELAY, Fault.NODE_NETWORK_LOSS)  # fmt: skip
def sick(site: Site) -> Iterator[Draft]:
    """Its pods are moved, as their disruption budgets allow, if the others have room."""
    node, agent = Ref("", "Node", site.entity.name), site.scene.snapshot.node_operations
    if agent and site.cause.fault == Fault.DISK_PRESSURE:
        notes = (f"It comes again unless somebody finds out what fills the disk of {node.name}.",)
        left = [p for p in site.scene.snapshot.all("Pod") if p.text("spec.nodeName") == node.name and _evicted(p)]
        actions: tuple[Action, ...] = (
            CleanDisk(target=node, annotation=agent),
            *(ClearPod(target=p.ref) for p in left[:MOST_LEFT]),
        )
        yield Draft("clean-disk", actions, site.cause.summary, notes)
    if node.name in site.scene.nodes:
        notes = (
            f"The machine itself needs a person: {site.cause.advice or 'look at ' + node.name}; then uncordon it.",
        )
        yield Draft("drain", (Drain(target=node),), site.cause.summary, notes, aim="contain")


def _evicted(pod: Fields) -> bool:
    return pod.text("status.phase") == "Failed" and pod.text("status.reason") == "Evicted"


@playbook(Fault.SCHEDULER_UNAVAILABLE)
def scheduler(site: Site) -> Iterator[Draft]:
    """The control plane is not reached through its own API."""
    yield Draft("say", (), site.cause.summary, choices=(site.cause.advice,))
