"""The predicates of placing: for a pod and a node, why not. Pure functions, in kube-scheduler's order and words.

Source: k8s.io/kubernetes pkg/scheduler/framework/plugins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ...fields import Fields
from ...selectors import holds, selects
from ..objects import Obj
from .views import NodeView, PodView

Volumes = Callable[[PodView, NodeView], list[str]]


@dataclass(frozen=True, slots=True)
class Cluster:
    """All that a decision looks at."""

    nodes: Mapping[str, NodeView]
    space_labels: Callable[[str], Mapping[str, str]]
    """The labels of a namespace."""
    volumes: Volumes
    modern: bool = True
    """Whether to speak as servers since 1.24 do."""


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a node does not take a pod; `final` when evicting others would not help."""

    texts: tuple[str, ...]
    final: bool = False


def why_not(pod: PodView, node: NodeView, cluster: Cluster) -> Reasons | None:
    """The reasons of the first filter that refuses; None when all agree."""
    spec = Fields(pod.obj["spec"])
    if node.unschedulable and not tolerated(
        {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}, spec.each("tolerations")
    ):
        return Reasons(("node(s) were unschedulable",), final=True)
    if text := _taint(spec, node, modern=cluster.modern):
        return Reasons((text,), final=True)
    if not node_matches(pod, node):
        modern = "node(s) didn't match Pod's node affinity/selector"
        return Reasons((modern if cluster.modern else "node(s) didn't match Pod's node affinity",), final=True)
    if pod.ports & node.ports:
        return Reasons(("node(s) didn't have free ports for the requested pod ports",))
    if short := _resources(pod, node):
        return Reasons(
            tuple(short),
            final=all(
                pod.requests.get(_named(s), 0) > node.allocatable.get(_named(s), 0)
                for s in short
                if s != "Too many pods"
            ),
        )
    if problems := cluster.volumes(pod, node):
        return Reasons(tuple(problems), final=True)
    if text := _spread(pod, node, cluster):
        return Reasons((text,), final="missing" in text)
    return _inter_pod(pod, node, cluster)


def _named(text: str) -> str:
    return text.removeprefix("Insufficient ")


def tolerated(taint: Obj, tolerations: Sequence[Fields]) -> bool:
    """Whether one of the tolerations bears with the taint."""
    for entry in tolerations:
        effect, key = entry.text("effect"), entry.text("key")
        if (effect and effect != taint.get("effect")) or (key and key != taint.get("key")):
            continue
        operator = entry.text("operator") or "Equal"
        if operator == "Exists" or (key and entry.text("value") == (taint.get("value") or "")):
            return True
    return False


def _taint(spec: Fields, node: NodeView, *, modern: bool) -> str:
    tolerations = spec.each("tolerations")
    for taint in node.taints:
        if taint.get("effect") in ("NoSchedule", "NoExecute") and not tolerated(taint, tolerations):
            shown = f"{{{taint['key']}: {taint.get('value', '')}}}"
            return (
                f"node(s) had untolerated taint {shown}"
                if modern
                else f"node(s) had taint {shown}, that the pod didn't tolerate"
            )
    return ""


def node_matches(pod: PodView, node: NodeView) -> bool:
    """Whether the node has what nodeSelector and required node affinity ask for."""
    spec = pod.obj["spec"]
    if any(node.labels.get(k) != v for k, v in (spec.get("nodeSelector") or {}).items()):
        return False
    required = pod.affinity.at("nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution")
    return not required or any(term_matches(term, node) for term in required.each("nodeSelectorTerms"))


def term_matches(term: Fields, node: NodeView) -> bool:
    """One node selector term; an empty one matches nothing."""
    rules, fields = term.each("matchExpressions"), term.each("matchFields")
    if not rules and not fields:
        return False
    return all(holds(rule, node.labels) for rule in rules) and all(
        holds(rule, {"metadata.name": node.name}) for rule in fields
    )


