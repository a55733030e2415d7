"""Keeps the index in step with the documents: only what changed is split and embedded again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .chroma import Absent, Broken, Row
from .embedding import Embedder
from .front import card
from .pieces import pieces, sections
from .sources import STARTER, Document, committed
from .stores import Listing, Store
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
    stale: list[tuple[str, str]]
    """Documents whose pieces must go: they have changed, or are no more."""
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
        listed = store.listed()
        if not (difference := _compare(listed, documents, scope)).stale and not difference.fresh:
            return Change(0, 0, sum(of for _, of in listed.values()), time.perf_counter() - begun)
    except Absent:
        pass
    except Broken as error:
        broken = str(error)
    with store.write() as draft:
        difference = _compare(draft.listed, documents, scope)  # again: another process may have done it meanwhile
        made = [row for document in difference.fresh for row in _rows(document)]
        vectors = embedder.embed([row.piece.meaning for row in made]) if made else np.zeros((0, 1), np.float32)
        draft.change(difference.stale, made, vectors)
    return Change(len(difference.fresh), difference.gone, draft.pieces, time.perf_counter() - begun, broken)


def _rows(document: Document) -> list[Row]:
    said, parts = read(document)
    return [Row(part, document.digest, len(parts), None if at else said) for at, part in enumerate(parts)]


def _compare(listed: Listing, documents: Sequence[Document], scope: set[str]) -> _Difference:
    wanted = {(document.root, document.file): document for document in documents}
    stored = {name: digest for name, (digest, _) in listed.items() if name[0] in scope}
    current = {name for name, digest in stored.items() if name in wanted and wanted[name].digest == digest}
    fresh = [document for name, document in wanted.items() if name not in current]
    return _Difference(sorted(stored.keys() - current), fresh, len(stored.keys() - wanted.keys()))
