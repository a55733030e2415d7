"""The JSON schema of an answer as endpoints want it: closed, everything required, no references, no decoration."""

from __future__ import annotations

import copy
from typing import Any

from pydantic import BaseModel

from .base import JsonObject, Shape

_DECORATION = ("title", "default", "discriminator")


def shape_of(model: type[BaseModel]) -> Shape:
    """The shape that the type describes."""
    return Shape(name=model.__name__, parameters=parameters(model))


def parameters(model: type[BaseModel]) -> JsonObject:
    """The JSON schema of the type's fields, references put in place."""
    schema = model.model_json_schema()
    return _plain(schema, schema.get("$defs", {}))  # type: ignore[no-any-return]


def _plain(node: Any, named: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_plain(item, named) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _plain(copy.deepcopy(named[node["$ref"].rsplit("/", 1)[1]]), named)
    kept = {k: _plain(v, named) for k, v in node.items() if k not in ("$defs", *_DECORATION) or _is_field(k, v)}
    if kept.get("type") == "object" and "properties" in kept:
        kept["additionalProperties"] = False
    return kept


def _is_field(key: str, value: object) -> bool:
    """A property may be called `title`; then it is a schema, and no decoration."""
    return key == "title" and isinstance(value, dict)
