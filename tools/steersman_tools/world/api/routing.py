"""What a URL path names, and what the request's verb is."""

from __future__ import annotations

from dataclasses import dataclass

from .kinds import Type, Types
from .requests import Request
from .status import ApiError, NoSuchPath, no_such_path

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}


@dataclass(frozen=True, slots=True)
class Target:
    """One resource, collection or subresource."""

    type: Type
    version: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    def verb(self, request: Request) -> str:
        """The API's verb for the request, as RBAC has it. Raises 405."""
        if request.method == "GET":
            return ("watch" if request.flag("watch") else "list") if not self.name else "get"
        if request.method == "DELETE":
            return "delete" if self.name else "deletecollection"
        verb = _VERBS.get(request.method, "")
        if (
            not verb
            or (verb != "create" and not self.name)
            or (verb == "create" and self.name and not self.subresource)
        ):
            raise not_allowed()
        return verb


def not_allowed() -> ApiError:
    return ApiError(405, "the server does not allow this method on the requested resource", details={})


def target(types: Types, path: str) -> Target:
    """What the path of a resource names. Raises 404 for one that names nothing."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"] and len(parts) >= 3:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) >= 4:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        raise NoSuchPath
    if version not in types.groups().get(group, ()):
        raise NoSuchPath
    if rest[0] == "watch" and len(rest) > 1:
        rest = rest[1:]
    namespace = ""
    if (
        rest[0] == "namespaces"
        and len(rest) >= 3
        and types.at(group, version, rest[2])
        and (group or rest[2] not in ("finalize", "status"))
    ):
        namespace, rest = rest[1], rest[2:]
    kind = types.at(group, version, rest[0])
    if kind is None or len(rest) > 3 or (namespace and not kind.namespaced):
        raise no_such_path()
    if kind.namespaced and not namespace and len(rest) > 1:
        raise no_such_path()
    subresource = rest[2] if len(rest) == 3 else ""
    if subresource and subresource not in kind.subresources:
        raise no_such_path()
    return Target(kind, version, namespace, rest[1] if len(rest) > 1 else "", subresource)
