"""Remedies for what does not fit: limits, requests, quotas."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

from steersman_tools.actions import Action, PatchField, RestartRollout, Scale, SetResources
from steersman_tools.fields import Fields
from steersman_tools.quantity import amount
from steersman_tools.types import Json, Ref

from ...diagnose.changes import container_before
from ...diagnose.workloads import Workload
from ...faults import Fault
from ..book import playbook
from ..site import Draft, Site, value_at

_MI = 1024**2


def restart(site: Site, ref: Ref) -> RestartRollout:
    """Has the pods made anew now: their creator has backed off and would wait for minutes."""
    return RestartRollout(target=ref, at=f"{site.scene.now:%Y-%m-%dT%H:%M:%SZ}")


def restarts(site: Site) -> list[RestartRollout]:
    """For the workloads that the cause keeps from having pods."""
    return [restart(site, w.ref) for w in site.harmed if w.ref.kind in RestartRollout.kinds and w.ready < w.desired]


def bytes_text(number: float) -> str:
    """Whole mebibytes, as people write memory."""
    return f"{math.ceil(number / _MI)}Mi"


@playbook(Fault.OOM_KILLED, Fault.MEMORY_LEAK)
def memory(site: Site) -> Iterator[Draft]:
    """Twice the limit, as far as the node reaches."""
    if site.workload is None or not site.container:
        return
    limit = site.workload.container(site.container).text("resources.limits.memory")
    if not limit:
        return
    largest = max((amount(n.text("status.allocatable.memory", "0")) for n in site.scene.nodes.values()), default=0)
    for factor in (2, 4):
        wanted = amount(limit) * factor
        if largest and wanted <= largest / 2:
            new = bytes_text(wanted)
            action = SetResources(target=site.entity, container=site.container, limits={"memory": new})
            notes = ("More memory only wins time if it leaks: look at what the container keeps.",)
            yield Draft(
                f"raise-memory-{factor}x",
                (action,),
                f"it is killed at {limit}",
                notes if site.cause.fault == Fault.MEMORY_LEAK else (),
            )


@playbook(Fault.CPU_THROTTLED)
def cpu(site: Site) -> Iterator[Draft]:
    """Twice the CPU limit."""
    if site.workload is None or not site.container:
        return
    limit = site.workload.container(site.container).text("resources.limits.cpu")
    if limit:
        new = f"{math.ceil(amount(limit) * 2000)}m"
        action = SetResources(target=site.entity, container=site.container, limits={"cpu": new})
        yield Draft("raise-cpu-2x", (action,), f"it is throttled at {limit}")


@playbook(Fault.CPU_OVERLOAD, Fault.LOAD_SURGE)
def replicas(site: Site) -> Iterator[Draft]:
    """More replicas for more load."""
    if site.workload and site.entity.kind in ("Deployment", "StatefulSet") and site.workload.desired:
        wanted = math.ceil(site.workload.desired * 1.5) + (site.workload.desired == 1)
        yield Draft(
            "scale-out",
            (Scale(target=site.entity, replicas=wanted),),
            f"{site.cause.observed}: more replicas share the load",
        )


@playbook(Fault.INSUFFICIENT_CPU, Fault.INSUFFICIENT_MEMORY, Fault.INSUFFICIENT_GPU, Fault.INSUFFICIENT_RESOURCE)
def requests(site: Site) -> Iterator[Draft]:
    """A request that fits on the freest node."""
    name = {Fault.INSUFFICIENT_CPU: "cpu", Fault.INSUFFICIENT_MEMORY: "memory"}.get(Fault(site.cause.fault), "")
    if site.workload is None or not name:
        yield Draft("say", (), "no node has so much", choices=("Add a node that has, or ask for less.",))
        return
    container = max(
        site.workload.containers, key=lambda c: amount(c.text(f"resources.requests.{name}", "0")), default=None
    )
    if container is None:
        return
    room_there = max((free(site, node, name) for node in site.scene.nodes), default=0)
    others = sum(
        amount(c.text(f"resources.requests.{name}", "0")) for c in site.workload.containers if c is not container
    )
    room = (room_there - others) * 0.8
    if room <= 0:
        yield Draft("say", (), "the cluster is full", choices=("Add a node.", "Scale something down that can wait."))
        return
    wanted = bytes_text(room) if name == "memory" else f"{max(math.floor(room * 1000), 1)}m"
    action = SetResources(target=site.entity, container=container.text("name"), requests={name: wanted})
    notes = ("Whether it does its work with less is not known: it never ran with this request.",)
    yield Draft("fit-request", (action,), f"the freest node has {wanted} to give", notes)


def free(site: Site, node: str, name: str) -> float:
    """Cores or bytes that the node has left for requests; none where pods are kept away."""
    resource = site.scene.nodes[node]
    if resource.flag("spec.unschedulable") or any(
        t.text("effect") == "NoSchedule" for t in resource.each("spec.taints")
    ):
        return 0
    used = sum(
        amount(c.text(f"resources.requests.{name}", "0"))
        for p in site.scene.pods_on.get(node, ())
        for c in p.each("spec.containers")
    )
    return amount(resource.text(f"status.allocatable.{name}", "0")) - used


@playbook(Fault.QUOTA_EXCEEDED)
def quota(site: Site) -> Iterator[Draft]:
    """A quota that holds what is wanted, a little and not for ever."""
    found = re.match(r"spec\.hard\['(?P<name>[^']+)'\]", site.cause.field)
    now = value_at(site.raw, site.cause.field) if found else None
    if not found or now is None:
        return
    needed = _needed(site, found["name"])
    if needed:
        fields: list[tuple[str, Json]] = [(site.cause.field, needed)]
        actions: tuple[Action, ...] = (site.patch(*fields), *restarts(site))
        yield Draft(
            "raise-quota",
            actions,
            f"{site.cause.observed}; {needed} holds what is declared",
            choices=("Or free some of it: scale something down.",),
        )


@playbook(Fault.QUOTA_EXCEEDED)
def stated(site: Site) -> Iterator[Draft]:
    """What a quota wants every container to state, as the template stated it before; else as its request or limit has it."""
    found = re.fullmatch(r"containers state no (?P<what>[\w.,-]+)", site.cause.observed)
    wanted = [part.rpartition(".")[::2] for part in found["what"].split(",")] if found else []
    workloads = [w for w in site.harmed if w.ref.kind in SetResources.kinds]
    actions = tuple(a for w in workloads for c in w.containers if (a := _states(site, w, c, wanted)))
    if actions:
        yield Draft("state-resources", actions, f"{site.cause.observed}, which the quota demands")


def _states(site: Site, workload: Workload, container: Fields, wanted: Iterable[tuple[str, str]]) -> Action | None:
    old = container_before(site.scene, workload, container.text("name"))
    new: dict[str, dict[str, str]] = {"requests": {}, "limits": {}}
    for part, name in ((part or "requests", name) for part, name in wanted):
        known = (old.map(f"resources.{part}"), container.map("resources.limits"), container.map("resources.requests"))
        value = next((k[name] for k in known if name in k), "")
        if value and name not in container.map(f"resources.{part}"):
            new[part][name] = value
    return SetResources(target=workload.ref, container=container.text("name"), **new) if any(new.values()) else None


def _needed(site: Site, name: str) -> str:
    """The sum of what all declared pods of the namespace ask for; empty where that cannot be told."""
    part, _, plain = name.rpartition(".") if "." in name and not name.startswith("count/") else ("requests", "", name)
    total, rolling = 0.0, 0.0
    for workload in site.scene.workloads.values():
        if workload.ref.namespace != site.entity.namespace or workload.ref.kind == "CronJob":
            continue
        if plain in ("pods", "count/pods"):
            one = 1.0
        else:
            one = sum(
                amount(c.text(f"resources.{part}.{plain}") or c.text(f"resources.limits.{plain}") or "0")
                for c in workload.containers
            )
        total += one * workload.desired
        rolling = max(rolling, one)
    used = amount(str(value_at(site.raw, f"status.used['{name}']") or "0"))
    wanted = max(total, used) + 2 * rolling
    if wanted <= amount(str(value_at(site.raw, site.cause.field) or "0")):
        return ""
    if "memory" in plain or "storage" in plain:
        return bytes_text(wanted)
    return f"{math.ceil(wanted * 1000)}m" if "cpu" in plain else str(math.ceil(wanted))


@playbook(Fault.LIMIT_RANGE_VIOLATION)
def limit_range(site: Site) -> Iterator[Draft]:
    """Resources within what the LimitRange allows."""
    limits = site.resource
    found = re.search(
        r"(?P<which>maximum|minimum) (?P<name>[\w./-]+) usage per (?P<what>Container|Pod) is (?P<bound>[\w.]+)",
        site.cause.observed,
    )
    if limits is None or not found:
        return
    for workload in site.harmed:
        if workload.ref.kind not in SetResources.kinds:
            continue
        actions = []
        for container in workload.containers:
            name = found["name"]
            limit, request = container.text(f"resources.limits.{name}"), container.text(f"resources.requests.{name}")
            bound = amount(found["bound"])
            new = found["bound"]
            wrong = [
                v
                for v in (limit, request)
                if v and (amount(v) > bound) == (found["which"] == "maximum") and amount(v) != bound
            ]
            if wrong or not limit:
                asked = {name: new} if request and (amount(request) > bound) == (found["which"] == "maximum") else {}
                actions.append(
                    SetResources(
                        target=workload.ref, container=container.text("name"), requests=asked, limits={name: new}
                    )
                )
        if actions:
            yield Draft("fit-limit-range", tuple(actions), site.cause.observed)


@playbook(Fault.LIMIT_RANGE_VIOLATION)
def limit_ratio(site: Site) -> Iterator[Draft]:
    """Requests as near to the limits as the LimitRange asks for."""
    found = re.search(
        r"(?P<name>[\w./-]+) max limit to request ratio per Container is (?P<most>[\d.]+)", site.cause.observed
    )
    if site.resource is None or not found:
        return
    name, actions = found["name"], list[Action]()
    for workload in (w for w in site.harmed if w.ref.kind in SetResources.kinds):
        for container in workload.containers:
            limit = amount(container.text(f"resources.limits.{name}", "0"))
            asked = amount(container.text(f"resources.requests.{name}", "0"))
            if limit and asked * float(found["most"]) < limit:
                least = limit / float(found["most"])
                new = bytes_text(least) if name == "memory" else f"{math.ceil(least * 1000)}m"
                actions.append(
                    SetResources(target=workload.ref, container=container.text("name"), requests={name: new})
                )
    if actions:
        yield Draft("fit-limit-range", tuple(actions), site.cause.observed)


@playbook(Fault.HPA_NO_CPU_REQUEST)
def request_for_hpa(site: Site) -> Iterator[Draft]:
    """A request of which the use can be told: half the limit, or a tenth of a core."""
    found = re.search(r"\.resources\.requests\.(\w+)$", site.cause.field)
    if site.workload is None or not found:
        return
    limit = site.workload.container(site.container).text(f"resources.limits.{found[1]}")
    value = limit or ("100m" if found[1] == "cpu" else "128Mi")
    action = SetResources(target=site.entity, container=site.container, requests={found[1]: value})
    yield Draft("set-request", (action,), "an autoscaler of utilisation needs a request to divide by")


@playbook(Fault.WEBHOOK_MUTATES_RESOURCES)
def mutated(site: Site) -> Iterator[Draft]:
    """The webhook kept away from the workload that it spoils."""
    hooks = value_at(site.raw, "webhooks")
    if not isinstance(hooks, list):
        return
    for workload in site.harmed:
        labels = workload.pod_labels
        key = next((k for k in ("app", "app.kubernetes.io/name", "name") if k in labels), next(iter(labels), ""))
        if not key:
            continue
        rule: Json = {"key": key, "operator": "NotIn", "values": [labels[key]]}
        fields: list[tuple[str, Json]] = []
        for index, hook in enumerate(hooks):
            old = value_at(hook, "objectSelector.matchExpressions") if isinstance(hook, dict) else None
            rules = old if isinstance(old, list) else []
            fields.append((f"webhooks[{index}].objectSelector.matchExpressions", [*rules, rule]))
        actions: tuple[PatchField | RestartRollout, ...] = (site.patch(*fields), restart(site, workload.ref))
        why = f"its changes make the pods of {workload.ref.name} fail; others are still changed by it"
        yield Draft("exempt-from-webhook", actions, why)
