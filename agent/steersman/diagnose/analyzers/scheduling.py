"""Pods that no node takes: which of the scheduler's conditions stands in the way, and whose it is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from steersman_tools.fields import Fields
from steersman_tools.snapshot import EventRecord, Resource
from steersman_tools.types import Observation, Ref

from ...faults import Fault
from ...types import Finding, Output, RuledOut
from .. import cite
from ..changes import Change, before, latest_changes
from ..placement import Obstacle, asked, obstacles, resource_fault
from ..scene import Scene
from ..trouble import GRACE_SECONDS
from ..workloads import Workload
from .gpu_waiting import explained as accelerators_explained
from .lifecycle import preemption
from .schedulers import named_node, nobody_schedules

_FIELDS = {
    Fault.NODE_SELECTOR_MISMATCH: "nodeSelector",
    Fault.NODE_AFFINITY_MISMATCH: "affinity.nodeAffinity",
    Fault.TAINT_NOT_TOLERATED: "tolerations",
    Fault.ANTI_AFFINITY_CONFLICT: "affinity.podAntiAffinity",
    Fault.TOPOLOGY_SPREAD_CONFLICT: "topologySpreadConstraints",
    Fault.HOST_PORT_CONFLICT: "containers[0].ports",
    Fault.VOLUME_NODE_CONFLICT: "volumes",
    Fault.INSUFFICIENT_CPU: "containers[0].resources.requests.cpu",
    Fault.INSUFFICIENT_MEMORY: "containers[0].resources.requests.memory",
    Fault.INSUFFICIENT_GPU: "containers[0].resources.limits",
    Fault.INSUFFICIENT_RESOURCE: "containers[0].resources",
}
_CHANGED = {
    Fault.NODE_SELECTOR_MISMATCH: "nodeSelector",
    Fault.NODE_AFFINITY_MISMATCH: "nodeAffinity",
    Fault.TAINT_NOT_TOLERATED: "tolerations",
    Fault.ANTI_AFFINITY_CONFLICT: "podAntiAffinity",
    Fault.TOPOLOGY_SPREAD_CONFLICT: "topologySpread",
    Fault.HOST_PORT_CONFLICT: "ports",
    Fault.INSUFFICIENT_CPU: "cpu",
    Fault.INSUFFICIENT_MEMORY: "memory",
    Fault.INSUFFICIENT_GPU: "resources",
    Fault.INSUFFICIENT_RESOURCE: "resources",
}
_POINTING = (Fault.NODE_SELECTOR_MISMATCH, Fault.NODE_AFFINITY_MISMATCH)
# The scheduler's own words, for where the nodes could not be read.
_MESSAGES = (
    (Fault.NODE_CORDONED, r"were unschedulable"),
    (Fault.TAINT_NOT_TOLERATED, r"had (?:untolerated )?taints? \{?(?!node\.kubernetes\.io)"),
    (Fault.NODE_AFFINITY_MISMATCH, r"didn't match (?:Pod's )?node (?:affinity|selector)|didn't match node selector"),
    (Fault.ANTI_AFFINITY_CONFLICT, r"(?:didn't match pod |didn't satisfy existing pods )?(?:affinity/)?anti-affinity"),
    (Fault.INSUFFICIENT_CPU, r"Insufficient cpu"),
    (Fault.INSUFFICIENT_MEMORY, r"Insufficient memory"),
    (Fault.INSUFFICIENT_GPU, r"Insufficient [\w./-]*gpu"),
    (Fault.INSUFFICIENT_RESOURCE, r"Insufficient (?!cpu|memory|pods|[\w./-]*gpu)[\w./-]+"),
    (Fault.HOST_PORT_CONFLICT, r"didn't have free ports"),
    (Fault.VOLUME_NODE_CONFLICT, r"volume node affinity conflict"),
    (Fault.TOPOLOGY_SPREAD_CONFLICT, r"topology spread"),
)


def unschedulable(scene: Scene) -> Iterator[Output]:
    """For each workload with pods that find no node: the condition that keeps them off the nodes that are meant for them."""
    for workload in scene.workloads.values():
        if nowhere := named_node(scene, workload):
            yield nowhere
            continue
        waiting = [
            p for p in workload.live_pods if not p.text("spec.nodeName") and p.text("status.phase") in ("Pending", "")
        ]
        if not waiting or preemption(scene, workload):
            continue
        pod = max(waiting, key=lambda p: p.text("metadata.creationTimestamp"))
        event = next(iter(scene.events(pod, "FailedScheduling")), None)
        reason = pod.condition("PodScheduled").text("reason")
        if event is None and reason != "Unschedulable":
            if pod.created and not scene.within(pod.created, GRACE_SECONDS):
                yield nobody_schedules(scene, workload, pod)
            continue
        message = event.message if event else pod.condition("PodScheduled").text("message")
        of_claims = "unbound immediate PersistentVolumeClaims" in message or 'persistentvolumeclaim "' in message
        if of_claims and not _bound_since(scene, pod):
            continue  # the claim is at fault, not the place
        yield from _explain(scene, workload, pod, event, message)


def _bound_since(scene: Scene, pod: Resource) -> bool:
    """Whether the pod's claims have been bound since the scheduler spoke of them."""
    names = [v.text("persistentVolumeClaim.claimName") for v in pod.each("spec.volumes")]
    claims = [scene.snapshot.get(Ref(pod.namespace, "PersistentVolumeClaim", n)) for n in names if n]
    return bool(claims) and all(c is not None and c.text("status.phase") == "Bound" for c in claims)


