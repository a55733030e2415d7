"""The public data, where it lies beside the checkout: unpacked once per test session, never copied into the repository."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

SHARED = next(
    (p / "shared" / "data" for p in Path(__file__).resolve().parents if (p / "shared" / "data").is_dir()), None
)

here = pytest.mark.skipif(SHARED is None, reason="the public data (shared/data) does not lie beside this checkout")


def unpacked(name: str, into: Path) -> Path:
    """The folder of one data set."""
    assert SHARED is not None
    with tarfile.open(SHARED / f"{name}.tar.xz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Debian 12's Python knows no filters
        archive.extractall(into)
    return into / name
