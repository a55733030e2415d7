"""Answers questions from documents: hybrid where there is an embedder, by words alone where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np

from .chroma import Absent, Broken
from .embedding import Embedder, Vectors
from .fusion import WORDS, WORDS_CHINESE, fuse
from .index import Change, read, update
from .lexical import Lexical
from .sources import STARTER, documents, starter
from .stores import Store, listing
from .types import Answer, Card, Hit, Piece, cite
from .words import chinese

BEST = 3
"""Pieces of a document whose likeness counts, on average: one alone is easily there by chance."""


class Search(Protocol):
    """Something that finds runbooks."""

    @property
    def method(self) -> str:
        """How it searches, for people."""

    def refresh(self) -> Change:
        """Takes in what changed on disk. Raises ToolFailed."""

    def search(self, query: str, count: int = 5) -> Answer:
        """The best runbooks for a text, each once, with the heading that fits best. Raises ToolFailed."""


class Shelf:
    """Documents in memory, and the words in them."""

    def __init__(self, cards: Sequence[Card], pieces: Sequence[Piece], vectors: Vectors | None = None) -> None:
        """`vectors` are those of the pieces, in their order."""
        self.cards = {_name(card): card for card in cards}
        self.pieces = {piece.id: piece for piece in pieces if _name(piece) in self.cards}
        self._of: dict[str, list[str]] = {name: [] for name in self.cards}
        for piece in self.pieces.values():
            self._of[_name(piece)].append(piece.id)
        self._by_document = Lexical([self._text(name) for name in self.cards])
        self._order = {key: at for at, key in enumerate(self.pieces)}
        self._by_piece = Lexical([piece.text for piece in self.pieces.values()])
        self._vectors = np.zeros((0, 1), np.float32) if vectors is None else vectors
        place = {name: at for at, name in enumerate(self.cards)}
        self._owner = np.asarray([place[_name(piece)] for piece in self.pieces.values()], np.int64)

    def words(self, query: str) -> dict[str, float]:
        """The documents that have a word of the query, and how well they fit it."""
        found = zip(self.cards, self._by_document.scores(query).tolist(), strict=True)
        return {name: score for name, score in found if score > 0}

    def meaning(self, vector: Vectors) -> tuple[dict[str, float], dict[str, float]]:
        """How like the vector each document is (the mean of its best pieces), and each piece."""
        alike = np.einsum("ij,j->i", self._vectors, vector)  # BLAS wakes its threads for this, which takes longer
        order = np.lexsort((-alike, self._owner))
        owner, best = self._owner[order], alike[order]
        starts = np.searchsorted(owner, np.arange(len(self.cards)))
        counted = np.arange(len(owner)) - starts[owner] < BEST
        total = np.bincount(owner[counted], best[counted], minlength=len(self.cards))
        count = np.maximum(np.bincount(owner[counted], minlength=len(self.cards)), 1)
        documents = zip(self.cards, (total / count).tolist(), strict=True)
        return dict(documents), dict(zip(self.pieces, alike.tolist(), strict=True))

    def answer(self, ranked: Sequence[tuple[str, float]], query: str, meaning: dict[str, float], method: str) -> Answer:
        """The ranked documents, each with its best piece."""
        words = self._by_piece.scores(query)
        hits = []
        for name, score in ranked:
            scored = fuse(
                {key: float(words[self._order[key]]) for key in self._of[name]},
                {key: meaning[key] for key in self._of[name] if key in meaning},
            )
            keys = [key for key, _ in scored if self.pieces[key].heading] or [key for key, _ in scored]
            piece = self.pieces[keys[0]]
            hits.append(Hit(citation=cite(self.cards[name], piece.heading, piece.anchor), score=score, text=piece.text))
        return Answer(hits=tuple(hits), method=method)

    def _text(self, name: str) -> str:
        card = self.cards[name]
        said = " ".join([card.title, card.title, *card.faults, *card.keywords, *card.zh, card.about])
        return said + " " + " ".join(self.pieces[key].text for key in self._of[name])


class WordSearch:
    """Search by words alone. Nothing is stored: the documents are read when they have changed."""

    def __init__(self, folders: Sequence[Path], why: str) -> None:
        """`why` there is no embedder, for people."""
        self._folders, self._why = folders, why
        self._seen: frozenset[tuple[str, str, str]] | None = None
        self._shelf = Shelf((), ())

    @property
    def method(self) -> str:
        return f"words alone: {self._why}"

    def refresh(self) -> Change:
        found = documents(self._folders)
        seen = frozenset((document.root, document.file, document.digest) for document in found)
        if seen != self._seen:
            done = [read(document) for document in found]
            self._shelf = Shelf([card for card, _ in done], [piece for _, pieces in done for piece in pieces])
            self._seen = seen
        return Change(0, 0, len(self._shelf.pieces), 0.0)

    def search(self, query: str, count: int = 5) -> Answer:
        if self._seen is None:
            self.refresh()
        ranked = fuse(self._shelf.words(query), {})[:count]
        return self._shelf.answer(ranked, query, {}, self.method)


@dataclass
class HybridSearch:
    """Search by words and by meaning, over a store."""

    folders: Sequence[Path]
    store: Store
    embedder: Embedder
    weight: float = WORDS
    weight_chinese: float = WORDS_CHINESE

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._revision = ""
        self._shelf = Shelf((), ())

    @property
    def method(self) -> str:
        return f"words and meaning ({self.embedder.name})"

    def refresh(self) -> Change:
        return update(self.store, self.embedder, documents(self.folders), self._roots())

    def search(self, query: str, count: int = 5) -> Answer:
        vector = self.embedder.embed([query])[0]
        with self._lock:
            try:
                self._current()
            except Broken as error:
                if not isinstance(error, Absent):
                    self.store.discard()
                self.refresh()
                self._current()
            shelf = self._shelf
        documents, pieces = shelf.meaning(vector)
        weight = self.weight_chinese if chinese(query) else self.weight
        ranked = fuse(shelf.words(query), documents, weight)[:count]
        return shelf.answer(ranked, query, pieces, self.method)

    def _current(self) -> None:
        """Brings the shelf to what is stored. Raises Broken."""
        revision, collection = self.store.read()
        if revision == self._revision:
            return
        rows, roots = collection.rows(), self._roots()
        if listing(rows) != self.store.listed():
            raise Broken("it does not hold what its manifest lists")
        pieces = [row.piece for row in rows if row.piece.root in roots]
        cards = [row.card for row in rows if row.card and row.card.root in roots]
        self._shelf = Shelf(cards, pieces, collection.vectors([piece.id for piece in pieces]))
        self._revision = revision

    def _roots(self) -> set[str]:
        return {
            STARTER if folder.resolve() == starter().resolve() else str(folder.resolve()) for folder in self.folders
        }


def _name(what: Card | Piece) -> str:
    return f"{what.root}/{what.file}"
