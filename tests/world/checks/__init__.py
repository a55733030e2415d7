"""The conformance checks: each asks a server something in a namespace of its own and returns what it saw, without what is random.

The same functions run against the embedded world and against a real control plane; their answers must be equal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

Seen = Any


class Server(Protocol):
    """A control plane, real or embedded."""

    def request(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json", **query: str
    ) -> tuple[int, Any]:
        """Status and JSON (or text)."""

    def until(self, check: Callable[[], bool], seconds: float = 30) -> bool:
        """Lets time pass until the check holds; whether it did."""

    def furnished(self, ns: str) -> None:
        """Waits until pods can be made in a new namespace."""

    def watch(self, path: str, act: Callable[[], None], **query: str) -> list[Any]:
        """The events that a watch sees while something is done."""


@dataclass(frozen=True)
class Check:
    """One check; `area.name` names it."""

    name: str
    run: Callable[[Room], Seen]


CHECKS: dict[str, Check] = {}


@dataclass
class Room:
    """A server and the namespace of one check."""

    server: Server
    ns: str

    def path(self, plural: str, name: str = "", group: str = "", version: str = "v1") -> str:
        root = f"/apis/{group}/{version}" if group else f"/api/{version}"
        return f"{root}/namespaces/{self.ns}/{plural}" + (f"/{name}" if name else "")

    def send(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json", **query: str
    ) -> tuple[int, Any]:
        return self.server.request(method, path, body, content_type, **query)

    def create(self, plural: str, body: Any, group: str = "", version: str = "v1", **query: str) -> tuple[int, Any]:
        return self.send("POST", self.path(plural, "", group, version), body, **query)

    def get(self, plural: str, name: str, group: str = "", version: str = "v1") -> Any:
        return self.send("GET", self.path(plural, name, group, version))[1]

    def items(self, plural: str, group: str = "", version: str = "v1", **query: str) -> list[Any]:
        found: list[Any] = self.send("GET", self.path(plural, "", group, version), **query)[1].get("items", [])
        return found

    def merge(self, path: str, patch: Any, **query: str) -> tuple[int, Any]:
        return self.send("PATCH", path, patch, "application/merge-patch+json", **query)

    def strategic(self, path: str, patch: Any, **query: str) -> tuple[int, Any]:
        return self.send("PATCH", path, patch, "application/strategic-merge-patch+json", **query)

    def json(self, path: str, patch: Any, **query: str) -> tuple[int, Any]:
        return self.send("PATCH", path, patch, "application/json-patch+json", **query)

    def apply(self, path: str, body: Any, manager: str = "one", **query: str) -> tuple[int, Any]:
        return self.send("PATCH", path, body, "application/apply-patch+yaml", fieldManager=manager, **query)

    def events(self, name: str, reason: str = "") -> list[tuple[str, str, str]]:
        """Type, reason and text of the events about objects whose names begin so, each once, in order."""
        found = []
        for event in self.items("events"):
            if event["involvedObject"]["name"].startswith(name) and (not reason or event["reason"] == reason):
                found.append((event["type"], event["reason"], event["message"]))
        return sorted(set(found))

    def until(self, check: Callable[[], bool], seconds: float = 30) -> bool:
        return self.server.until(check, seconds)


def check(area: str) -> Callable[[Callable[[Room], Seen]], Callable[[Room], Seen]]:
    """Registers a check under `area.function_name`."""

    def register(run: Callable[[Room], Seen]) -> Callable[[Room], Seen]:
        name = f"{area}.{run.__name__}"
        assert name not in CHECKS, name
        CHECKS[name] = Check(name, run)
        return run

    return register


def register(name: str, run: Callable[[Room], Seen]) -> None:
    """Registers a check that a table makes."""
    assert name not in CHECKS, name
    CHECKS[name] = Check(name, run)


def answer(reply: tuple[int, Any]) -> Seen:
    """Code, reason and message of a refusal; the code alone of a success."""
    status, body = reply
    if status < 300:
        return status
    return [status, body.get("reason", ""), body.get("message", "")] if isinstance(body, dict) else [status, str(body)]


def plain(obj: Any) -> Any:
    """An object without what differs from run to run."""
    drop = {
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "managedFields",
        "selfLink",
        "time",
        "lastTransitionTime",
        "lastUpdateTime",
    }
    if isinstance(obj, dict):
        return {k: plain(v) for k, v in sorted(obj.items()) if k not in drop}
    return [plain(v) for v in obj] if isinstance(obj, list) else obj


def pod(name: str = "p", image: str = "registry.example/web:1", **spec: Any) -> dict[str, Any]:
    containers = spec.pop("containers", [{"name": "c", "image": image}])
    labels = spec.pop("labels", {"app": "a"})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": containers, **spec},
    }


def deployment(
    name: str = "web", replicas: int = 2, image: str = "registry.example/web:1", **spec: Any
) -> dict[str, Any]:
    container: dict[str, Any] = {"name": "web", "image": image, **spec.pop("container", {})}
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], **spec.pop("pod", {})}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **spec}}  # fmt: skip


def service(name: str = "web", **spec: Any) -> dict[str, Any]:
    ports = spec.pop("ports", [{"port": 80, "targetPort": 8080}])
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": ports, **spec},
    }


def config(name: str = "cm", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data or {"a": "1"}}
