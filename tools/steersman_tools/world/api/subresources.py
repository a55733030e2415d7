"""Subresources: status, scale, log, eviction, binding, token and finalize."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from ...fields import Fields
from ...selectors import selects
from ..objects import Obj, moment, stamp
from .access import service_account
from .caller import Caller
from .deletion import delete, options
from .patches import json_patch, merge_patch
from .patching import patched
from .plant import LogOptions, Plant
from .requests import PATCHES, Reply, Request
from .routing import Target
from .showing import one
from .status import ApiError, bad_request, conflict


@dataclass(frozen=True, slots=True)
class LogStream:
    """A log that is followed: the lines so far, and a way to ask for more."""

    first: bytes
    more: Callable[[float], bytes]
    """The lines since a moment (Unix seconds)."""
    goes_on: Callable[[], bool]


def serve(plant: Plant, verb: str, where: Target, request: Request, caller: Caller) -> Reply | LogStream:
    """Answers a request about a subresource. Raises ApiError."""
    match where.subresource:
        case "status" if verb in ("update", "patch"):
            made, status, _ = patched(plant, verb, where, request, caller, "")
            return one(where.type, made, where.version, request, plant.clock.now(), status)
        case "status":
            obj = plant.registry.get(where.type, where.namespace, where.name)
            return one(where.type, obj, where.version, request, plant.clock.now())
        case "scale":
            return _scale(plant, verb, where, request, caller)
        case "log":
            return _log(plant, where, request)
        case "eviction" if verb == "create":
            return _evict(plant, where, request, caller)
        case "binding" if verb == "create":
            return _bind(plant, where, request, caller)
        case "token" if verb == "create":
            return _token(plant, where, request)
        case "finalize" if verb == "update":
            made = plant.registry.update(
                where.type, "", where.name, lambda old: request.object(), caller, subresource="finalize"
            )
            return one(where.type, made, where.version, request, plant.clock.now())
    raise ApiError(405, "the server does not allow this method on the requested resource", details={})


# -- scale ---------------------------------------------------------------------------------------------------------------
def _selector_text(obj: Obj) -> str:
    selector = obj["spec"].get("selector") or {}
    if "matchLabels" not in selector and "matchExpressions" not in selector:
        return ",".join(f"{k}={v}" for k, v in sorted(selector.items()))
    parts = [f"{k}={v}" for k, v in sorted((selector.get("matchLabels") or {}).items())]
    for rule in selector.get("matchExpressions") or ():
        values = ",".join(rule.get("values") or ())
        parts.append({"In": f"{rule['key']} in ({values})", "NotIn": f"{rule['key']} notin ({values})", "Exists": rule["key"]}.get(
            rule["operator"], f"!{rule['key']}"))  # fmt: skip
    return ",".join(parts)


def _scale_of(obj: Obj) -> Obj:
    meta = {
        k: obj["metadata"][k]
        for k in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        if k in obj["metadata"]
    }
    spec = {"replicas": obj["spec"].get("replicas", 1)} if obj["spec"].get("replicas", 1) else {}
    status: Obj = {"replicas": (obj.get("status") or {}).get("replicas", 0)}
    if text := _selector_text(obj):
        status["selector"] = text
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta, "spec": spec, "status": status}


def _scale(plant: Plant, verb: str, where: Target, request: Request, caller: Caller) -> Reply:
    obj = plant.registry.get(where.type, where.namespace, where.name)
    if verb == "get":
        return Reply.of(_scale_of(obj))
    wanted = _patched_scale(_scale_of(obj), request) if verb == "patch" else request.object()
    meta = _part(wanted, "metadata")
    if meta.get("name", where.name) != where.name:
        raise bad_request(
            f"the name of the object ({meta.get('name')}) does not match the name on the URL ({where.name})"
        )
    replicas = _part(wanted, "spec").get("replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool) or abs(replicas) >= 2**31:
        raise _no_scale(replicas, "Go struct field ScaleSpec.spec.replicas of type int32")
    if replicas < 0:
        text = f"spec.replicas: Invalid value: {replicas}: must be greater than or equal to 0"
        raise ApiError(
            422,
            f'Scale.autoscaling "{where.name}" is invalid: {text}',
            reason="Invalid",
            details={"name": where.name, "group": "autoscaling", "kind": "Scale"},
        )
    asked = meta.get("resourceVersion")

    def change(old: Obj) -> Obj:
        made = {**old, "spec": {**old["spec"], "replicas": replicas}}
        return (
            made
            if not asked or verb == "patch"
            else {**made, "metadata": {**old["metadata"], "resourceVersion": asked}}
        )

    return Reply.of(_scale_of(plant.registry.update(where.type, where.namespace, where.name, change, caller)))


def _part(scale: object, name: str) -> Obj:
    """A part of a Scale that a client has sent. Raises the decoder's 400."""
    if not isinstance(scale, dict):
        raise _no_scale(scale, "Go value of type autoscaling.Scale")
    part = scale.get(name) or {}
    if not isinstance(part, dict):
        raise _no_scale(part, f"Go struct field Scale.{name} of type autoscaling.Scale{name.title()}")
    return part


