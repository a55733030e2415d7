"""PUT and the four kinds of PATCH, on objects and on their status."""

from __future__ import annotations

import orjson

from ..objects import Obj
from . import reading
from .caller import Caller
from .conversion import to_version
from .kinds import Type
from .managed import Writer
from .patches import REJECTED, json_patch, merge_patch, strategic
from .plant import Plant
from .requests import PATCHES, Request
from .routing import Target
from .status import ApiError, bad_request, not_found

Outcome = tuple[Obj, int, tuple[str, ...]]


def patched(plant: Plant, verb: str, where: Target, request: Request, caller: Caller, mode: str) -> Outcome:
    """Carries out an update or a patch: the object, the status code, and warnings."""
    if verb == "update":
        return _put(plant, where, request, caller, mode)
    style = PATCHES.get(request.content_type)
    if style is None or (style == "strategic" and where.type.custom):
        raise _unsupported()
    if style == "apply":
        return _apply(plant, where, request, caller, mode)
    if request.query.get("force"):
        raise ApiError(
            422,
            'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
            reason="Invalid",
        )
    patch = _document(request, style)
    warnings: tuple[str, ...] = ()

    def change(old: Obj) -> Obj:
        nonlocal warnings
        base = {
            "kind": where.type.kind,
            "apiVersion": where.type.api_version(where.version),
            **to_version(where.type, old, where.version),
        }
        if style == "json":
            made = json_patch(base, patch)
        elif style == "merge":
            made = merge_patch(base, patch)
        else:
            assert isinstance(patch, dict)
            made = strategic(where.type.definition(where.version), base, patch)
        decoded = reading.decode(where.type, where.version, made)
        warnings = reading.strict(where.type, where.version, decoded, mode)
        return decoded.obj

    obj = plant.registry.update(
        _type(plant, where), where.namespace, where.name, change, caller, subresource=where.subresource
    )
    return obj, 200, warnings


def _type(plant: Plant, where: Target) -> Type:
    return plant.types["events"] if where.type.id == "events.events.k8s.io" else where.type


def _document(request: Request, style: str) -> object:
    try:
        patch = orjson.loads(request.body)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise bad_request(f"error decoding patch: {error}") from error
    if style != "json" and not isinstance(patch, dict):
        raise ApiError(422, REJECTED, details={})
    return patch


def _unsupported() -> ApiError:
    return ApiError(415, "415: Unsupported Media Type", details={})


def _put(plant: Plant, where: Target, request: Request, caller: Caller, mode: str) -> Outcome:
    body = request.object()
    decoded = reading.decode(where.type, where.version, body)
    warnings = reading.strict(where.type, where.version, decoded, mode)
    meta = decoded.obj["metadata"]
    if meta.get("name", where.name) != where.name:
        raise bad_request(f"the name of the object ({meta['name']}) does not match the name on the URL ({where.name})")
    if not meta.get("name"):
        meta["name"] = where.name
    if where.namespace and meta.get("namespace", where.namespace) != where.namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    obj = plant.registry.update(
        _type(plant, where), where.namespace, where.name, lambda old: decoded.obj, caller, subresource=where.subresource
    )
    return obj, 200, warnings


def _apply(plant: Plant, where: Target, request: Request, caller: Caller, mode: str) -> Outcome:
    if not request.query.get("fieldManager"):
        raise ApiError(
            422,
            'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
            reason="Invalid",
        )
    body = Request("PATCH", "", {}, {"content-type": "application/yaml"}, request.body).object()
    if not body.get("apiVersion") or not body.get("kind"):
        raise bad_request(
            "error decoding YAML: Object 'Kind' is missing in '{}'" if not body else "Object 'apiVersion' is missing"
        )
    decoded = reading.decode(where.type, where.version, body)
    warnings = reading.strict(where.type, where.version, decoded, mode or "Strict")
    obj = decoded.obj
    if obj["metadata"].get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    obj["metadata"]["name"] = obj["metadata"].get("name") or where.name
    if where.namespace:
        obj["metadata"]["namespace"] = where.namespace
    writer = Writer(
        caller.manager, "Apply", where.type.api_version(where.version), plant.registry.now(), where.subresource
    )
    if plant.store.get(where.type.id, where.namespace, where.name) is None:
        if where.subresource:
            raise not_found(where.type.plural, where.type.group, where.name)
        return plant.registry.create(where.type, obj, caller, applied=writer), 201, warnings
    made = plant.registry.update(where.type, where.namespace, where.name, lambda old: obj, caller, subresource=where.subresource,
                                 applied=(writer, request.flag("force")))  # fmt: skip
    return made, 200, warnings
