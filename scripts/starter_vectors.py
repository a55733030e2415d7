"""Writes the vectors of the starter library that come with the package: `python scripts/starter_vectors.py` after a runbook was changed."""

from __future__ import annotations

import sys

from steersman_tools.knowledge.minilm import MiniLm
from steersman_tools.knowledge.shipped import PLACE, Shipped, keep, starter_texts

if __name__ == "__main__":
    texts = starter_texts()
    keep(Shipped(MiniLm()), texts)
    sys.stdout.write(f"{len(texts)} vectors in {PLACE} ({PLACE.stat().st_size / 1e6:.2f} MB)\n")
