"""Runbook retrieval: how often the right runbook is first, and among the first three, for incidents as people tell them.

Besides the set it holds each `told` sentence of the library out in turn (five folds): the figure that the library's own
sentences cannot flatter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from steersman_tools.knowledge.embedding import Vectors
from steersman_tools.knowledge.fusion import WORDS, WORDS_CHINESE, fuse
from steersman_tools.knowledge.index import read
from steersman_tools.knowledge.minilm import MiniLm
from steersman_tools.knowledge.search import Shelf
from steersman_tools.knowledge.shipped import Shipped
from steersman_tools.knowledge.sources import documents, starter
from steersman_tools.knowledge.types import Card, Piece
from steersman_tools.knowledge.words import chinese

from ..report import Figures, interval, table, write
from ..runbooks.cases import Case, fits, load, shares_no_word

DATA = False
FOLDS = 5
Ranker: TypeAlias = Callable[[Shelf, str, Vectors], Sequence[str]]
"""The names of documents, best first."""


def hybrid(shelf: Shelf, text: str, vector: Vectors) -> Sequence[str]:
    """As the product does it."""
    weight = WORDS_CHINESE if chinese(text) else WORDS
    return [name for name, _ in fuse(shelf.words(text), shelf.meaning(vector)[0], weight)]


def by_words(shelf: Shelf, text: str, vector: Vectors) -> Sequence[str]:
    """BM25 alone."""
    return [name for name, _ in fuse(shelf.words(text), {})]


def by_meaning(shelf: Shelf, text: str, vector: Vectors) -> Sequence[str]:
    """The vectors alone."""
    return [name for name, _ in fuse({}, shelf.meaning(vector)[0], 0.0)] if shelf.cards else []


def by_ranks(shelf: Shelf, text: str, vector: Vectors) -> Sequence[str]:
    """Plain reciprocal-rank fusion, for comparison."""
    total: dict[str, float] = {}
    for ranker in (by_words, by_meaning):
        for rank, name in enumerate(ranker(shelf, text, vector)):
            total[name] = total.get(name, 0.0) + 1 / (60 + rank)
    return sorted(total, key=lambda name: -total[name])


METHODS: dict[str, Ranker] = {
    "steersman": hybrid,
    "words": by_words,
    "vectors": by_meaning,
    "reciprocal-ranks": by_ranks,
}


def run(data: Path | None, output: Path | None, jobs: int, seed: int) -> None:
    """Ranks the starter library for every text."""
    cases, embedder = load(data), Shipped(MiniLm())
    read_ = [read(document) for document in documents([starter()])]
    cards, pieces = [card for card, _ in read_], [piece for _, each in read_ for piece in each]
    vectors = embedder.embed([piece.meaning for piece in pieces])
    asked = embedder.embed([case.text for case in cases])
    shelf = Shelf(cards, pieces, vectors)
    figures: Figures = {}
    rows: list[list[str | float | int]] = []
    for name, ranker in METHODS.items():
        ranks = [
            _rank(shelf, ranker(shelf, case.text, vector), case) for case, vector in zip(cases, asked, strict=True)
        ]
        groups = _groups(cases, shelf)
        figures[name] = {group: _figures([ranks[at] for at in members], seed) for group, members in groups.items()}
        rows += [_row(name, group, [ranks[at] for at in members]) for group, members in groups.items()]
    if data is None:
        held = _held_out(cards, pieces, vectors, seed)
        figures["held-out sentences"] = {group: _figures(ranks, seed) for group, ranks in held.items()}
        rows += [_row("steersman", f"held-out sentences, {group}", ranks) for group, ranks in held.items()]
    heads = ["method", "texts", "n", "recall@1", "recall@3"]
    print(table(f"{len(cases)} texts over {len(cards)} runbooks ({embedder.name})", heads, rows))
    write(output, figures)


def _rank(shelf: Shelf, found: Sequence[str], case: Case) -> int:
    """From 0; large where it was not found."""
    for rank, name in enumerate(found):
        card = shelf.cards[name]
        if fits(case, card.id, card.faults):
            return rank
    return len(shelf.cards)


def _groups(cases: Sequence[Case], shelf: Shelf) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for at, case in enumerate(cases):
        for group in (case.language, f"{case.language}/{case.split}"):
            found.setdefault(group, []).append(at)
        card = next((c for c in shelf.cards.values() if fits(case, c.id, c.faults)), None)
        if card and shares_no_word(case, card):
            found.setdefault(f"{case.language}, no keyword in common", []).append(at)
    return dict(sorted(found.items()))


def _held_out(cards: list[Card], pieces: list[Piece], vectors: Vectors, seed: int) -> dict[str, list[int]]:
    """Each told sentence as a question to an index that lacks it and a fifth of the others."""
    told = {sentence for card in cards for sentence in card.told}
    questions = [at for at, piece in enumerate(pieces) if not piece.heading and piece.text in told]
    fold = np.random.default_rng(seed).integers(FOLDS, size=len(questions))
    bare = [card.model_copy(update={"told": ()}) for card in cards]
    ids = {(card.root, card.file): card.id for card in cards}
    found: dict[str, list[int]] = {"en": [], "zh": []}
    for number in range(FOLDS):
        out = {questions[at] for at in np.flatnonzero(fold == number)}
        kept = [at for at in range(len(pieces)) if at not in out]
        shelf = Shelf(bare, [pieces[at] for at in kept], vectors[kept])
        for at in sorted(out):
            piece = pieces[at]
            language = "zh" if chinese(piece.text) else "en"
            case = Case(language=language, split="told", wanted=ids[piece.root, piece.file], text=piece.text)
            found[language].append(_rank(shelf, hybrid(shelf, piece.text, vectors[at]), case))
    return found


def _figures(ranks: Sequence[int], seed: int) -> Figures:
    first = [float(rank < 1) for rank in ranks]
    low, high = interval(first, seed)
    return {"n": len(ranks), "recall@1": float(np.mean(first)), "interval": [low, high], "recall@3": _within(ranks, 3)}


def _row(method: str, group: str, ranks: Sequence[int]) -> list[str | float | int]:
    return [method, group, len(ranks), _within(ranks, 1), _within(ranks, 3)]


def _within(ranks: Sequence[int], count: int) -> float:
    return float(np.mean([rank < count for rank in ranks])) if ranks else float("nan")
