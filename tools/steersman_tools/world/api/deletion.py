"""Deletion: grace periods, finalizers, and what happens to dependents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ..objects import Obj, stamp
from .caller import Caller
from .kinds import Type
from .registry import Registry
from .status import ApiError, bad_request, conflict

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"


@dataclass(frozen=True, slots=True)
class Options:
    """What a client asks of a deletion."""

    grace: int | None = None
    propagation: str = ""
    uid: str = ""
    resource_version: str = ""


def options(body: Obj, query: dict[str, str]) -> Options:
    """The options of a body (DeleteOptions) or of the query. Raises ApiError for values that make no sense."""
    grace = body.get("gracePeriodSeconds")
    if grace is None and query.get("gracePeriodSeconds", "").lstrip("-").isdigit():
        grace = int(query["gracePeriodSeconds"])
    policy = body.get("propagationPolicy") or query.get("propagationPolicy") or ""
    orphan = body.get("orphanDependents")
    if orphan is None and "orphanDependents" in query:
        orphan = query["orphanDependents"] == "true"
    if orphan is not None and policy:
        text = "orphanDependents and deletionPropagation cannot be both set"
        raise ApiError(
            422,
            f'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "{policy}": {text}',
            reason="Invalid",
        )
    if policy not in ("", "Orphan", "Background", "Foreground"):
        raise ApiError(
            422,
            f'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "{policy}": supported values: '
            '"Background", "Foreground", "Orphan", "nil"',
            reason="Invalid",
        )
    if orphan is not None:
        policy = "Orphan" if orphan else "Background"
    wanted = body.get("preconditions") or {}
    return Options(grace, policy, wanted.get("uid", ""), wanted.get("resourceVersion", ""))


def delete(
    registry: Registry, kind: Type, namespace: str, name: str, caller: Caller, asked: Options = Options()
) -> tuple[Obj, bool]:  # frozen
    """Deletes an object, or marks it for deletion. Returns its last state, and whether it is gone."""
    obj = registry.get(kind, namespace, name)
    _preconditions(kind, obj, asked)
    if kind.id == "namespaces":
        return _namespace(registry, kind, obj, caller), False
    finalizers = _finalizers(obj, asked.propagation)
    grace = _grace(kind, obj, asked.grace)
    meta = obj["metadata"]
    if meta.get("deletionTimestamp"):
        shorter = grace < (meta.get("deletionGracePeriodSeconds") or 0)
        if finalizers == (meta.get("finalizers") or []) and not shorter and (grace > 0 or finalizers):
            return obj, False
        if not shorter and meta.get("deletionGracePeriodSeconds") and grace > 0:
            grace = meta["deletionGracePeriodSeconds"]
    if grace <= 0 and not finalizers:
        if caller.dry_run:
            return obj, True
        return registry.store.remove(kind, (namespace, name)).obj, True
    return _marked(registry, kind, obj, grace, finalizers, caller), False


def _preconditions(kind: Type, obj: Obj, asked: Options) -> None:
    meta = obj["metadata"]
    if asked.uid and asked.uid != meta["uid"]:
        why = f"the UID in the precondition ({asked.uid}) does not match the UID in record ({meta['uid']}). "
        raise conflict(
            kind.kind, kind.group, meta["name"], why + "The object might have been deleted and then recreated"
        )
    if asked.resource_version and asked.resource_version != meta["resourceVersion"]:
        why = (f"Precondition failed: ResourceVersion in precondition: {asked.resource_version}, ResourceVersion in object meta: "
               f"{meta['resourceVersion']}")  # fmt: skip
        raise conflict(kind.plural, kind.group, meta["name"], why)


def _finalizers(obj: Obj, policy: str) -> list[str]:
    found = [f for f in obj["metadata"].get("finalizers") or () if not (policy and f in (ORPHAN, FOREGROUND))]
    extra = {"Orphan": [ORPHAN], "Foreground": [FOREGROUND]}.get(policy, [])
    return found + extra


def _grace(kind: Type, obj: Obj, asked: int | None) -> int:
    """The seconds that a pod gets to end; other kinds get none."""
    if kind.id != "pods":
        return 0
    spec, phase = obj["spec"], (obj.get("status") or {}).get("phase")
    if not spec.get("nodeName") or phase in ("Succeeded", "Failed"):
        return 0
    own = spec.get("terminationGracePeriodSeconds")
    grace = asked if asked is not None else 30 if own is None else own
    return max(0, grace)


def _marked(registry: Registry, kind: Type, obj: Obj, grace: int, finalizers: list[str], caller: Caller) -> Obj:
    meta = dict(obj["metadata"])
    meta["deletionTimestamp"] = meta.get("deletionTimestamp") if not grace and meta.get("deletionTimestamp") else stamp(
        registry.clock.now() + timedelta(seconds=grace))  # fmt: skip
    meta["deletionGracePeriodSeconds"] = grace
    if finalizers:
        meta["finalizers"] = finalizers
    if "generation" in meta:
        meta["generation"] += 1
    made = obj | {"metadata": meta}
    return made if caller.dry_run else registry.store.put(kind, made).obj


def _namespace(registry: Registry, kind: Type, obj: Obj, caller: Caller) -> Obj:
    """A namespace is Terminating until its controller has emptied it."""
    name = obj["metadata"]["name"]
    if name in ("default", "kube-system", "kube-public"):
        raise ApiError(
            403,
            f'namespaces "{name}" is forbidden: this namespace may not be deleted',
            details={"name": name, "kind": "namespaces"},
        )
    if obj["metadata"].get("deletionTimestamp"):
        return obj
    made = obj | {
        "metadata": obj["metadata"] | {"deletionTimestamp": registry.now()},
        "status": {**obj.get("status", {}), "phase": "Terminating"},
    }
    return made if caller.dry_run else registry.store.put(kind, made).obj


def delete_collection(registry: Registry, kind: Type, chosen: list[Obj], caller: Caller, asked: Options) -> list[Obj]:
    """Deletes all the chosen objects."""
    if kind.id == "namespaces":
        raise bad_request("namespaces cannot be deleted as a collection")
    gone = []
    for obj in chosen:
        meta = obj["metadata"]
        gone.append(delete(registry, kind, meta.get("namespace", ""), meta["name"], caller, asked)[0])
    return gone
