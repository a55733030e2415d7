"""An embedder for tests that must be quick: words hashed into a vector. It knows no meaning, and needs no model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from .embedding import Vectors, unit
from .words import tokens

WIDTH = 64


class HashEmbedder:
    """The same words, the same vector."""

    name = "hashed-words"

    def __init__(self) -> None:
        self.embedded = 0
        """How many texts it was given."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of the texts."""
        self.embedded += len(texts)
        rows = np.zeros((len(texts), WIDTH), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in tokens(text):
                row[hashlib.sha256(word.encode()).digest()[0] % WIDTH] += 1
        return unit(rows)
