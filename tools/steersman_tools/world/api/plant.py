"""What the API answers about: the store and its registry, users, and the parts of the world that only it can ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..clock import MovableClock
from ..store import Store
from .access import Access
from .kinds import Types
from .openapi import document
from .registry import Registry
from .requests import Reply
from .selection import Predicate


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Which lines of a container's log are wanted."""

    previous: bool = False
    timestamps: bool = False
    tail: int | None = None
    limit_bytes: int | None = None
    since: float = 0.0
    """Unix seconds."""


class Kubelets(Protocol):
    """The nodes' side of the API."""

    def log(self, namespace: str, pod: str, container: str, wanted: LogOptions) -> bytes:
        """The lines. Raises ApiError as the API server and the kubelet do."""

    def log_goes_on(self, namespace: str, pod: str, container: str) -> bool:
        """Whether more lines may come."""

    def metrics(self, kind: str, namespace: str, name: str, wanted: Predicate | None) -> Reply:
        """What metrics.k8s.io answers."""


@dataclass
class Plant:
    """The parts that the API joins."""

    types: Types
    store: Store
    registry: Registry
    access: Access
    clock: MovableClock
    kubelets: Kubelets
    version: str
    address: str = "127.0.0.1"

    def openapi(self, accept: str) -> Reply:
        return document(self.types, accept)

    def resource_metrics(self, kind: str, namespace: str, name: str, wanted: Predicate | None) -> Reply:
        return self.kubelets.metrics(kind, namespace, name, wanted)