def _explain(
    scene: Scene, workload: Workload, pod: Resource, event: EventRecord | None, message: str
) -> Iterator[Output]:
    found = {name: obstacles(scene, pod, pod.namespace, node) for name, node in scene.nodes.items()}
    weights = _weigh(scene, workload, found) if found and all(found.values()) else {}
    if not weights:
        weights = _said(scene, message)
    ranked = sorted(weights, key=lambda f: -weights[f])
    for place, fault in enumerate(ranked[:3]):
        certainty = (0.95 if event else 0.9) * (
            1.0 if place == 0 else 0.4 if weights[fault] < weights[ranked[0]] else 0.8
        )
        if fault is Fault.INSUFFICIENT_GPU and accelerators_explained(scene, pod):
            certainty *= 0.8  # scattering, sick devices or a gang say more
        yield _finding(scene, workload, pod, fault, found, event, certainty)
    lacking = {o.fault for obstacle in found.values() for o in obstacle}
    if ranked and found:
        for fault in (
            Fault.INSUFFICIENT_CPU,
            Fault.INSUFFICIENT_MEMORY,
            Fault.TAINT_NOT_TOLERATED,
            Fault.NODE_SELECTOR_MISMATCH,
        ):
            if fault not in lacking:
                yield RuledOut(fault=fault, entity=workload.ref, why="no node is excluded by it")


def _said(scene: Scene, message: str) -> dict[Fault, float]:
    """The scheduler's own count of the nodes that each reason excludes; control planes closed to all workloads do not count."""
    closed = sum(_control_plane(node) for node in scene.nodes.values())
    weights: dict[Fault, float] = {}
    for fault, sign in _MESSAGES:
        counts = [int(m[1]) for m in re.finditer(rf"(\d+) (?:node\(s\) )?(?:{sign})", message)]
        if counts or re.search(sign, message):
            kept = fault in (Fault.NODE_CORDONED, Fault.TAINT_NOT_TOLERATED) and sum(counts) <= closed
            weights[fault] = 0.1 if kept and len(scene.nodes) > closed else float(sum(counts) or 1)
    most = max(weights.values(), default=1.0)
    return {fault: weight / most for fault, weight in weights.items()}


def _weigh(scene: Scene, workload: Workload, found: Mapping[str, list[Obstacle]]) -> dict[Fault, float]:
    """How much each fault stands in the way: the nodes that it alone excludes, and whether it is what changed last."""
    wanted = _chosen(scene, workload, found)
    meant = {n: obs for n, obs in wanted.items() if not _reserved(scene, workload, n, obs)} or wanted
    weights: defaultdict[Fault, float] = defaultdict(float)
    for those in meant.values():
        faults = {o.fault for o in those if o.fault}
        blocked = any(o.fault is None for o in those)
        for fault in faults:
            weights[fault] += 0.3 / len(faults) if blocked else 1.0 / len(faults) ** 2
    total = max(len(meant), 1)
    changes = latest_changes(scene, workload)
    for fault in weights:
        weights[fault] /= total
        if _changed(changes, fault):
            weights[fault] += 1.0
        if all(any(o.fault is fault for o in those) for those in wanted.values()):
            weights[fault] += 0.5
    return dict(weights)


