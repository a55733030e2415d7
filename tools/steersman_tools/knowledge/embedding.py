"""What an embedder is: texts in, unit vectors out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Vectors: TypeAlias = npt.NDArray[np.float32]
"""One row a text, each of length 1."""


class Embedder(Protocol):
    """Turns texts into vectors whose product says how alike they are."""

    @property
    def name(self) -> str:
        """The model; vectors of different names must not be mixed."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of the texts. Raises ToolFailed."""


def unit(rows: Vectors) -> Vectors:
    """The rows at length 1; a row of zeros stays."""
    scaled: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return scaled
