"""Which objects a list or watch shows: label and field selectors as query parameters write them, and pages of a list."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from ..objects import Obj
from .kinds import Type
from .status import EXPIRED_TOKEN, ApiError, bad_request

Predicate = Callable[[Obj], bool]

_TERM = re.compile(r"\s*(!)?\s*([A-Za-z0-9._/-]+)\s*(?:(==|=|!=|notin|in|>|<)\s*(\([^)]*\)|[^,()]*))?\s*(?:,|$)")
_KEY = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
FIELDS: dict[str, tuple[str, ...]] = {
    "pods": ("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "status.phase", "status.podIP",
             "status.nominatedNodeName"),
    "events": ("involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
               "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent",
               "source", "type"),
    "nodes": ("spec.unschedulable",),
    "secrets": ("type",),
    "namespaces": ("status.phase",),
    "replicasets.apps": ("status.replicas",),
    "jobs.batch": ("status.successful",),
    "replicationcontrollers": ("status.replicas",),
}  # fmt: skip


def label_predicate(text: str) -> Predicate | None:
    """A label selector of the query: `app=cart,tier in (a, b),!old`. Raises ApiError when it cannot be parsed."""
    if not text.strip():
        return None
    tests: list[Callable[[dict[str, str]], bool]] = []
    position = 0
    while position < len(text):
        found = _TERM.match(text, position)
        if not found or found.end() == position:
            raise bad_request(f"unable to parse requirement: found '{text[position:][:1]}', expected: 'identifier'")
        position = found.end()
        tests.append(_label_test(found))
    return lambda obj: all(test(obj["metadata"].get("labels") or {}) for test in tests)


def _label_test(found: re.Match[str]) -> Callable[[dict[str, str]], bool]:
    absent, key, operator, value = found[1], found[2], found[3], (found[4] or "").strip()
    if not _KEY.fullmatch(key):
        raise bad_request(f'unable to parse requirement: invalid label key "{key}": name part must consist of alphanumeric characters, '
                          "'-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
                          "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')")  # fmt: skip
    values = [v.strip() for v in value.strip("()").split(",")]
    match operator:
        case None:
            return (lambda labels: key not in labels) if absent else (lambda labels: key in labels)
        case "=" | "==":
            return lambda labels: labels.get(key) == value
        case "!=":
            return lambda labels: labels.get(key) != value
        case "in":
            return lambda labels: labels.get(key) in values
        case "notin":
            return lambda labels: labels.get(key) not in values
    if not value.lstrip("-").isdigit():
        raise bad_request(
            f"unable to parse requirement: values[0][{key}]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the value must be an integer"
        )
    bound = int(value)
    return lambda labels: (
        labels.get(key, "").lstrip("-").isdigit()
        and (int(labels[key]) > bound if operator == ">" else int(labels[key]) < bound)
    )


def field_predicate(kind: Type, text: str) -> Predicate | None:
    """A field selector of the query. Raises ApiError for fields that the type does not offer."""
    if not text.strip():
        return None
    allowed = ("metadata.name", "metadata.namespace", *FIELDS.get(kind.id, ()))
    tests: list[Predicate] = []
    for term in text.split(","):
        found = re.fullmatch(r"([^=!]+)(!=|==|=)(.*)", term)
        if not found:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{term}'")
        field, operator, value = found[1], found[2], found[3]
        if field not in allowed:
            raise bad_request(f"field label not supported: {field}")
        tests.append(_field_test(kind, field, operator != "!=", value))
    return lambda obj: all(test(obj) for test in tests)


def _field_test(kind: Type, field: str, equal: bool, value: str) -> Predicate:  # noqa: FBT001   # = or !=
    steps = field.split(".")
    if field == "source":
        steps = ["source", "component"]
    if field == "status.successful":
        steps = ["status", "succeeded"]

    def test(obj: Obj) -> bool:
        here: Any = obj
        for step in steps:
            here = here.get(step) if isinstance(here, dict) else None
        if field == "spec.unschedulable":
            here = bool(here)
        text = str(here).lower() if isinstance(here, bool) else "" if here is None else str(here)
        return (text == value) is equal

    return test


@dataclass(frozen=True, slots=True)
class Page:
    """Where a list goes on: the revision of its first page and the last key shown."""

    revision: int
    after: tuple[str, str]

    @property
    def token(self) -> str:
        text = orjson.dumps({"v": "meta.k8s.io/v1", "rv": self.revision, "start": "/".join(self.after) + "\0"})
        return base64.urlsafe_b64encode(text).decode().rstrip("=")


def read_token(text: str, oldest: int) -> Page:
    """The page of a continue token. Raises the API's 400 for one that is none, and its 410 for one that is too old."""
    try:
        body = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        namespace, _, name = body["start"].rstrip("\0").partition("/")
        page = Page(int(body["rv"]), (namespace, name))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ApiError(400, "continue key is not valid: illegal base64 data at input byte 0") from error
    if page.revision < oldest:
        raise EXPIRED_TOKEN
    return page
