"""Routes that applications keep in their own configuration: the one that leads elsewhere than its name and path say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from steersman_tools.fields import Fields
from steersman_tools.snapshot import Resource
from steersman_tools.types import Json, Ref

from ...faults import Fault
from ...types import Finding, Output
from .. import cite
from ..scene import Scene

_TARGETS = ("uri", "url", "upstream", "backend", "service", "target", "proxy_pass", "destination", "host")
_NAMES = ("id", "name", "path", "prefix", "match", "predicates", "paths", "route", "location")
_NGINX = re.compile(r"location\s+(?:[~=^*]+\s+)?(?P<path>\S+)\s*\{[^}]*?proxy_pass\s+\w+://(?P<host>[\w.-]+)", re.S)
_ADDRESS = re.compile(r"(?:lb|https?|grpc|ws)://(?P<host>[a-z][a-z0-9-]*[a-z0-9])(?:[.:/]|$)")
_WORD = re.compile(r"[a-z0-9]+")
_COMMON = {
    "api",
    "v1",
    "v2",
    "service",
    "services",
    "path",
    "lb",
    "http",
    "https",
    "svc",
    "default",
    "cluster",
    "local",
    "host",
    "prefix",
    "admin",
}
LEAST_ROUTES = 4
"""Fewer routes than these show no habit of naming."""


@dataclass(frozen=True, slots=True)
class Route:
    """What a route is called and matches, and the Service to which it leads."""

    label: str
    target: str
    line: str


def misroutes(scene: Scene) -> Iterator[Output]:
    """Routes that break the habit of the others: their name and path speak of a Service, and they lead to another."""
    names = {s.name for s in scene.services}
    for configuration in scene.snapshot.all("ConfigMap"):
        for key, text in configuration.map("data").items():
            every = read_routes(text, names)
            routes = [r for r in every if r.target in names]
            if len(routes) < LEAST_ROUTES:
                continue
            habit = [r for r in routes if _likeness(r.label, r.target) >= 0.5]
            for route in every if scene.snapshot.read_whole("Service", configuration.namespace) else routes:
                meant = _meant(route, names)
                if route not in habit and meant and len(habit) >= 0.6 * len(routes):
                    yield _finding(scene, configuration, key, route, meant)


def read_routes(text: str, names: set[str]) -> list[Route]:
    """The routes in a configuration file: entries of YAML lists that name a Service, and locations of nginx."""
    if len(text) > 200_000:
        return []
    found = [Route(m["path"], m["host"].split(".")[0], " ".join(m[0].split())[:160]) for m in _NGINX.finditer(text)]
    if "- " in text:
        try:
            found += [r for document in yaml.safe_load_all(text) for r in _in_yaml(document, names)]
        except yaml.YAMLError:
            return found
    return found


def _in_yaml(value: Json, names: set[str]) -> Iterator[Route]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _in_yaml(inner, names)
    elif isinstance(value, list):
        for entry in value:
            view = Fields(entry)
            said = [str(view.get(key) or "") for key in _TARGETS]
            target = next((t for text in said if (t := _service(text, names))), "") or next(
                filter(None, map(_host, said)), ""
            )
            label = " ".join(str(view.get(key)) for key in _NAMES if view.has(key))
            if target and label:
                yield Route(label, target, f"{label} -> {target}"[:160])
            else:
                yield from _in_yaml(entry, names)


def _service(text: str, names: set[str]) -> str:
    """The Service that an address speaks of: `lb://${X_HOST:cart}`, `http://cart.shop:8080/`."""
    return next((w for w in re.findall(r"[a-z][a-z0-9-]*[a-z0-9]", text) if w in names), "")


def _host(text: str) -> str:
    """The first name of an address whose host is no Service."""
    found = _ADDRESS.match(text)
    return found["host"] if found else ""


def _likeness(label: str, service: str) -> float:
    """How much of the Service's name stands in the label, written together or apart."""
    words = [w for w in _WORD.findall(service.lower()) if w not in _COMMON and len(w) > 1]
    flat = re.sub(r"[^a-z0-9]", "", label.lower())
    own = [w for w in words if len(w) > 2] or words
    return sum(w in flat for w in own) / len(own) if own else 0.0


def _meant(route: Route, names: set[str]) -> str:
    """The Service that the label speaks of: the one whose name it covers best, and covers wholly."""
    scored = sorted(((_coverage(route.label, n), n) for n in names if n != route.target), reverse=True)
    best = scored[0] if scored else (0.0, "")
    return best[1] if best[0] >= 0.6 and _likeness(route.label, best[1]) >= 0.9 - 0.4 * (best[0] >= 0.9) else ""


def _coverage(label: str, service: str) -> float:
    """How much of the label's own words the Service's name explains."""
    spoken = {w for w in _WORD.findall(label.lower()) if w not in _COMMON and len(w) > 2}
    spoken = {re.sub(r"service$", "", w) or w for w in spoken}
    flat = re.sub(r"[^a-z0-9]", "", service.lower())
    return sum(w in flat for w in spoken) / len(spoken) * (0.5 + 0.5 * _likeness(label, service)) if spoken else 0.0


def _finding(scene: Scene, configuration: Resource, key: str, route: Route, meant: str) -> Finding:
    victim = Ref(configuration.namespace, "Service", meant)
    backend = scene.services[victim].workloads if victim in scene.services else ()
    return Finding(
        fault=Fault.GATEWAY_MISROUTE,
        entity=configuration.ref,
        field=f"data['{key}']",
        observed=route.line,
        expected=f"a route to {meant}",
        summary=f"A route in ConfigMap {configuration.name} leads to {route.target}, but its name and path speak of {meant}",
        advice=f"Send the route to {meant}, and reload what reads {configuration.name}",
        certainty=0.93,
        breaks=(victim, *(w.ref for w in backend)),
        needs_symptom=False,
        observations=(
            cite.listing(
                scene,
                cite.get(configuration.ref),
                [route.line, "the other routes lead to the Service that they are named for"],
            ),
        ),
    )