def _resources(pod: PodView, node: NodeView) -> list[str]:
    short = []
    if len(node.pods) + 1 > node.allocatable.get("pods", 110):
        short.append("Too many pods")
    for name, wanted in pod.requests.items():
        if wanted and wanted > node.allocatable.get(name, 0.0) - node.used.get(name, 0.0) + 1e-9:
            short.append(f"Insufficient {name}")
    order = {"Too many pods": 0, "Insufficient cpu": 1, "Insufficient memory": 2, "Insufficient ephemeral-storage": 3}
    return sorted(short, key=lambda s: order.get(s, 9))


def _spread(pod: PodView, node: NodeView, cluster: Cluster) -> str:
    for rule in Fields(pod.obj["spec"]).each("topologySpreadConstraints"):
        if rule.text("whenUnsatisfiable") != "DoNotSchedule":
            continue
        key = rule.text("topologyKey")
        if key not in node.labels:
            return "node(s) didn't match pod topology spread constraints (missing required label)"
        selector = rule.at("labelSelector")
        counts: dict[str, int] = {}
        for other in cluster.nodes.values():
            if key in other.labels and node_matches(pod, other):
                here = sum(
                    p.namespace == pod.namespace and not p.deleting and selects(selector, p.labels) for p in other.pods
                )
                counts[other.labels[key]] = counts.get(other.labels[key], 0) + here
        own = 1 if selects(selector, pod.labels) else 0
        if counts.get(node.labels[key], 0) + own - min(counts.values(), default=0) > rule.count("maxSkew", 1):
            return "node(s) didn't match pod topology spread constraints"
    return ""


def _inter_pod(pod: PodView, node: NodeView, cluster: Cluster) -> Reasons | None:
    head = ("node(s) didn't match pod affinity/anti-affinity",)
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    for term in pod.affinity.each(f"podAffinity.{required}"):
        if not _near(term, pod, node, cluster) and not _first_of_its_kind(term, pod, node, cluster):
            text = "node(s) didn't match pod affinity rules"
            return Reasons((text,) if cluster.modern else (*head, text), final=True)
    for term in pod.affinity.each(f"podAntiAffinity.{required}"):
        if _near(term, pod, node, cluster):
            text = "node(s) didn't match pod anti-affinity rules"
            return Reasons((text,) if cluster.modern else (*head, text))
    for other_node in cluster.nodes.values():
        for other in other_node.pods:
            for term in other.affinity.each(f"podAntiAffinity.{required}"):
                key = term.text("topologyKey")
                same = key in node.labels and node.labels[key] == other_node.labels.get(key)
                if same and _selected(term, other.namespace, pod, cluster):
                    text = "node(s) didn't satisfy existing pods anti-affinity rules"
                    return Reasons((text,) if cluster.modern else (*head, text))
    return None


def _selected(term: Fields, home: str, pod: PodView, cluster: Cluster) -> bool:
    """Whether a term of a pod in `home` is about the pod."""
    names, chooser = term.texts("namespaces"), term.get("namespaceSelector")
    if chooser is not None:
        inside = selects(term.at("namespaceSelector"), cluster.space_labels(pod.namespace)) or pod.namespace in names
    else:
        inside = pod.namespace in (names or (home,))
    return inside and term.get("labelSelector") is not None and selects(term.at("labelSelector"), pod.labels)


def _near(term: Fields, pod: PodView, node: NodeView, cluster: Cluster) -> bool:
    key = term.text("topologyKey")
    if key not in node.labels:
        return False
    return any(
        _selected(term, pod.namespace, other, cluster)
        for place in cluster.nodes.values()
        if place.labels.get(key) == node.labels[key]
        for other in place.pods
    )


def _first_of_its_kind(term: Fields, pod: PodView, node: NodeView, cluster: Cluster) -> bool:
    """A pod may be the first of a group that wants to be near itself."""
    anywhere = any(
        _selected(term, pod.namespace, other, cluster) for place in cluster.nodes.values() for other in place.pods
    )
    return not anywhere and _selected(term, pod.namespace, pod, cluster) and term.text("topologyKey") in node.labels
