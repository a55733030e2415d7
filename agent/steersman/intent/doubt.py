"""What stops an interpretation: a question to the person instead of a guess."""

from __future__ import annotations

from steersman_tools.types import Ref


class Doubt(Exception):
    """The request is not clear. The text is one sentence that says what is not; `near` names what it comes close to."""

    def __init__(self, why: str, *near: str, choices: tuple[Ref, ...] = ()) -> None:
        super().__init__(why)
        self.why, self.near, self.choices = why, near, choices
