"""The tool `describe`: one thing as it is, in a screenful: its state, its specification and its newest events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from steersman_tools.fields import Fields
from steersman_tools.snapshot import Resource
from steersman_tools.types import Observation

from ...diagnose import cite
from ...diagnose.cite import short
from ..case import Case
from .base import Args, NoSuch, ReadTool, thing
from .state import node_trouble, pod_troubles, workload_trouble

EVENTS = 5
VALUES = 12


class _Args(Args):
    name: str
    """The form is namespace/Kind/name, or a name alone where it is unmistakable."""


async def _run(case: Case, args: _Args) -> Sequence[Observation]:
    ref = thing(case, args.name)
    resource = case.snapshot.get(ref)
    if resource is None:
        raise NoSuch(f"{ref} was not read")
    shown = case.observed("kubernetes", cite.get(ref), _lines(case, resource))
    events = case.scene.events(resource)[:EVENTS]
    return [shown, *(cite.event(case.scene, event) for event in events)]


def _lines(case: Case, resource: Resource) -> Iterator[str]:
    yield f"{resource.ref}" + (f", owned by {resource.controller}" if resource.controller else "")
    match resource.kind:
        case "Node":
            yield node_trouble(resource) or "Ready"
            yield f"allocatable: {short(resource.get('status.allocatable'))}"
            yield from (f"taint: {short(dict(t.raw))}" for t in resource.each("spec.taints"))
            yield f"pods: {len(case.scene.pods_on.get(resource.name, ()))}"
        case "Pod":
            yield from list(pod_troubles(resource)) or ["ready"]
            yield f"node: {resource.text('spec.nodeName') or 'none'}"
            yield from _template(resource.at("spec"))
        case "Secret":
            yield f"keys: {', '.join(resource.map('data'))}"
        case "ConfigMap":
            yield from (f"{k}={v}" for k, v in list(resource.map("data").items())[:VALUES])
        case _ if workload := case.scene.workloads.get(resource.ref):
            yield workload_trouble(workload) or f"{workload.ready} of {workload.desired} pods ready"
            yield from _template(workload.template.at("spec"))
        case _:
            spec = resource.get("spec")
            yield from (f"{k}: {short(v)}" for k, v in (spec if isinstance(spec, dict) else {}).items())


def _template(spec: Fields) -> Iterator[str]:
    for part in ("initContainers", "containers"):
        for container in spec.each(part):
            yield f"{part[:-1]} {container.text('name')}: image {container.text('image')}"
            for key in ("command", "args", "ports", "resources", "readinessProbe", "livenessProbe"):
                if container.has(key):
                    yield f"  {key}: {short(container.get(key))}"
            for entry in container.each("env")[:VALUES]:
                source = "" if entry.has("value") else short(entry.get("valueFrom"))
                yield f"  {entry.text('name')}={entry.text('value') or source}"
    if selector := spec.map("nodeSelector"):
        yield f"nodeSelector: {selector}"


TOOL = ReadTool(
    "describe", "State, specification and newest events of one thing: namespace/Kind/name, or its name.", _Args, _run
)
