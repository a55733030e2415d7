"""Requests and replies of the API as plain values: HTTP is one way to carry them, a function call another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
import yaml

from ..objects import Obj
from .status import ApiError, bad_request

JSON = "application/json"
PATCHES = {
    "application/json-patch+json": "json", "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic", "application/apply-patch+yaml": "apply",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `query` holds the last value of each parameter, as the API's own decoder takes them."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() in ("1", "true")

    def object(self) -> Obj:
        """The body as an object. Raises the API's 400 or 415."""
        kind = self.content_type
        if kind == "application/vnd.kubernetes.protobuf":
            raise ApiError(
                415,
                f"the body of the request was in an unknown format - accepted media types include: {JSON}, application/yaml",
            )
        try:
            body = yaml.safe_load(self.body) if "yaml" in kind else orjson.loads(self.body)
        except (orjson.JSONDecodeError, yaml.YAMLError, ValueError, RecursionError) as error:
            raise bad_request(
                f"the object provided is unrecognized (must be of type Object): couldn't get version/kind; json parse error: {error}"
            ) from error
        if not isinstance(body, dict):
            raise bad_request("the object provided is unrecognized (must be of type Object): couldn't get version/kind; json parse error: "
                              f"json: cannot unmarshal {_go(body)} into Go value of type struct")  # fmt: skip
        return _plain(body)


def _go(value: object) -> str:
    return {list: "array", str: "string", bool: "bool", int: "number", float: "number"}.get(type(value), "null")


def _plain(body: Obj) -> Obj:
    """The body as JSON has it: YAML knows dates and keys that are no text."""
    try:
        made: Obj = orjson.loads(orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS))
    except (TypeError, ValueError, RecursionError) as error:
        raise bad_request(f"error converting YAML to JSON: {error}") from error
    return made


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of one piece."""

    status: int
    body: bytes
    content_type: str = JSON
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, obj: Obj, status: int = 200) -> Reply:
        return cls(status, orjson.dumps(obj) + b"\n")

    def json(self) -> Obj:
        made: Obj = orjson.loads(self.body)
        return made


def failure(error: ApiError) -> Reply:
    return Reply.of(error.status, error.code)
