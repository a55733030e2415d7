"""Who may do what: users by token, and RBAC as live Roles and bindings grant it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from ..objects import Obj
from ..store import Store
from .caller import ADMIN, MASTERS, User
from .status import ApiError

_GROUPS = ("system:serviceaccounts", "system:authenticated")


def service_account(namespace: str, name: str) -> User:
    """The user that a pod with this ServiceAccount is."""
    return User(f"system:serviceaccount:{namespace}:{name}", (_GROUPS[0], f"{_GROUPS[0]}:{namespace}", _GROUPS[1]))


@dataclass(frozen=True, slots=True)
class Ask:
    """One question of authorisation."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def called(self) -> str:
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


@dataclass
class Access:
    """The users of a world and their rights."""

    store: Store
    tokens: dict[str, User] = field(default_factory=lambda: {"admin-token": ADMIN})

    def user(self, authorization: str, impersonated: str, groups: tuple[str, ...]) -> User:
        """The user of a request; without credentials, the admin: kubectl sends none over plain HTTP. Raises 401."""
        user = ADMIN
        if authorization:
            scheme, _, token = authorization.partition(" ")
            found = self.tokens.get(token.strip()) if scheme.lower() == "bearer" else None
            if found is None:
                raise ApiError(401, "Unauthorized")
            user = found
        if not impersonated:
            return user
        if MASTERS not in user.groups:
            ask = Ask("impersonate", "", "users", name=impersonated)
            if not self.allowed(user, ask):
                raise refusal(user, ask)
        if impersonated.startswith("system:serviceaccount:") and impersonated.count(":") == 3:
            return service_account(*impersonated.split(":")[2:])
        return User(impersonated, (*groups, _GROUPS[1]))

    def issue(self, user: User) -> str:
        """A token for a user."""
        token = secrets.token_urlsafe(24)
        self.tokens[token] = user
        return token

    def allowed(self, user: User, ask: Ask) -> bool:
        return MASTERS in user.groups or any(_grants(rule, ask) for rule in self.rules(user, ask.namespace))

    def rules(self, user: User, namespace: str) -> list[Obj]:
        """The rules that hold for a user in a namespace ('' for the cluster)."""
        found: list[Obj] = []
        suffix = ".rbac.authorization.k8s.io"
        for binding in self.store.of("clusterrolebindings" + suffix):
            if _binds(binding, user):
                found += self._role(binding["roleRef"], "")
        for binding in self.store.of("rolebindings" + suffix, namespace) if namespace else ():
            if _binds(binding, user):
                found += self._role(binding["roleRef"], namespace)
        return found

    def _role(self, ref: Obj, namespace: str) -> list[Obj]:
        suffix = ".rbac.authorization.k8s.io"
        if ref.get("kind") == "ClusterRole":
            role = self.store.get("clusterroles" + suffix, "", ref["name"])
        else:
            role = self.store.get("roles" + suffix, namespace, ref["name"])
        return list((role or {}).get("rules") or ())


def _binds(binding: Obj, user: User) -> bool:
    for subject in binding.get("subjects") or ():
        kind, name = subject.get("kind"), subject.get("name")
        if (kind == "User" and name == user.name) or (kind == "Group" and name in user.groups):
            return True
        namespace = subject.get("namespace") or binding["metadata"].get("namespace", "")
        if kind == "ServiceAccount" and user.name == f"system:serviceaccount:{namespace}:{name}":
            return True
    return False


def _grants(rule: Obj, ask: Ask) -> bool:
    def has(field: str, value: str) -> bool:
        values = rule.get(field) or ()
        return "*" in values or value in values

    if ask.path:
        return has("verbs", ask.verb) and any(
            p == ask.path or (p.endswith("*") and ask.path.startswith(p[:-1]))
            for p in rule.get("nonResourceURLs") or ()
        )
    names = rule.get("resourceNames") or ()
    resource = has("resources", ask.called) or (
        ask.subresource and f"*/{ask.subresource}" in (rule.get("resources") or ())
    )
    return bool(
        has("verbs", ask.verb) and has("apiGroups", ask.group) and resource and (not names or ask.name in names)
    )


def refusal(user: User, ask: Ask) -> ApiError:
    """The 403 of the RBAC authoriser."""
    if ask.path:
        return ApiError(403, f'forbidden: User "{user.name}" cannot {ask.verb} path "{ask.path}"', details={})
    called = f"{ask.resource}.{ask.group}" if ask.group else ask.resource
    who = f'{called} "{ask.name}" is forbidden' if ask.name else f"{called} is forbidden"
    where = f'in the namespace "{ask.namespace}"' if ask.namespace else "at the cluster scope"
    text = f'{who}: User "{user.name}" cannot {ask.verb} resource "{ask.called}" in API group "{ask.group}" {where}'
    details = {k: v for k, v in (("name", ask.name), ("group", ask.group), ("kind", ask.resource)) if v}
    return ApiError(403, text, details=details)
