"""What the actuator hands back: values that events record, so that whoever reads a session can see and take back what was done."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from .actions import Action
from .edits import Change
from .types import Frozen, Ref


class Prepared(Frozen):
    """A change that is ready to be made: written down before it is made, so that it can be taken back whatever happens."""

    action: Action
    uid: str = ""
    version: str = ""
    """The resourceVersion that it was prepared from."""
    before: dict[str, JsonValue] = Field(default_factory=dict)
    after: dict[str, JsonValue] = Field(default_factory=dict)
    """As it should be; after a passed dry run, as the server would store it."""
    changes: tuple[Change, ...] = ()
    """What the action changes, without what the server adds by itself."""
    dry_run: Literal["passed", "not supported"] = "passed"

    @property
    def target(self) -> Ref:
        return self.action.target


class Receipt(Frozen):
    """A change that was made, with what is needed to take it back."""

    prepared: Prepared
    uid: str = ""
    """That of the object as it is now; another than before where it was made anew."""
    stored: dict[str, JsonValue] = Field(default_factory=dict)
    note: str = ""


class Undone(Frozen):
    """What came of an undo. `proven`: the fields were read back and are as they were before."""

    proven: bool
    text: str
