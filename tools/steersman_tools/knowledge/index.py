"""Keeps the index in step with the documents: only what changed is split and embedded again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .chroma import Absent, Broken, Row
from .embedding import Embedder
from .front import card
from .pieces import pieces, sections
from .sources import STARTER, Document, committed
from .stores import Store
from .types import Card, Piece


@dataclass(frozen=True)
class Change:
    """What an update did."""

    documents: int
    """Of all, how many were indexed anew."""
    removed: int
    pieces: int
    """How many the index now has."""
    seconds: float
    rebuilt: str = ""
    """Why the old index could not be used; empty where it could."""


@dataclass(frozen=True)
class _Difference:
    stale: list[str]
    """Ids of pieces that must go."""
    fresh: list[Document]
    gone: int


def read(document: Document) -> tuple[Card, tuple[Piece, ...]]:
    """A document as its card and its pieces. Its date, where it gives none, is that of its last commit. Raises ToolFailed."""
    said = card(document.text, document.file, document.root)
    if said.updated is None and document.root != STARTER:
        said = said.model_copy(update={"updated": committed(document.path)})
    return said, pieces(said, sections(document.text))


def update(store: Store, embedder: Embedder, documents: Sequence[Document], roots: Iterable[str]) -> Change:
    """Brings the index up to date. Documents of other roots stay as they are. Raises ToolFailed."""
    begun = time.perf_counter()
    scope = set(roots)
    broken = ""
    try:
        rows = store.read()[1].rows()
        if not (difference := _compare(rows, documents, scope)).stale and not difference.fresh:
            return Change(0, 0, len(rows), time.perf_counter() - begun)
    except Absent:
        pass
    except Broken as error:
        broken = str(error)
    with store.write() as collection:
        try:
            rows = collection.rows()
        except Broken:  # a server's collection that holds something else
            rows = []
        difference = _compare(rows, documents, scope)  # again: another process may have done it meanwhile
        made = [row for document in difference.fresh for row in _rows(document)]
        vectors = embedder.embed([row.piece.meaning for row in made]) if made else np.zeros((0, 1), np.float32)
        collection.write(difference.stale, made, vectors)
        left = len(rows) - len(difference.stale) + len(made)
    return Change(len(difference.fresh), difference.gone, left, time.perf_counter() - begun, broken)


def _rows(document: Document) -> list[Row]:
    said, parts = read(document)
    return [Row(part, document.digest, len(parts), None if at else said) for at, part in enumerate(parts)]


def _compare(rows: Sequence[Row], documents: Sequence[Document], scope: set[str]) -> _Difference:
    stored: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row.piece.root in scope:
            stored.setdefault((row.piece.root, row.piece.file), []).append(row)
    wanted = {(document.root, document.file): document for document in documents}
    current = {key for key, each in stored.items() if key in wanted and _whole(each, wanted[key].digest)}
    stale = [row.piece.id for key, each in stored.items() if key not in current for row in each]
    fresh = [document for key, document in wanted.items() if key not in current]
    return _Difference(stale, fresh, len(stored.keys() - wanted.keys()))


def _whole(rows: Sequence[Row], digest: str) -> bool:
    """Whether all pieces of the document are there, and of this text."""
    return Counter((row.digest, row.of) for row in rows) == {(digest, len(rows)): rows[0].of}
