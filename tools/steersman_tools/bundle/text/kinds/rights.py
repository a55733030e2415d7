"""Roles and their bindings."""

from __future__ import annotations

import re

from ....types import Json
from ..build import Object, only, put, told
from ..outline import Described, grid
from ..tables import Row
from .common import metadata

_LIST = re.compile(r"\[(.*)\]$")


def role(text: Described) -> Object:
    """A Role or ClusterRole, one rule for each resource, as the description breaks them down."""
    obj = metadata(text)
    put(obj, "rules", [_rule(row) for row in grid(text.section("PolicyRule").lines)])
    return obj


def _rule(row: Row) -> Object:
    resource, slash, part = row.get("Resources", "").partition("/")
    name, _, group = resource.partition(".")
    return only(
        apiGroups=[group] if name else None,
        resources=[f"{name}{slash}{part}"] if name else None,
        nonResourceURLs=_list(row.get("Non-Resource URLs", "")),
        resourceNames=_list(row.get("Resource Names", "")),
        verbs=_list(row.get("Verbs", "")),
    )


def _list(text: str) -> list[Json]:
    found = _LIST.match(text)
    return list(found[1].split()) if found else []


def binding(text: Described) -> Object:
    """A RoleBinding or ClusterRoleBinding."""
    obj = metadata(text)
    of = {entry.title: entry.value for entry in text.section("Role").entries}
    put(obj, "roleRef", only(kind=told(of.get("Kind", "")), name=told(of.get("Name", ""))))
    put(obj, "subjects", [
        only(kind=row["Kind"], name=told(row.get("Name", "")), namespace=told(row.get("Namespace", "")))
        for row in grid(text.section("Subjects").lines)
        if row.get("Kind")
    ])  # fmt: skip
    return obj
