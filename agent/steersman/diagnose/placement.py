"""Why a pod does not fit on a node: the scheduler's filters, applied to what the snapshot shows.

Source: kubernetes.io/docs/concepts/scheduling-eviction and the plugins of kube-scheduler.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from steersman_tools.fields import Fields
from steersman_tools.quantity import amount, cores, size
from steersman_tools.selectors import describe, holds, matches, requirement, selects
from steersman_tools.snapshot import Resource
from steersman_tools.types import Ref

from ..faults import Fault
from .scene import Scene

HOSTNAME = "kubernetes.io/hostname"
_CORDON, _NOT_READY = (
    "node.kubernetes.io/unschedulable",
    ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"),
)
_RESOURCE_FAULTS = {"cpu": Fault.INSUFFICIENT_CPU, "memory": Fault.INSUFFICIENT_MEMORY}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One reason why a pod does not fit on a node. `fault` is None for reasons that are faults of the node itself."""

    fault: Fault | None
    detail: str
    key: str = ""
    """What exactly: the taint's key, the resource's name."""


def obstacles(scene: Scene, pod: Fields, namespace: str, node: Resource) -> list[Obstacle]:
    """Everything that keeps the pod (a Pod or a pod template) off the node; empty where it fits."""
    return [found for check in _CHECKS for found in check(scene, pod, namespace, node)]


def requests(pod: Fields) -> dict[str, float]:
    """What the pod asks for: the sum of its containers, or the largest init container where that is more."""
    total: defaultdict[str, float] = defaultdict(float)
    inits = pod.each("spec.initContainers")
    for container in (*pod.each("spec.containers"), *(c for c in inits if c.text("restartPolicy") == "Always")):
        for name, value in asked(container).items():
            total[name] += value
    for container in inits:
        for name, value in asked(container).items():
            total[name] = max(total[name], value)
    for name, text in pod.map("spec.overhead").items():
        total[name] += amount(text)
    return dict(total)


def asked(container: Fields) -> dict[str, float]:
    """What one container asks for, by resource; a limit counts where there is no request."""
    asked = {**container.map("resources.limits"), **container.map("resources.requests")}
    return {name: amount(text) for name, text in asked.items()}


@lru_cache(maxsize=1)
def requested(scene: Scene) -> Mapping[str, Mapping[str, float]]:
    """By node: what its pods have asked for in all."""
    found: dict[str, defaultdict[str, float]] = {}
    for node, pods in scene.pods_on.items():
        total = found[node] = defaultdict(float)
        for pod in pods:
            for name, value in {**requests(pod), "pods": 1.0}.items():
                total[name] += value
    return found


def free(scene: Scene, node: Resource) -> dict[str, float]:
    """What the node has left of each resource."""
    used = requested(scene).get(node.name, {})
    return {name: amount(text) - used.get(name, 0.0) for name, text in node.map("status.allocatable").items()}


def tolerates(pod: Fields, taint: Fields) -> bool:
    """Whether a toleration of the pod covers the taint."""
    for toleration in pod.each("spec.tolerations"):
        effect, key = toleration.text("effect"), toleration.text("key")
        if effect and effect != taint.text("effect"):
            continue
        if not key and toleration.text("operator") == "Exists":
            return True
        exists = toleration.text("operator") == "Exists"
        if key == taint.text("key") and (exists or toleration.text("value") == taint.text("value")):
            return True
    return False


def _cordon(scene: Scene, pod: Fields, namespace: str, node: Resource) -> Iterable[Obstacle]:
    if node.flag("spec.unschedulable") and not tolerates(pod, Fields({"key": _CORDON, "effect": "NoSchedule"})):
        yield Obstacle(Fault.NODE_CORDONED, "is cordoned", node.name)


def _ready(scene: Scene, pod: Fields, namespace: str, node: Resource) -> Iterable[Obstacle]:
    status = node.condition("Ready").text("status")
    if status and status != "True":
        yield Obstacle(None, "is not ready")