def _no_scale(value: object, into: str) -> ApiError:
    kind = {list: "array", str: "string", bool: "bool", dict: "object"}.get(type(value), f"number {value}")
    return bad_request(f'Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal {kind} into {into}')


def _patched_scale(scale: Obj, request: Request) -> Obj:
    style = PATCHES.get(request.content_type)
    if style is None or style == "apply":
        raise ApiError(
            415,
            f"the body of the request was in an unknown format - accepted media types include: {', '.join(PATCHES)}",
        )
    try:
        patch: Any = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"error decoding patch: {error}") from error
    if style == "json":
        return json_patch(scale, patch)
    made = merge_patch(scale, patch)
    if not isinstance(made, dict):
        raise bad_request(
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
        )
    return made


# -- log -----------------------------------------------------------------------------------------------------------------
def _log(plant: Plant, where: Target, request: Request) -> Reply | LogStream:
    pod = plant.registry.get(where.type, where.namespace, where.name)
    query = request.query
    container = query.get("container") or _only_container(pod)
    numbers = {}
    for name in ("tailLines", "limitBytes", "sinceSeconds"):
        if query.get(name):
            if not query[name].isdigit():
                raise bad_request(f'strconv.ParseInt: parsing "{query[name]}": invalid syntax')
            numbers[name] = int(query[name])
    since = plant.clock.now().timestamp() - numbers["sinceSeconds"] if "sinceSeconds" in numbers else 0.0
    if query.get("sinceTime"):
        try:
            since = moment(query["sinceTime"]).timestamp()
        except ValueError as error:
            raise bad_request(f"parsing time {query['sinceTime']!r}") from error
    wanted = LogOptions(
        request.flag("previous"), request.flag("timestamps"), numbers.get("tailLines"), numbers.get("limitBytes"), since
    )
    first = plant.kubelets.log(where.namespace, where.name, container, wanted)
    if not request.flag("follow") or wanted.previous:
        return Reply(200, first, "text/plain")

    def more(after: float) -> bytes:
        return plant.kubelets.log(
            where.namespace, where.name, container, LogOptions(timestamps=wanted.timestamps, since=after)
        )

    return LogStream(first, more, lambda: plant.kubelets.log_goes_on(where.namespace, where.name, container))


def _only_container(pod: Obj) -> str:
    names = [c["name"] for c in pod["spec"]["containers"]]
    inits = [c["name"] for c in pod["spec"].get("initContainers") or ()]
    if len(names) == 1 and not inits:
        return str(names[0])
    if len(names) == 1 and inits:
        text = f"a container name must be specified for pod {pod['metadata']['name']}, choose one of: [{' '.join(names)}] or one of the init containers: [{' '.join(inits)}]"
        raise bad_request(text)
    raise bad_request(
        f"a container name must be specified for pod {pod['metadata']['name']}, choose one of: [{' '.join(names)}]"
    )


