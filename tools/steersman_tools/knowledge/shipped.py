"""The vectors of the starter library come with the package: whoever searches for the first time need not wait for the embedder.

They are found by the digest of the text they belong to, so a sentence that was changed since is simply embedded.
`python scripts/starter_vectors.py` writes them; a test says when that is due.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from importlib.resources import files
from pathlib import Path

import numpy as np

from .embedding import Embedder, Vectors, unit
from .index import read
from .sources import documents, starter

PLACE = Path(str(files(__package__) / "data" / "starter-vectors.npz"))
_STEPS = 127
"""Numbers are kept as one byte each: half a percent of the largest, which changes no ranking that was looked at."""


class Shipped:
    """An embedder that knows the starter library by heart."""

    def __init__(self, inner: Embedder, place: Path = PLACE) -> None:
        self._inner, self._place = inner, place
        self.name = inner.name

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of the texts; each new text is embedded once."""
        new = list(dict.fromkeys(text for text in texts if digest(text) not in self._known))
        made = dict(zip(new, self._inner.embed(new), strict=True)) if new else {}
        return np.stack([made[text] if text in made else self._known[digest(text)] for text in texts])

    @cached_property
    def _known(self) -> dict[str, Vectors]:
        """Those of this embedder; none where they are of another, or the file is missing or damaged."""
        try:
            with np.load(self._place, allow_pickle=False) as kept:
                if str(kept["embedder"]) != self.name:
                    return {}
                rows = unit(kept["vectors"].astype(np.float32))
                return dict(zip(kept["digests"].tolist(), rows, strict=True))
        except (OSError, ValueError, KeyError, EOFError):
            return {}


def digest(text: str) -> str:
    """Short, and long enough to tell some thousands of texts apart."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def starter_texts() -> list[str]:
    """What is embedded of the starter library, each text once."""
    return sorted({piece.meaning for document in documents([starter()]) for piece in read(document)[1]})


def keep(embedder: Embedder, texts: Sequence[str], place: Path = PLACE) -> None:
    """Writes the vectors of the texts."""
    vectors = embedder.embed(texts)
    steps = np.round(vectors / np.abs(vectors).max(axis=1, keepdims=True) * _STEPS).astype(np.int8)
    np.savez_compressed(
        place, embedder=np.array(embedder.name), digests=np.array([digest(text) for text in texts]), vectors=steps
    )