def _chosen(scene: Scene, workload: Workload, found: Mapping[str, list[Obstacle]]) -> dict[str, list[Obstacle]]:
    """The nodes that the pod's selector and affinity point to; all, where they point to none or there are none.

    A rule that some node satisfies does what it is for: then what keeps the pod off those nodes is at fault. A control plane that
    is closed to workloads satisfies by accident what is only said of other nodes.
    """
    open_ = {n: obs for n, obs in found.items() if names_one(workload.spec) or not _control_plane(scene.nodes[n])}
    pointed = {n: obs for n, obs in open_.items() if not any(o.fault in _POINTING for o in obs)}
    return pointed or open_ or dict(found)


def names_one(spec: Fields) -> bool:
    """Whether a pod's rules say which nodes it wants, and not only which it does not want."""
    terms = spec.each("affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms")
    rules = [rule for term in terms for rule in (*term.each("matchExpressions"), *term.each("matchFields"))]
    return bool(spec.map("nodeSelector")) or any(
        rule.text("operator") not in ("NotIn", "DoesNotExist") for rule in rules
    )


def _control_plane(node: Resource) -> bool:
    """Whether the node is one of the control plane and closed to workloads."""
    roles = {"control-plane", "master"}
    named = any(k.removeprefix("node-role.kubernetes.io/") in roles for k in node.labels)
    closed = node.flag("spec.unschedulable") or any(
        t.text("effect") != "PreferNoSchedule" for t in node.each("spec.taints")
    )
    return (named or node.labels.get("kubernetes.io/role") in roles) and closed


def _reserved(scene: Scene, workload: Workload, node: str, those: list[Obstacle]) -> bool:
    """Whether the node is set apart for others: its taint keeps off nearly everybody, and nothing of this workload runs there."""
    keys = {o.key for o in those if o.fault is Fault.TAINT_NOT_TOLERATED}
    if not keys or any(p.text("spec.nodeName") == node for p in workload.pods):
        return False
    others = [n for n in scene.nodes.values() if n.name != node]
    pods = [p for p in scene.pods_on.get(node, ()) if not p.controller or p.controller.kind != "DaemonSet"]
    strangers = [p for p in pods if obstacles_of_taints(scene, p, node)]
    return bool(others) and not strangers


def obstacles_of_taints(scene: Scene, pod: Resource, node: str) -> bool:
    """Whether a pod that runs on the node would not be let in now: the taint came after it."""
    return any(o.fault is Fault.TAINT_NOT_TOLERATED for o in obstacles(scene, pod, pod.namespace, scene.nodes[node]))


def _changed(changes: list[Change], fault: Fault) -> bool:
    word = _CHANGED.get(fault)
    return word is not None and any(word in c.path and c.after is not None for c in changes)


def _finding(
    scene: Scene,
    workload: Workload,
    pod: Resource,
    fault: Fault,
    found: Mapping[str, list[Obstacle]],
    event: EventRecord | None,
    certainty: float,
) -> Finding:
    ref = workload.ref
    hits = {name: [o for o in those if o.fault is fault] for name, those in found.items()}
    nodes = [name for name, those in hits.items() if those]
    entity, field, observed, expected = _subject(scene, workload, pod, fault, hits, nodes)
    lines = [f"{name} {', '.join(o.detail for o in those)}" for name, those in sorted(found.items()) if those][:12]
    observations: list[Observation] = [cite.event(scene, event)] if event else []
    if lines:
        observations.append(cite.listing(scene, "kubectl describe nodes", lines))
    if entity == ref and field:
        observations.append(cite.fields(scene, workload.resource, field))
    shown = next((o.detail for those in hits.values() for o in those), fault.sentence.rstrip("."))
    return Finding(
        fault=fault,
        entity=entity,
        field=field,
        observed=observed,
        expected=expected,
        summary=f"Pods of {ref.kind} {ref.name} find no node: {_several(nodes)} {shown}"
        if nodes
        else f"Pods of {ref.kind} {ref.name} find no node: {shown}",
        advice=_advice(fault, workload, nodes, expected),
        certainty=certainty,
        breaks=(ref,),
        observations=tuple(observations),
    )


