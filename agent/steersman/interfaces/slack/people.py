"""Who may do what from Slack: a TOML file maps users and user groups to the roles of all faces. Nobody else has any."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from steersman_tools.types import Frozen, ToolFailed

from ..access import ROLES, Principal, Role


class People(Frozen):
    """The roles file."""

    users: dict[str, Role] = Field(default_factory=dict)
    """By user ID, `U…`."""
    groups: dict[str, Role] = Field(default_factory=dict)
    """By user group ID, `S…`."""
    everyone: Role | None = None
    channels: tuple[str, ...] = ()
    """Where the bot answers beside direct messages; none named: wherever it was invited. Who reads a channel reads its answers."""
    second_person: Literal["required", "not required"] = "not required"
    """Required: who asked for a change may not approve it."""

    def principal(self, user: str, groups: Iterable[str] = ()) -> Principal | None:
        """The user with the highest of their roles; None where they have none."""
        found = [r for r in (self.users.get(user), self.everyone, *map(self.groups.get, groups)) if r]
        if not found:
            return None
        return Principal(id=f"slack:{user}", role=max(found, key=ROLES.index), holder="person")

    def hears(self, channel: str) -> bool:
        """Whether the bot answers there."""
        return not self.channels or channel in self.channels or channel.startswith("D")


def load_people(path: Path | None) -> People:
    """The roles of the file. Raises ToolFailed; without a file nobody has a role."""
    if path is None:
        return People()
    try:
        return People.model_validate(tomllib.loads(path.read_text()))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise ToolFailed(f"{path} is no roles file (docs/slack.md shows one): {str(error).splitlines()[0]}.") from error
