"""Search by words alone: BM25 over pieces and over whole documents."""

from __future__ import annotations

from collections.abc import Sequence

import bm25s
import numpy as np
import numpy.typing as npt

from .words import chinese, gloss, tokens

Scores = npt.NDArray[np.float32]


class Lexical:
    """BM25 over texts that are given once."""

    def __init__(self, texts: Sequence[str]) -> None:
        terms = [tokens(text) for text in texts]
        self._known = {term for each in terms for term in each}
        self._size = len(texts)
        self._bm25 = bm25s.BM25()
        if self._known:
            self._bm25.index(terms, show_progress=False)

    def scores(self, query: str) -> Scores:
        """How well each text fits the words of the query: 0 where none is in common, unbounded above."""
        said = [term for term in spoken(query) if term in self._known]
        if not said:
            return np.zeros(self._size, np.float32)
        return np.asarray(self._bm25.get_scores(said), np.float32)


def spoken(query: str) -> list[str]:
    """The terms of a query: a Chinese one counts as it stands and in English."""
    return tokens(query) + (tokens(gloss(query)) if chinese(query) else [])