def _selector(scene: Scene, pod: Fields, namespace: str, node: Resource) -> Iterable[Obstacle]:
    wanted = pod.map("spec.nodeSelector")
    lacking = {k: v for k, v in wanted.items() if node.labels.get(k) != v}
    if lacking:
        shown = ", ".join(f"{k}={v}" for k, v in lacking.items())
        yield Obstacle(Fault.NODE_SELECTOR_MISMATCH, f"lacks the label {shown}", shown)
    name = pod.text("spec.nodeName")
    if name and name != node.name:
        yield Obstacle(Fault.NODE_SELECTOR_MISMATCH, f"is not {name}", name)


def _affinity(scene: Scene, pod: Fields, namespace: str, node: Resource) -> Iterable[Obstacle]:
    path = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
    terms = pod.each(path)
    if terms and not any(_term(term, node) for term in terms):
        shown = " or ".join(" and ".join(map(requirement, _rules(term))) for term in terms)
        yield Obstacle(Fault.NODE_AFFINITY_MISMATCH, f"does not satisfy {shown}", shown)


def _rules(term: Fields) -> list[Fields]:
    return [*term.each("matchExpressions"), *term.each("matchFields")]


def _term(term: Fields, node: Resource) -> bool:
    """Whether the node satisfies one term; an empty term matches nothing."""
    named = {"metadata.name": node.name}
    return bool(_rules(term)) and (
        all(holds(rule, node.labels) for rule in term.each("matchExpressions"))
        and all(holds(rule, named) for rule in term.each("matchFields"))
    )


def _taints(scene: Scene, pod: Fields, namespace: str, node: Resource) -> Iterable[Obstacle]:
    for taint in node.each("spec.taints"):
        key = taint.text("key")
        if taint.text("effect") == "PreferNoSchedule" or key == _CORDON or key in _NOT_READY or tolerates(pod, taint):
            continue
        shown = f"{key}={taint.text('value')}:{taint.text('effect')}".replace("=:", ":")
        pressure = key.startswith("node.kubernetes.io/")
        yield Obstacle(None if pressure else Fault.TAINT_NOT_TOLERATED, f"has the taint {shown}", shown)


def _resources(scene: Scene, pod: Fields, namespace: str, node: Resource) -> Iterable[Obstacle]:
    allocatable = node.map("status.allocatable")
    if not allocatable:
        return
    left = free(scene, node)
    for name, wanted in {**requests(pod), "pods": 1.0}.items():
        if wanted <= 0 or (name not in left and name in ("cpu", "memory", "pods", "ephemeral-storage")):
            continue
        if wanted > left.get(name, 0.0) + 1e-9:
            show = cores if name == "cpu" else size if name in ("memory", "ephemeral-storage") else "{:g}".format
            detail = f"has {show(max(left.get(name, 0.0), 0.0))} {name} left of {allocatable.get(name, '0')}; {show(wanted)} are asked for"
            yield Obstacle(resource_fault(name), detail, name)


def resource_fault(name: str) -> Fault | None:
    """The fault of a pod that asks for more of the resource than there is; None for pods themselves: the node is full."""
    if name == "pods":
        return None
    gpu = "gpu" in name or "/mig-" in name
    return _RESOURCE_FAULTS.get(name, Fault.INSUFFICIENT_GPU if gpu else Fault.INSUFFICIENT_RESOURCE)


def _ports(scene: Scene, pod: Fields, namespace: str, node: Resource) -> Iterable[Obstacle]:
    wanted = _host_ports(pod)
    if not wanted:
        return
    taken = {port for other in scene.pods_on.get(node.name, ()) for port in _host_ports(other)}
    for port in sorted(wanted & taken):
        yield Obstacle(Fault.HOST_PORT_CONFLICT, f"has host port {port} taken", str(port))


def _host_ports(pod: Fields) -> set[int]:
    ports = {p.count("hostPort") for c in pod.each("spec.containers") for p in c.each("ports")}
    if pod.flag("spec.hostNetwork"):
        ports |= {p.count("containerPort") for c in pod.each("spec.containers") for p in c.each("ports")}
    return ports - {0}


