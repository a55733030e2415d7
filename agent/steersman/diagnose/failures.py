"""Calls that fail now, by what the callers log: who calls what in vain, and with which words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from steersman_tools.snapshot import Log
from steersman_tools.types import Ref

from .addresses import service_named
from .logsigns import Sign, current, read
from .scene import Scene
from .trouble import containers_in_trouble, crashed
from .workloads import Workload

CALL_SIGNS = {
    "address-invalid",
    "dns-failed",
    "connection-refused",
    "timed-out",
    "auth-failed",
    "read-only",
    "too-many-connections",
    "bad-status",
    "db-unreachable",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """One kind of failing call."""

    caller: Ref
    sign: Sign
    log: Log
    target: Ref | None
    """The Service that was meant, if it can be told."""
    address: str
    """The address as the caller knows it."""


@lru_cache(maxsize=1)
def failing_calls(scene: Scene) -> tuple[Failure, ...]:
    """Every kind of call that fails now, one for each caller, target and kind of failure."""
    found: dict[tuple[Ref, Ref | None, str, str], Failure] = {}
    for workload, log, sign in signs(scene):
        if sign.kind in CALL_SIGNS and not _is_own(sign):
            target, address = _target(scene, workload, sign)
            found.setdefault(
                (workload.ref, target, address, sign.kind), Failure(workload.ref, sign, log, target, address)
            )
    return tuple(found.values())


def own_errors(scene: Scene) -> list[Failure]:
    """Failures that a workload logs of itself: errors that it answers with, and blames on nobody."""
    return [Failure(w.ref, sign, log, None, "") for w, log, sign in signs(scene) if _is_own(sign) and sign.count >= 2]


def _is_own(sign: Sign) -> bool:
    return sign.kind == "bad-status" and not sign.host and not sign.upstream


@lru_cache(maxsize=1)
def signs(scene: Scene) -> tuple[tuple[Workload, Log, Sign], ...]:
    """The signs that the logs of running containers show now, and all those of containers that keep ending."""
    found = []
    ending = {t.pod.ref for t in containers_in_trouble(scene) if crashed(scene, t)}
    for query, log in scene.snapshot.logs.items():
        workload = scene.workload_of.get(query.pod)
        if workload and query.pod in ending:
            found += [(workload, log, sign) for sign in read(log)]
        elif workload and not query.previous:
            found += [(workload, log, sign) for sign in current(log, scene.now)]
    return tuple(found)


def _target(scene: Scene, workload: Workload, sign: Sign) -> tuple[Ref | None, str]:
    """What was called: by the address in the line, by the IP that was dialled, or by the caller's own settings."""
    if sign.upstream:
        host, port = sign.upstream
        return service_named(host, workload.ref.namespace, scene.snapshot), f"{host}:{port}"
    if not sign.host:
        return None, ""
    address = f"{sign.host}:{sign.port}" if sign.port else sign.host
    if sign.host in scene.by_address:
        owner = scene.by_address[sign.host]
        if owner.kind == "Pod" and (above := scene.workload_of.get(owner)):
            views = scene.services_of.get(above.ref, ())
            owner = views[0].ref if views else above.ref
        return owner, address
    for call in scene.calls:
        if call.caller == workload.ref and call.host == sign.host:
            return call.service, address
    return service_named(sign.host, workload.ref.namespace, scene.snapshot), address