# -- eviction, binding, tokens -------------------------------------------------------------------------------------------
def _evict(plant: Plant, where: Target, request: Request, caller: Caller) -> Reply:
    body = request.object() if request.body.strip() else {}
    pod = plant.registry.get(where.type, where.namespace, where.name)
    named = (body.get("metadata") or {}).get("name")
    if named and named != where.name:
        raise bad_request("name in URL does not match name in Eviction object")
    asked = options(body.get("deleteOptions") or {}, {})
    dry = caller.dry_run or (body.get("deleteOptions") or {}).get("dryRun") == ["All"]
    caller = Caller(caller.user, caller.manager, dry, caller.version)
    if (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed", "Pending") and not pod["metadata"].get(
        "deletionTimestamp"
    ):
        _disrupt(plant, pod, dry_run=dry, caller=caller)
    delete(plant.registry, where.type, where.namespace, where.name, caller, asked)
    return Reply.of({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201)


def _disrupt(plant: Plant, pod: Obj, *, dry_run: bool, caller: Caller) -> None:
    """Takes one disruption from the pod's budget. Raises 429 when none is left."""
    labels = pod["metadata"].get("labels") or {}
    kind = plant.types["poddisruptionbudgets.policy"]
    budgets = [b for b in plant.store.of(kind.id, pod["metadata"]["namespace"])
               if b["spec"].get("selector") is not None and selects(Fields(b["spec"]["selector"]), labels)]  # fmt: skip
    if len(budgets) > 1:
        raise ApiError(
            500,
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
            reason="InternalError",
        )
    for budget in budgets:
        status, name = budget.get("status") or {}, budget["metadata"]["name"]
        if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 0):
            raise _too_many(name, f"The disruption budget {name} is still being processed by the server.", seconds=10)
        if status.get("disruptionsAllowed", 0) <= 0:
            words = f"The disruption budget {name} needs {status.get('desiredHealthy', 0)} healthy pods and has {status.get('currentHealthy', 0)} currently"
            raise _too_many(name, words, seconds=0)
        if not dry_run:
            left = {**status, "disruptionsAllowed": status["disruptionsAllowed"] - 1,
                    "disruptedPods": {**(status.get("disruptedPods") or {}), pod["metadata"]["name"]: stamp(plant.clock.now())}}  # fmt: skip
            plant.registry.set_status(kind, budget, left, caller)


def _too_many(name: str, words: str, seconds: int) -> ApiError:
    details: Obj = {"causes": [{"reason": "DisruptionBudget", "message": words}]}
    if seconds:
        details["retryAfterSeconds"] = seconds
    return ApiError(429, "Cannot evict pod as it would violate the pod's disruption budget.", details=details)


def _bind(plant: Plant, where: Target, request: Request, caller: Caller) -> Reply:
    node = (request.object().get("target") or {}).get("name")
    if not node:
        raise ApiError(422, f'Binding "{where.name}" is invalid: target.name: Required value', reason="Invalid")
    bind(plant, where.namespace, where.name, str(node), caller)
    return Reply.of({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201)


def bind(plant: Plant, namespace: str, name: str, node: str, caller: Caller) -> Obj:
    """Assigns a pod to a node, as the scheduler does. Raises ApiError."""
    kind = plant.types["pods"]
    pod = plant.registry.get(kind, namespace, name)
    if pod["spec"].get("nodeName"):
        raise conflict("pods/binding", "", name, f'pod {name} is already assigned to node "{pod["spec"]["nodeName"]}"')
    if pod["metadata"].get("deletionTimestamp"):
        raise conflict("pods/binding", "", name, f"pod {name} is being deleted, cannot be assigned to a host")
    old = [c for c in (pod.get("status") or {}).get("conditions") or () if c["type"] != "PodScheduled"]
    done = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": plant.registry.now()}
    made = {**pod, "spec": {**pod["spec"], "nodeName": node}, "status": {**pod["status"], "conditions": [*old, done]},
            "metadata": dict(pod["metadata"])}  # fmt: skip
    return made if caller.dry_run else plant.store.put(kind, made).obj


def _token(plant: Plant, where: Target, request: Request) -> Reply:
    account = plant.registry.get(where.type, where.namespace, where.name)
    body = request.object() if request.body.strip() else {}
    seconds = int((body.get("spec") or {}).get("expirationSeconds") or 3600)
    token = plant.access.issue(service_account(where.namespace, where.name))
    until = stamp(plant.clock.now() + timedelta(seconds=seconds))
    meta = {
        "name": account["metadata"]["name"],
        "namespace": where.namespace,
        "creationTimestamp": plant.registry.now(),
    }
    spec = {
        "audiences": (body.get("spec") or {}).get("audiences") or ["https://kubernetes.default.svc"],
        "expirationSeconds": seconds,
    }
    return Reply.of({"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": meta, "spec": spec,
                     "status": {"token": token, "expirationTimestamp": until}}, 201)  # fmt: skip
