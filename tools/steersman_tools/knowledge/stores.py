"""Where the index lives: a folder that several processes share safely, or a chroma server.

In the folder every change makes a new generation: a copy of the database that is changed, listed in a manifest, and then pointed to.
Readers never see a half-written index, a killed writer leaves the old one in force, and two writers take turns. A generation holds
one transactional database and its manifest; no vector file is ever read (chroma.py says why), so what a look leaves beside them is of no account.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from ..types import ToolFailed
from .chroma import BATCH, Absent, Broken, Collection, Row

_DATABASE = "chroma.sqlite3"
_MANIFEST = "manifest.json"
_VECTOR_FILES = "index_metadata.pickle"
"""Only with this file beside them does chroma load vector files, and then a damaged one ends the process."""
_COUNTED = ("embeddings_queue", "embeddings")
_LOG = 4
"""A database that logs so many times more than it holds is written anew."""


class Store(Protocol):
    """An index that can be read, and written by one process at a time."""

    def read(self) -> tuple[str, Collection]:
        """The revision and what it holds. Raises Broken or Unreachable."""

    @contextmanager
    def write(self) -> Iterator[Collection]:
        """What may be changed; the change takes effect as a whole at the end. Raises Unreachable."""


class ServerStore:
    """An index on a chroma server (`chroma run`). Writers on one machine take turns."""

    def __init__(self, url: str, name: str, folder: Path) -> None:
        self._url, self._name, self._folder = url, name, folder
        self._open: Collection | None = None

    def read(self) -> tuple[str, Collection]:
        self._open = self._open or Collection.on_server(self._url, self._name)
        return self._open.revision, self._open

    @contextmanager
    def write(self) -> Iterator[Collection]:
        with _locked(self._folder):
            yield self.read()[1]


class FolderStore:
    """An index in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._pointer = folder / f"{name}.current"
        self._open: tuple[str, Collection] | None = None

    def read(self) -> tuple[str, Collection]:
        current = self._current()
        if self._open is None or self._open[0] != current:
            if not current:
                raise Absent
            collection = _opened(self._folder / current, self._name)
            self._let_go()
            self._open = current, collection
        return self._open

    @contextmanager
    def write(self) -> Iterator[Collection]:
        with _locked(self._folder):
            current = self._current()
            number = int(current.rpartition(".")[2]) + 1 if current else 1
            fresh = self._folder / f"{self._name}.{number}"
            shutil.rmtree(fresh, ignore_errors=True)  # of a writer that was killed
            collection = (
                self._next(self._folder / current, fresh) if current else Collection.in_folder(fresh, self._name)
            )
            try:
                yield collection
                manifest = _manifest(collection.rows())
            finally:
                collection.close()
            (fresh / _MANIFEST).write_text(manifest)
            beside = self._pointer.with_suffix(".next")
            beside.write_text(fresh.name)
            os.replace(beside, self._pointer)
            self._prune(keep={fresh.name, current})

    def _next(self, old: Path, new: Path) -> Collection:
        """A copy of a generation to change; an empty one where the old one is damaged, so that it is built anew."""
        try:
            if _copied(old, new):
                return _opened(new, self._name)
            before = _opened(old, self._name)
            try:
                rows = before.rows()
                after = Collection.in_folder(new, self._name)
                after.write((), rows, before.vectors([row.piece.id for row in rows]))
            finally:
                before.close()
            return after
        except (Broken, OSError, sqlite3.Error):
            shutil.rmtree(new, ignore_errors=True)
            return Collection.in_folder(new, self._name)

    def _current(self) -> str:
        try:
            name = self._pointer.read_text()
        except OSError:
            return ""
        return name if name.startswith(f"{self._name}.") and name.rpartition(".")[2].isdigit() else ""

    def _prune(self, keep: set[str]) -> None:
        """A reader may still be opening the last generation, none an older one."""
        for folder in self._folder.glob(f"{self._name}.*"):
            if folder.is_dir() and folder.name not in keep:
                shutil.rmtree(folder, ignore_errors=True)

    def _let_go(self) -> None:
        if self._open:
            self._open[1].close()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except PermissionError as error:
        raise ToolFailed(f"{folder} cannot be written: give another folder with STEERSMAN_DATA_DIR.") from error


def _copied(old: Path, new: Path) -> bool:
    """Copies database and manifest; False where the database is mostly log, so that only what it holds should be taken."""
    with closing(sqlite3.connect(old / _DATABASE)) as source:
        logged, held = (source.execute(f"select count(*) from {table}").fetchone()[0] for table in _COUNTED)
        if logged > _LOG * max(held, BATCH):
            return False
        new.mkdir(parents=True)
        with closing(sqlite3.connect(new / _DATABASE)) as target:
            source.backup(target)
    shutil.copyfile(old / _MANIFEST, new / _MANIFEST)
    return True


def _opened(folder: Path, name: str) -> Collection:
    """A generation that holds what its manifest lists. Raises Broken."""
    try:
        listed = (folder / _MANIFEST).read_text()
        with closing(sqlite3.connect(f"file:{folder / _DATABASE}?mode=rw", uri=True)) as database:
            if database.execute("pragma quick_check(1)").fetchone() != ("ok",):
                raise Broken("the database is damaged")
    except (OSError, ValueError, sqlite3.Error) as error:
        raise Broken(str(error)) from error
    if any(folder.rglob(_VECTOR_FILES)):
        raise Broken("it has vector files that were not written here")
    collection = Collection.in_folder(folder, name)
    try:
        if _manifest(collection.rows()) != listed:
            raise Broken("it does not hold what its manifest lists")
    except Broken:
        collection.close()
        raise
    return collection


def _manifest(rows: Sequence[Row]) -> str:
    """What a generation holds: each document with the digest of its text and its number of pieces, and a digest of all ids and texts."""
    held = hashlib.sha256()
    for row in sorted(rows, key=lambda row: row.piece.id):
        held.update(f"{row.piece.id}\0{row.digest}\0{row.piece.meaning}\0".encode())
    documents = {f"{row.piece.root}/{row.piece.file}": [row.digest, row.of] for row in rows}
    return json.dumps({"documents": documents, "pieces": len(rows), "held": held.hexdigest()}, sort_keys=True)
