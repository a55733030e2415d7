"""A model's explanation as text: marked as a model's, each sentence with its evidence, and one line where there is none."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ..explanation import Explained, Sentence
from .style import Style


def lines(event: Explained, style: Style, width: int = 100) -> Iterator[str]:
    """What the model said of the answer above."""
    yield ""
    if event.explanation is None:
        yield from textwrap.wrap(event.note, width)
        return
    used = event.usage
    yield style.bold(f"In words, by {event.model}") + style.dim(
        f"  ({used.calls} calls, {used.tokens} tokens, {used.seconds:.1f} s)"
    )
    for sentence in event.explanation.sentences:
        yield from _sentence(sentence, style, width)
    for guess in event.explanation.hypotheses:
        yield from _sentence(guess, style, width, "the model's guess: ")
    if proposal := event.explanation.proposal:
        yield style.dim(f'It reads this as a wish. If it is one, say: steersman ask "{proposal.words}"')
    if event.note:
        yield from textwrap.wrap(event.note, width)


def _sentence(sentence: Sentence, style: Style, width: int, lead: str = "") -> Iterator[str]:
    cited = style.dim(f"[{', '.join(sentence.cites)}]")
    yield from textwrap.wrap(f"{lead}{sentence.text} {cited}", width, initial_indent="   ", subsequent_indent="   ")
