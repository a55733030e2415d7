"""Finds documents: Markdown below folders and git checkouts, and the starter library that comes with the package."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from ..types import ToolFailed

STARTER = "steersman"
"""The root that the starter library's citations name."""
_SKIPPED = {"node_modules", "__pycache__", "vendor", "venv"}
_MOST = 2_000_000
"""Bytes. What is larger is data, not prose."""


@dataclass(frozen=True)
class Document:
    """A file that holds knowledge."""

    root: str
    file: str
    path: Path

    @cached_property
    def digest(self) -> str:
        """Changes when its text does. Raises ToolFailed."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:32]

    @cached_property
    def text(self) -> str:
        """Its text; bytes that are not UTF-8 are replaced. Raises ToolFailed."""
        try:
            return self.path.read_bytes().decode("utf-8", "replace")
        except OSError as error:
            raise ToolFailed(f"{self.path} cannot be read ({error.strerror}): check its permissions.") from error


def starter() -> Path:
    """The folder of the starter library."""
    return Path(str(files(__package__) / "library"))


def documents(folders: Iterable[Path]) -> list[Document]:
    """Every Markdown file below the folders, and the starter library where its folder is among them. Raises ToolFailed."""
    found: dict[tuple[str, str], Document] = {}
    for folder in folders:
        if not folder.is_dir():
            raise ToolFailed(f"{folder} is no folder: give one that holds runbooks, or unpack the checkout there.")
        root = STARTER if folder.resolve() == starter().resolve() else str(folder.resolve())
        for path in _markdown(folder):
            if path.stat().st_size <= _MOST:
                file = path.relative_to(folder).as_posix()
                found[root, file] = Document(root, file, path)
    return sorted(found.values(), key=lambda document: (document.root, document.file))


def _markdown(folder: Path) -> Iterator[Path]:
    for here, names, leaves in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith(".") and name not in _SKIPPED)
        for leaf in leaves:
            path = Path(here, leaf)
            if leaf.lower().endswith((".md", ".markdown")) and not leaf.startswith(".") and path.is_file():
                yield path


def committed(path: Path) -> date | None:
    """When a file of a git checkout was last committed; None where there is no checkout, no git, or no commit of it."""
    if not any((above / ".git").exists() for above in path.resolve().parents):  # saves a process for each file
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(path.parent), "log", "-1", "--format=%cs", "--", path.name],
            capture_output=True, text=True, check=True, timeout=10, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return date.fromisoformat(done.stdout.strip())
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
