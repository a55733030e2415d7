"""Remedies for pods that find no node."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from steersman_tools.actions import Uncordon, Untaint
from steersman_tools.types import Json, Ref

from ...faults import Fault
from ..book import playbook
from ..site import Draft, Site


@playbook(Fault.NODE_CORDONED)
def uncordon(site: Site) -> Iterator[Draft]:
    """The cordoned nodes, let in again; who cordoned them may have had a reason, so a person is asked."""
    nodes = re.findall(r"[\w.-]+", site.cause.observed.removeprefix("cordoned: ")) or [site.entity.name]
    actions = tuple(Uncordon(target=Ref("", "Node", n)) for n in nodes if n in site.scene.nodes)
    notes = ("Whoever cordoned the node may be at work on it: ask before you approve.",)
    yield Draft("uncordon", actions, "no other node fits", notes)


@playbook(Fault.TAINT_NOT_TOLERATED)
def untaint(site: Site) -> Iterator[Draft]:
    """The new taint taken off; for a workload, a toleration."""
    nodes = re.search(r"^taint (?P<keys>.+) on (?P<nodes>.+)$", site.cause.observed)
    if site.entity.kind == "Node" and nodes:
        actions = []
        for name in nodes["nodes"].split(", "):
            node = site.scene.nodes.get(name)
            for taint in node.each("spec.taints") if node else []:
                if taint.text("key") in nodes["keys"] and not taint.text("key").startswith("node.kubernetes.io/"):
                    actions.append(Untaint(target=Ref("", "Node", name), key=taint.text("key")))
        yield Draft("untaint", tuple(actions), "pods that do not tolerate it were running there before it came")
    elif site.workload:
        keys = [k for k in re.findall(r"[\w./-]+", site.cause.observed) if "/" in k or k]
        taints = [t for n in site.scene.nodes.values() for t in n.each("spec.taints") if t.text("key") in keys]
        if taints:
            taint = taints[0]
            toleration: Json = {"key": taint.text("key"), "operator": "Exists", "effect": taint.text("effect")}
            old = site.workload.spec.get("tolerations")
            path = f"{site.workload.spec_path}.tolerations"
            now = old if isinstance(old, list) else []
            notes = ("The taint may be there to keep exactly this workload away: ask before you approve.",)
            yield Draft("tolerate", (site.patch((path, [*now, toleration])),), "no node without the taint fits", notes)


@playbook(Fault.NODE_SELECTOR_MISMATCH)
def selector(site: Site) -> Iterator[Draft]:
    """The label given back to the node that lost it, or the nearest value that nodes have."""
    if site.entity.kind == "Node":
        labels = dict(p.split("=", 1) for p in site.cause.expected.split(", ") if "=" in p)
        fields: list[tuple[str, Json]] = [(f"metadata.labels['{k}']", v) for k, v in labels.items()]
        if fields:
            yield Draft("label-node", (site.patch(*fields),), f"its pods were placed there for {site.cause.expected}")
        return
    if site.workload is None:
        return
    wanted, path = site.workload.spec.map("nodeSelector"), f"{site.workload.spec_path}.nodeSelector"
    for key, value in wanted.items():
        values = sorted({n.labels[key] for n in site.scene.nodes.values() if key in n.labels})
        if value in values:
            continue
        for near in difflib.get_close_matches(value, values, 1, 0.6):
            yield Draft(
                "nearest-label", (site.patch((f"{path}['{key}']", near)),), f"nodes have {key}={near}, none {value}"
            )
        keys = sorted({k for n in site.scene.nodes.values() for k, v in n.labels.items() if v == value})
        for near in difflib.get_close_matches(key, keys, 1, 0.6):
            action = site.patch((f"{path}['{key}']", None), (f"{path}['{near}']", value))
            yield Draft("nearest-label", (action,), f"nodes have {near}={value}, none {key}")
        yield Draft("drop-selector", (site.patch((f"{path}['{key}']", None)),), f"no node carries {key}={value}", (
            "Which nodes were meant is not known: without the selector any node that fits is taken.",
        ))  # fmt: skip


@playbook(Fault.NODE_AFFINITY_MISMATCH, Fault.ANTI_AFFINITY_CONFLICT, Fault.TOPOLOGY_SPREAD_CONFLICT)
def soften(site: Site) -> Iterator[Draft]:
    """The rule made a wish, where it was a must."""
    if site.workload is None:
        return
    path, spec = site.workload.spec_path, site.workload.spec
    note = ("The rule becomes a wish: pods may share what it kept apart.",)
    match Fault(site.cause.fault):
        case Fault.TOPOLOGY_SPREAD_CONFLICT:
            rules: list[Json] = [
                dict(c.raw) | {"whenUnsatisfiable": "ScheduleAnyway"} for c in spec.each("topologySpreadConstraints")
            ]
            yield Draft(
                "soften-spread",
                (site.patch((f"{path}.topologySpreadConstraints", rules)),),
                "no node keeps the spread",
                note,
            )
        case Fault.ANTI_AFFINITY_CONFLICT:
            base = "affinity.podAntiAffinity"
            terms: list[Json] = [
                {"weight": 100, "podAffinityTerm": dict(t.raw)}
                for t in spec.each(f"{base}.requiredDuringSchedulingIgnoredDuringExecution")
            ]
            fields: list[tuple[str, Json]] = [
                (f"{path}.{base}.requiredDuringSchedulingIgnoredDuringExecution", None),
                (f"{path}.{base}.preferredDuringSchedulingIgnoredDuringExecution", terms),
            ]
            yield Draft(
                "soften-anti-affinity",
                (site.patch(*fields),),
                "there are fewer nodes than pods that shun each other",
                note,
            )
        case _:
            base = f"{path}.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
            yield Draft("drop-affinity", (site.patch((base, None)),), "no node satisfies the rule", note)


@playbook(Fault.HOST_PORT_CONFLICT)
def host_port(site: Site) -> Iterator[Draft]:
    """The container's port without a claim on the node's."""
    if site.workload is None:
        return
    fields: list[tuple[str, Json]] = [
        (f"{site.workload.container_path(c.text('name'))}.ports[{i}].hostPort", None)
        for c in site.workload.containers
        for i, p in enumerate(c.each("ports"))
        if p.has("hostPort")
    ]
    if fields and not site.workload.spec.flag("hostNetwork"):
        note = ("Who reaches it by the node's own address must use its Service from now on.",)
        yield Draft("drop-host-port", (site.patch(*fields),), "the port is taken on every node that would fit", note)
