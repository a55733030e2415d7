"""The vectors that come with the package are those of the starter library as it is, and spare the embedder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from steersman_tools.knowledge.minilm import MiniLm
from steersman_tools.knowledge.shipped import PLACE, Shipped, digest, keep, starter_texts
from steersman_tools.knowledge.testing import HashEmbedder


def test_the_shipped_vectors_are_up_to_date() -> None:
    """Every text of the library is there, nothing else is, and they are what the embedder says. Else: scripts/starter_vectors.py."""
    texts, model = starter_texts(), MiniLm()
    with np.load(PLACE, allow_pickle=False) as kept:
        assert str(kept["embedder"]) == model.name
        assert set(kept["digests"].tolist()) == {digest(text) for text in texts}
    some = texts[:: len(texts) // 20]
    assert np.einsum("ij,ij->i", Shipped(model).embed(some), model.embed(some)).min() > 0.999


def test_only_what_is_not_shipped_is_embedded(tmp_path: Path) -> None:
    """A known text costs nothing, an unknown one is embedded once, and both keep their place."""
    place, inner = tmp_path / "vectors.npz", HashEmbedder()
    keep(inner, ["the lamp is dark", "the door squeaks"], place)
    inner.embedded = 0
    rows = Shipped(inner, place).embed(["the stove smokes", "the lamp is dark", "the stove smokes"])
    assert inner.embedded == 1
    direct = HashEmbedder().embed(["the stove smokes", "the lamp is dark", "the stove smokes"])
    assert np.einsum("ij,ij->i", rows, direct).min() > 0.999


def test_a_damaged_file_is_no_harm(tmp_path: Path) -> None:
    """Without it everything is embedded."""
    place, inner = tmp_path / "vectors.npz", HashEmbedder()
    place.write_bytes(b"not a zip")
    assert Shipped(inner, place).embed(["the lamp is dark"]).shape == (1, 64)
    assert inner.embedded == 1
