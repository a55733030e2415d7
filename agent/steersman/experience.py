"""What past sessions teach: how often a remedy has worked, and which incidents were like this one. Values only.

It orders remedies that fit equally well, and nothing else: the gate is never told of it, so it cannot widen what policy allows.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from pydantic import Field

from steersman_tools.types import Frozen, Ref

PRIOR = 2
"""Successes, and as many failures, that each remedy is taken to have had before the first: one lucky day proves little."""
ALIKE = 0.4
"""From here on an incident is worth showing."""


class Tally(Frozen):
    """How a remedy has done for a fault."""

    plan: str
    worked: int = Field(ge=0)
    failed: int = Field(ge=0)
    """Did not help and was taken back, or was taken back by a person later."""


class Experience(Frozen):
    """What is known of the remedies for one fault."""

    fault: str = ""
    tallies: tuple[Tally, ...] = ()

    def chance(self, plan: str) -> float:
        """The mean of Beta(2 + worked, 2 + failed): one half where nothing is known.

        >>> Experience(tallies=(Tally(plan="roll-back", worked=3, failed=1),)).chance("roll-back")
        0.625
        """
        tally = self._of(plan)
        return (PRIOR + tally.worked) / (2 * PRIOR + tally.worked + tally.failed)

    def words(self, plan: str) -> tuple[str, ...]:
        """The same for people; nothing where nothing is known."""
        tally = self._of(plan)
        tries = tally.worked + tally.failed
        if not tries:
            return ()
        times = "once" if tries == 1 else f"{tries} times"
        worked = (
            "it worked"
            if tally.worked == tries
            else f"it worked {tally.worked} of them"
            if tally.worked
            else "it did not help"
        )
        return (
            f"{plan} was tried {times} before for {self.fault} here, {worked}: "
            f"taken to help with {self.chance(plan):.0%}, which only ranks it among remedies that fit equally well.",
        )

    def _of(self, plan: str) -> Tally:
        return next((t for t in self.tallies if t.plan == plan), Tally(plan=plan, worked=0, failed=0))


class Signature(Frozen):
    """What can be compared of an incident."""

    faults: tuple[str, ...] = ()
    entities: tuple[Ref, ...] = ()
    words: tuple[str, ...] = ()
    """Of its symptoms, without names and numbers."""


class Tried(Frozen):
    """A remedy and what became of it."""

    plan: str
    fault: str
    entity: Ref
    result: Literal["worked", "taken back", "not done"]
    words: str = ""
    """Its first step."""


class Incident(Frozen):
    """A closed session as it is remembered."""

    session: str
    at: datetime
    question: str = ""
    signature: Signature
    tried: tuple[Tried, ...] = ()
    outcome: str


class Recall(Frozen):
    """An incident that is like the present one."""

    incident: Incident
    likeness: float = Field(ge=0, le=1)

    @property
    def words(self) -> str:
        """The incident in one line."""
        causes = ", ".join(
            f"{fault} of {entity}"
            for fault, entity in zip(self.incident.signature.faults, self.incident.signature.entities, strict=False)
        )
        told = "; ".join(f"{t.plan} {t.result}" for t in self.incident.tried) or "nothing was tried"
        return f"{causes or 'no cause was found'}: {told} ({self.incident.outcome})"


def likeness(one: Signature, other: Signature) -> float:
    """How alike two incidents are, 0 to 1: by what was wrong, where, and by the words of the symptoms."""
    words = _overlap(one.words, other.words)
    place = max((_near(a, b) for a in one.entities for b in other.entities), default=0.0)
    if not one.faults and not other.faults:
        return 0.8 * words + 0.2 * place
    return 0.55 * _overlap(one.faults, other.faults) + 0.3 * place + 0.15 * words


def _overlap(one: Collection[str], other: Collection[str]) -> float:
    both = set(one) | set(other)
    return len(set(one) & set(other)) / len(both) if both else 0.0


def _near(one: Ref, other: Ref) -> float:
    if one == other:
        return 1.0
    if one.kind != other.kind:
        return 0.0
    return 0.7 if one.namespace == other.namespace or one.name == other.name else 0.4
