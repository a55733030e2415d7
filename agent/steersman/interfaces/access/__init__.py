"""Who may do what: the four roles, and what each face asks of them. Every face that others can reach uses this and nothing else."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from steersman_tools.types import Frozen

Role: TypeAlias = Literal["viewer", "operator", "approver", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what those before it may."""


class Principal(Frozen):
    """Who asks, after the proof was checked."""

    id: str
    role: Role
    holder: Literal["person", "machine"] = "machine"
    """Only a person's word approves a plan."""


class Refused(Exception):
    """This caller may not do that; the text is one sentence."""


class Unknown(Exception):
    """Nobody knows who asks; the text is one sentence that says what to send."""


def may(principal: Principal, role: Role) -> bool:
    """Whether the principal has at least that role."""
    return ROLES.index(principal.role) >= ROLES.index(role)


def require(principal: Principal, role: Role) -> None:
    """Raises Refused where the role is missing."""
    if not may(principal, role):
        raise Refused(f"{principal.id} is {principal.role}: this needs the role {role}.")


def require_person(principal: Principal, role: Role) -> None:
    """Raises Refused where the role is missing, or where a machine asks for what needs a person's word."""
    require(principal, role)
    if principal.holder != "person":
        raise Refused(f"{principal.id} is a machine: this needs the word of a person with the role {role}.")


def roles_of(principal: Principal) -> tuple[Role, ...]:
    """All roles that the principal has: what policy sees as `actor.roles`."""
    return ROLES[: ROLES.index(principal.role) + 1]
