"""What a model may say of a diagnosis: words that cite evidence, an order, guesses marked as such. Nothing that acts."""

from __future__ import annotations

from typing import Literal

from steersman_tools.types import Evidence, Frozen

from .intent.types import Change
from .models.base import Usage


class Sentence(Frozen):
    """A sentence of a model, with the evidence that it rests on."""

    text: str
    cites: tuple[str, ...]


class Explanation(Frozen):
    """A model's words on the engine's diagnosis. It adds words and an order, and takes nothing away."""

    sentences: tuple[Sentence, ...]
    order: tuple[int, ...] = ()
    """The ranks of the engine's causes, the likeliest first as the model sees it; all of them, each once."""
    hypotheses: tuple[Sentence, ...] = ()
    """The model's own guesses: never the engine's findings, never acted on."""
    proposal: Change | None = None
    """What the person asked to be changed, as the model understood it; it goes through plan and gate like any other."""
    evidence: tuple[Evidence, ...] = ()
    """What was looked at beyond the diagnosis' own evidence."""


class Explained(Frozen):
    """What a model made of the diagnosis; without an explanation, `note` says why, and the engine's answer stands."""

    kind: Literal["explained"] = "explained"
    model: str
    explanation: Explanation | None = None
    note: str = ""
    usage: Usage = Usage()
