"""Where the index lives: a folder that several processes share safely, or a chroma server.

In the folder every change makes a new generation: a copy that is changed, sealed with checksums, and then pointed to. Readers never see
a half-written index, a killed writer leaves the old one in force, and two writers take turns. The seal is needed because chromadb
ends the whole process (a segmentation fault) when it opens a damaged vector file.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

from ..types import ToolFailed
from .chroma import Absent, Broken, Collection

_DATABASE = "chroma.sqlite3"
_SEAL = "seal.json"


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
            _inspect(self._folder / current)
            collection = Collection.in_folder(self._folder / current, self._name)
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
            if current:
                _copy(self._folder / current, fresh)
            collection = self._open_or_anew(fresh)
            try:
                yield collection
            finally:
                collection.close()
            _seal(fresh)
            beside = self._pointer.with_suffix(".next")
            beside.write_text(fresh.name)
            os.replace(beside, self._pointer)
            self._prune(keep={fresh.name, current})

    def _open_or_anew(self, fresh: Path) -> Collection:
        try:
            return Collection.in_folder(fresh, self._name)
        except Broken:
            shutil.rmtree(fresh, ignore_errors=True)
            return Collection.in_folder(fresh, self._name)

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


def _copy(old: Path, new: Path) -> None:
    """A consistent copy of a generation; nothing where the old one is damaged, so that it is built anew."""
    try:
        _inspect(old)
        shutil.copytree(old, new, ignore=shutil.ignore_patterns(f"{_DATABASE}*", _SEAL))
        with closing(sqlite3.connect(old / _DATABASE)) as source, closing(sqlite3.connect(new / _DATABASE)) as target:
            source.backup(target)
    except (Broken, OSError, sqlite3.Error):
        shutil.rmtree(new, ignore_errors=True)


def _inspect(folder: Path) -> None:
    """Raises Broken unless the vector files are as they were sealed and the database is sound."""
    try:
        sealed = json.loads((folder / _SEAL).read_text())
        now = _sums(folder)  # opening a small index for reading may add files; those that were sealed must stay
        if any(now.get(name) != digest for name, digest in sealed.items()):
            raise Broken("the vector files are not as they were written")
        with closing(sqlite3.connect(f"file:{folder / _DATABASE}?mode=rw", uri=True)) as database:
            if database.execute("pragma quick_check(1)").fetchone() != ("ok",):
                raise Broken("the database is damaged")
    except (OSError, ValueError, sqlite3.Error) as error:
        raise Broken(str(error)) from error


def _seal(folder: Path) -> None:
    (folder / _SEAL).write_text(json.dumps(_sums(folder)))


def _sums(folder: Path) -> dict[str, str]:
    """The checksums of the vector files. The database checks itself, and reading alone changes its header."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.parent != folder)
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
