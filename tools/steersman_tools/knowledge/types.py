"""The vocabulary of knowledge: what a runbook says of itself, what is found in it, and how it is cited."""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias

from pydantic import Field, JsonValue

from ..types import Frozen

Risk: TypeAlias = Literal["none", "low", "medium", "high", "unknown"]


class PlanStep(Frozen):
    """A step that a runbook offers to the planner. It is a proposal: the gate judges it like every other step."""

    do: str
    """The name of an action, such as PatchField."""
    target: str = "{entity}"
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    """The action's other fields; `{field}`, `{expected}` and their like stand for what the cause says."""
    why: str = ""


class Card(Frozen):
    """What a document says of itself, without its text: enough to find the runbook of a fault."""

    id: str
    title: str
    file: str
    """The path below the folder that it was found in."""
    root: str
    """The folder that it was found in, or `steersman` for the starter library."""
    about: str = ""
    faults: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    zh: tuple[str, ...] = ()
    """The words that a Chinese speaker would use for it."""
    told: tuple[str, ...] = ()
    """How people tell it, a sentence each: what is asked is compared with these, and they are no part of an answer."""
    risk: Risk = "unknown"
    updated: date | None = None
    source: tuple[str, ...] = ()
    plan: tuple[PlanStep, ...] = ()
    kinds: tuple[str, ...] = ()
    """The kinds of object that it is written for; empty for any."""
    skill: bool = False
    """It follows the SKILL.md convention (name and description, free headings)."""


class Section(Frozen):
    """The text under one heading."""

    heading: str
    anchor: str
    text: str
    line: int


class Piece(Frozen):
    """A part of a section that is short enough for one vector."""

    id: str
    file: str
    root: str
    heading: str
    anchor: str
    text: str
    """As it stands in the file."""
    meaning: str
    """What is embedded: the title and the prose, without code."""


class Citation(Frozen):
    """Where a sentence comes from, how old it is, and whether the evidence speaks against it."""

    runbook: str
    title: str
    file: str
    heading: str
    anchor: str
    faults: tuple[str, ...] = ()
    risk: Risk = "unknown"
    updated: date | None = None
    contradicted: str = ""
    """Why the evidence speaks against this runbook; empty where it does not."""

    @property
    def place(self) -> str:
        """File and heading, as a link: `service-port-mismatch.md#remedy`."""
        return f"{self.file}#{self.anchor}" if self.anchor else self.file

    def age(self, today: date) -> str:
        """How fresh it is, in words."""
        if self.updated is None:
            return "of unknown age"
        days = max(0, (today - self.updated).days)
        span = f"{days} day{'' if days == 1 else 's'}" if days < 60 else f"{days // 30} months"
        return f"updated {self.updated.isoformat()}, {span} ago" + (
            ", look twice: over a year old" if days > 365 else ""
        )

    def words(self, today: date) -> str:
        """The citation as a person reads it."""
        warned = f"; contradicted: {self.contradicted}" if self.contradicted else ""
        return f"{self.place} ({self.age(today)}{warned})"


class Quote(Frozen):
    """Words of a document, and where they stand."""

    citation: Citation
    text: str


class Guide(Frozen):
    """The runbook of a fault: its card, and the beginning of its remedy."""

    card: Card
    quote: Quote


class Hit(Frozen):
    """One answer of a search."""

    citation: Citation
    score: float
    """0 to 1, best first; comparable within one answer only."""
    text: str
    """The part of the section that fits best, as it stands in the file."""


class Answer(Frozen):
    """What a search found, and how it searched."""

    hits: tuple[Hit, ...]
    method: str
    """For people: hybrid with which embedder, or words alone and why."""


class Problem(Frozen):
    """Something that lint found."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


def cite(card: Card, heading: str, anchor: str) -> Citation:
    """A citation of a heading of the document."""
    return Citation(
        runbook=card.id, title=card.title, file=card.file, heading=heading, anchor=anchor,
        faults=card.faults, risk=card.risk, updated=card.updated,
    )  # fmt: skip