def _subject(
    scene: Scene, workload: Workload, pod: Resource, fault: Fault, hits: Mapping[str, list[Obstacle]], nodes: list[str]
) -> tuple[Ref, str, str, str]:
    """Whose field stands in the way: that of the workload or, for cordons and new taints, that of a node."""
    keys = list(dict.fromkeys(o.key for those in hits.values() for o in those))
    if fault is Fault.NODE_CORDONED and nodes:
        return (
            Ref("", "Node", nodes[0]),
            "spec.unschedulable",
            f"cordoned: {', '.join(nodes)}",
            "a node that takes pods",
        )
    if fault is Fault.TAINT_NOT_TOLERATED and nodes:
        new = [n for n in nodes if any(obstacles_of_taints(scene, p, n) for p in scene.pods_on.get(n, ()))]
        if new:
            return (
                Ref("", "Node", new[0]),
                "spec.taints",
                f"taint {', '.join(keys)} on {', '.join(nodes)}",
                "no such taint, as before",
            )
    if fault in (Fault.NODE_SELECTOR_MISMATCH, Fault.NODE_AFFINITY_MISMATCH) and (
        lost := _lost_label(scene, workload, pod)
    ):
        return lost
    field = f"{workload.spec_path}.{_place(workload, fault)}".rstrip(".")
    past = before(scene, workload)
    old = _old_value(past.template.at("spec") if past else Fields(None), workload, fault)
    return workload.ref, field, ", ".join(keys) or fault.sentence, old or _wanted(fault)


def _place(workload: Workload, fault: Fault) -> str:
    """The field below the pod spec; of requests, that of the container or init container that asks for most."""
    field = _FIELDS.get(fault, "")
    if ".resources" not in field:
        return field
    every = {f"{p}[{i}]": c for p in ("containers", "initContainers") for i, c in enumerate(workload.spec.each(p))}
    asks = {
        place: max((n for name, n in asked(c).items() if resource_fault(name) is fault), default=0.0)
        for place, c in every.items()
    }
    return field.replace("containers[0]", max(asks, key=lambda place: asks[place]), 1) if asks else field


def _lost_label(scene: Scene, workload: Workload, pod: Resource) -> tuple[Ref, str, str, str] | None:
    """A node on which pods of the same template run although it no longer carries the label that they ask for."""
    wanted = pod.map("spec.nodeSelector")
    for other in workload.ready_pods:
        node = scene.nodes.get(other.text("spec.nodeName"))
        lacking = {k: v for k, v in wanted.items() if node and node.labels.get(k) != v}
        if node and lacking and other.map("spec.nodeSelector") == wanted:
            shown = ", ".join(f"{k}={v}" for k, v in lacking.items())
            return node.ref, "metadata.labels", f"label {shown} is gone", shown
    return None


def _old_value(spec: Fields, workload: Workload, fault: Fault) -> str:
    path = _FIELDS.get(fault, "")
    if path.startswith("containers[0]."):
        inner = path.partition(".")[2]
        old = [c.text(inner) for c in spec.each("containers")]
        new = [c.text(inner) for c in workload.containers]
        return next((o for o, n in zip(old, new, strict=False) if o and o != n), "")
    value = spec.get(path)
    return cite.short(value) if value is not None and value != workload.spec.get(path) else ""


def _wanted(fault: Fault) -> str:
    return {
        Fault.NODE_SELECTOR_MISMATCH: "labels that a node carries",
        Fault.NODE_AFFINITY_MISMATCH: "a rule that a node satisfies",
        Fault.TAINT_NOT_TOLERATED: "a toleration for the taint, or a node without it",
        Fault.ANTI_AFFINITY_CONFLICT: "a node without such a pod, or a softer rule",
        Fault.HOST_PORT_CONFLICT: "a free host port",
        Fault.TOPOLOGY_SPREAD_CONFLICT: "a constraint that can be satisfied",
        Fault.VOLUME_NODE_CONFLICT: "a node that can reach the volume",
    }.get(fault, "requests that fit on a node, or a larger node")


def _advice(fault: Fault, workload: Workload, nodes: list[str], expected: str) -> str:
    if fault is Fault.NODE_CORDONED and nodes:
        return f"kubectl uncordon {' '.join(nodes)} once its maintenance is over"
    if fault is Fault.TAINT_NOT_TOLERATED:
        return "Remove the taint if it should not be there, or add a toleration to the pod template"
    return f"Change the pod template of {workload.ref.kind} {workload.ref.name}: {expected}"


def _several(nodes: list[str]) -> str:
    return ", ".join(nodes[:3]) + (f" and {len(nodes) - 3} more" if len(nodes) > 3 else "")
