"""Objects as a client asked to see them: single or in lists, whole, as rows of a Table, or their metadata alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import orjson

from ..objects import Obj
from ..store import Stored
from .conversion import differs, to_version
from .kinds import Type
from .requests import Reply, Request
from .tables import table

Form = Literal["object", "table", "metadata"]


def form(request: Request) -> Form:
    """The first form that the Accept header names and the server knows."""
    for part in request.headers.get("accept", "").split(","):
        if "protobuf" in part:
            continue
        if "as=Table" in part:
            return "table"
        if "as=PartialObjectMetadata" in part:
            return "metadata"
        if "json" in part or "*/*" in part:
            return "object"
    return "object"


def whole(kind: Type, obj: Obj, version: str) -> Obj:
    """One object with its kind and version."""
    return {"kind": kind.kind, "apiVersion": kind.api_version(version), **to_version(kind, obj, version)}


def encoded(kind: Type, stored: Stored, version: str) -> bytes:
    """One stored object as JSON with its kind and version."""
    if differs(kind, version) or kind.id == "events.events.k8s.io":
        return orjson.dumps(whole(kind, stored.obj, version))
    head = f'{{"kind":"{kind.kind}","apiVersion":"{kind.api_version(version)}",'.encode()
    return head + stored.encoded[1:]


def _metadata(obj: Obj) -> Obj:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def one(kind: Type, obj: Obj, version: str, request: Request, now: datetime, status: int = 200) -> Reply:
    match form(request):
        case "table":
            meta = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
            return Reply.of(table(kind, [(obj, _beside(kind, obj, version, request))], now, meta), status)
        case "metadata":
            return Reply.of(_metadata(obj), status)
    return Reply.of(whole(kind, obj, version), status)


def _beside(kind: Type, obj: Obj, version: str, request: Request) -> Obj:
    match request.query.get("includeObject"):
        case "None":
            return {}
        case "Object":
            return whole(kind, obj, version)
    return _metadata(obj)


def many(kind: Type, chosen: Sequence[Stored], version: str, request: Request, now: datetime, meta: Obj) -> Reply:
    match form(request):
        case "table":
            rows = [(s.obj, _beside(kind, s.obj, version, request)) for s in chosen]
            return Reply.of(table(kind, rows, now, meta))
        case "metadata":
            items = [_metadata(s.obj) for s in chosen]
            return Reply.of(
                {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": meta, "items": items}
            )
    if kind.custom or differs(kind, version) or kind.id == "events.events.k8s.io":
        body = [whole(kind, s.obj, version) if kind.custom else to_version(kind, s.obj, version) for s in chosen]
        return Reply.of(
            {"kind": f"{kind.kind}List", "apiVersion": kind.api_version(version), "metadata": meta, "items": body}
        )
    head = orjson.dumps({"kind": f"{kind.kind}List", "apiVersion": kind.api_version(version), "metadata": meta})
    return Reply(200, head[:-1] + b',"items":[' + b",".join(s.encoded for s in chosen) + b"]}\n")