def _anti_affinity(scene: Scene, pod: Fields, namespace: str, node: Resource) -> Iterable[Obstacle]:
    for term in pod.each("spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution"):
        for other in _in_domain(scene, node, term.text("topologyKey")):
            if other.namespace in _spaces(term, namespace) and selects(term.at("labelSelector"), other.labels):
                detail = f"already runs {other.name}, which the anti-affinity to {describe(term.at('labelSelector'))} excludes"
                yield Obstacle(Fault.ANTI_AFFINITY_CONFLICT, detail, describe(term.at("labelSelector")))
                break
    for term in pod.each("spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution"):
        near = [o for o in _in_domain(scene, node, term.text("topologyKey")) if o.namespace in _spaces(term, namespace)]
        own = selects(term.at("labelSelector"), pod.map("metadata.labels"))
        if not own and not any(selects(term.at("labelSelector"), o.labels) for o in near):
            yield Obstacle(
                Fault.NODE_AFFINITY_MISMATCH, f"runs no pod with {describe(term.at('labelSelector'))}", "podAffinity"
            )


def _spaces(term: Fields, namespace: str) -> tuple[str, ...]:
    return term.texts("namespaces") or (namespace,)


def _in_domain(scene: Scene, node: Resource, key: str) -> Iterable[Resource]:
    """The pods on nodes that share the node's value of the topology key."""
    value = node.labels.get(key)
    for name, other in scene.nodes.items():
        if name == node.name or (value is not None and key != HOSTNAME and other.labels.get(key) == value):
            yield from scene.pods_on.get(name, ())


def _spread(scene: Scene, pod: Fields, namespace: str, node: Resource) -> Iterable[Obstacle]:
    for rule in pod.each("spec.topologySpreadConstraints"):
        key, skew = rule.text("topologyKey"), rule.count("maxSkew", 1)
        if rule.text("whenUnsatisfiable") != "DoNotSchedule":
            continue
        if key not in node.labels:
            yield Obstacle(Fault.TOPOLOGY_SPREAD_CONFLICT, f"lacks the label {key} of the spread constraint", key)
            continue
        counts: Counter[str] = Counter(
            {n.labels[key]: 0 for n in scene.nodes.values() if key in n.labels and _open_to(pod, n)}
        )
        for other in scene.nodes.values():
            for running in scene.pods_on.get(other.name, ()):
                if (
                    key in other.labels
                    and running.namespace == namespace
                    and selects(rule.at("labelSelector"), running.labels)
                ):
                    counts[other.labels[key]] += 1
        if counts and counts[node.labels[key]] + 1 - min(counts.values()) > skew:
            yield Obstacle(Fault.TOPOLOGY_SPREAD_CONFLICT, f"would exceed maxSkew {skew} for {key}", key)


def _open_to(pod: Fields, node: Resource) -> bool:
    """Whether a node counts as a domain of a spread constraint: the pod's own selector admits it."""
    return matches(pod.map("spec.nodeSelector"), node.labels)


def _volumes(scene: Scene, pod: Fields, namespace: str, node: Resource) -> Iterable[Obstacle]:
    for volume in pod.each("spec.volumes"):
        claim = scene.snapshot.get(
            Ref(namespace, "PersistentVolumeClaim", volume.text("persistentVolumeClaim.claimName"))
        )
        held = scene.snapshot.get(Ref("", "PersistentVolume", claim.text("spec.volumeName"))) if claim else None
        terms = held.each("spec.nodeAffinity.required.nodeSelectorTerms") if held else []
        if held and terms and not any(_term(term, node) for term in terms):
            yield Obstacle(Fault.VOLUME_NODE_CONFLICT, f"cannot reach volume {held.name}", held.name)


_Check = Callable[[Scene, Fields, str, Resource], Iterable[Obstacle]]
_CHECKS: tuple[_Check, ...] = (
    _cordon, _ready, _selector, _affinity, _taints, _resources, _ports, _anti_affinity, _spread, _volumes,
)  # fmt: skip
