"""/openapi/v2, in JSON and in the protobuf that kubectl asks for, made from the table of fields."""

from __future__ import annotations

from typing import Any

import orjson

from ..objects import Obj
from ..schema import Field, definition
from .kinds import Types
from .requests import Reply

_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
"""Clients ask for it with an @ in the place of a dot, which a Content-Type may not hold."""
_SCALAR = {"s": "string", "i": "integer", "n": "number", "b": "boolean", "q": "string", "t": "string", "o": "string"}


_PACKAGES = {
    "meta": "io.k8s.apimachinery.pkg.apis", "apiextensions": "io.k8s.apiextensions-apiserver.pkg.apis",
    "apiregistration": "io.k8s.kube-aggregator.pkg.apis",
}  # fmt: skip


def _public(name: str) -> str:
    """The name of a definition as the API publishes it, such as io.k8s.api.core.v1.Pod."""
    return f"{_PACKAGES.get(name.partition('.')[0], 'io.k8s.api')}.{name}"


def definitions(types: Types) -> Obj:
    """The definitions of all served kinds and of what they hold."""
    made: Obj = {}

    def add(name: str) -> None:
        if _public(name) in made:
            return
        found = definition(name)
        entry: Obj = {"type": "object", "properties": {}}
        made[_public(name)] = entry
        if found.required:
            entry["required"] = sorted(found.required)
        for key, spec in found.fields.items():
            entry["properties"][key] = shape(spec)

    def shape(spec: Field) -> Obj:
        if spec.code == "r":
            add(spec.ref)
            return {"$ref": f"#/definitions/{_public(spec.ref)}"}
        if spec.code == "l" and spec.item:
            made_list: Obj = {"type": "array", "items": shape(spec.item)}
            if spec.merge_key:
                made_list["x-kubernetes-patch-merge-key"] = spec.merge_key
            if spec.patch:
                made_list["x-kubernetes-patch-strategy"] = spec.patch
            return made_list
        if spec.code == "d" and spec.item:
            return {"type": "object", "additionalProperties": shape(spec.item)}
        if spec.code in ("o", "q"):
            return {"type": "string", "format": "int-or-string"}
        return {"type": _SCALAR[spec.code]} if spec.code in _SCALAR else {}

    for entry in types.by_id.values():
        for version, name in entry.versions:
            add(name)
            gvk = {"group": entry.group, "kind": entry.kind, "version": version}
            made[_public(name)].setdefault("x-kubernetes-group-version-kind", []).append(gvk)
    return made


def document(types: Types, accept: str) -> Reply:
    """The specification in the form that the client asks for."""
    if "protobuf" in accept:
        return Reply(200, _proto(definitions(types)), _PROTOBUF)
    body = {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": "world"},
        "paths": {},
        "definitions": definitions(types),
    }
    return Reply.of(body)


# -- gnostic's openapi v2 messages, field by field: github.com/google/gnostic openapiv2/OpenAPIv2.proto ---------------------
def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 127:
        made.append(number & 127 | 128)
        number >>= 7
    made.append(number)
    return bytes(made)


def _part(number: int, payload: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _text(number: int, text: str) -> bytes:
    return _part(number, text.encode())


def _proto(found: Obj) -> bytes:
    info = _text(1, "Kubernetes") + _text(2, "world")
    listed = b"".join(_part(1, _text(1, name) + _part(2, _schema(body))) for name, body in sorted(found.items()))
    return _text(1, "2.0") + _part(2, info) + _part(8, b"") + _part(9, listed)


def _schema(body: Obj) -> bytes:
    made = b""
    if "$ref" in body:
        made += _text(1, body["$ref"])
    if "format" in body:
        made += _text(2, body["format"])
    for name in body.get("required", ()):
        made += _text(19, name)
    if "additionalProperties" in body:
        made += _part(21, _part(1, _schema(body["additionalProperties"])))
    if "type" in body:
        made += _part(22, _text(1, body["type"]))
    if "items" in body:
        made += _part(23, _part(1, _schema(body["items"])))
    if body.get("properties"):
        made += _part(25, b"".join(_part(1, _text(1, k) + _part(2, _schema(v))) for k, v in body["properties"].items()))
    for key, value in body.items():
        if key.startswith("x-"):
            made += _part(31, _text(1, key) + _part(2, _any(value)))
    return made


def _any(value: Any) -> bytes:
    """An extension's value: gnostic keeps it as YAML."""
    return _text(2, orjson.dumps(value).decode())
