"""Who asks: a user with groups, the field manager under which they write, and how the write is meant."""

from __future__ import annotations

from dataclasses import dataclass, replace

MASTERS = "system:masters"


@dataclass(frozen=True, slots=True)
class User:
    """An authenticated user."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """One request's author. `version` is the API version in which the request speaks."""

    user: User
    manager: str
    dry_run: bool = False
    version: str = ""

    def as_manager(self, manager: str) -> Caller:
        return replace(self, manager=manager)


ADMIN = User("admin", (MASTERS, "system:authenticated"), "admin")


def component(manager: str, user: str = "") -> Caller:
    """A part of the control plane, or of a node."""
    return Caller(User(user or f"system:{manager}", (MASTERS, "system:authenticated")), manager)


CONTROLLERS = component("kube-controller-manager")
SCHEDULER = component("kube-scheduler")
KUBELET = component("kubelet")
APISERVER = component("kube-apiserver")
