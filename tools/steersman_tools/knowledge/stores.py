"""Where the index lives: a folder that several processes share safely, or a chroma server.

In the folder every change makes a new generation: a copy of the database that is changed, listed in a manifest, and then pointed to.
Readers never see a half-written index, a killed writer leaves the old one in force, and two writers take turns. A generation holds
one transactional database and its manifest. No vector file is ever read (chroma.py says why): what a look leaves there is of no account.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from ..types import ToolFailed
from .chroma import BATCH, Absent, Broken, Collection, Row
from .embedding import Vectors
from .pieces import key

_DATABASE = "chroma.sqlite3"
_MANIFEST = "manifest.json"
_VECTOR_FILES = "index_metadata.pickle"
"""Only with this file beside them does chroma load vector files, and then a damaged one ends the process."""
_COUNTED = ("embeddings_queue", "embeddings")
_LOG = 4
"""A database that logs so many times more than it holds is written anew."""


Listing: TypeAlias = dict[tuple[str, str], tuple[str, int]]
"""Each document (root, file) with the digest of its text and its number of pieces. No digest: it is not there as a whole."""


@dataclass(frozen=True)
class Draft:
    """An index that is being changed."""

    collection: Collection
    listed: Listing

    def change(self, gone: Iterable[tuple[str, str]], rows: Sequence[Row], vectors: Vectors) -> None:
        """Removes documents, then adds the rows of others. Raises Broken."""
        removed = [key(*name, number) for name in gone for number in range(self.listed.pop(name)[1])]
        self.collection.write(removed, rows, vectors)
        self.listed.update(listing(rows))

    @property
    def pieces(self) -> int:
        return sum(of for _, of in self.listed.values())


class Store(Protocol):
    """An index that can be read, and written by one process at a time."""

    def listed(self) -> Listing:
        """What it holds. Raises Absent, Broken or Unreachable."""

    def read(self) -> tuple[str, Collection]:
        """The revision and what it holds. Raises Absent, Broken or Unreachable."""

    @contextmanager
    def write(self) -> Iterator[Draft]:
        """What may be changed; the change takes effect as a whole at the end. Raises Unreachable."""

    def discard(self) -> None:
        """Gives an index up that turned out to be damaged: the next change builds it anew."""


def listing(rows: Sequence[Row]) -> Listing:
    """The documents of the rows."""
    count: dict[tuple[str, str], int] = {}
    found: Listing = {}
    for row in rows:
        name = row.piece.root, row.piece.file
        count[name] = count.get(name, 0) + 1
        same = name not in found or found[name] == (row.digest, row.of)
        found[name] = (row.digest if same else "", max(row.of, found.get(name, ("", 0))[1]))
    return {name: (digest if count[name] == of else "", of) for name, (digest, of) in found.items()}


class ServerStore:
    """An index on a chroma server (`chroma run`). Writers on one machine take turns."""

    def __init__(self, url: str, name: str, folder: Path) -> None:
        self._url, self._name, self._folder = url, name, folder
        self._open: Collection | None = None

    def listed(self) -> Listing:
        return listing(self.read()[1].rows())

    def read(self) -> tuple[str, Collection]:
        self._open = self._open or Collection.on_server(self._url, self._name)
        return self._open.revision, self._open

    @contextmanager
    def write(self) -> Iterator[Draft]:
        with _locked(self._folder):
            collection = self.read()[1]
            try:
                draft = Draft(collection, listing(collection.rows()))
            except Broken:  # it holds something else, or half of a piece
                collection.empty()
                draft = Draft(collection, {})
            yield draft

    def discard(self) -> None:
        with _locked(self._folder):
            self.read()[1].empty()


class FolderStore:
    """An index in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._pointer = folder / f"{name}.current"
        self._open: tuple[str, Collection] | None = None

    def listed(self) -> Listing:
        return _manifest(self._folder / self.read()[0])

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
    def write(self) -> Iterator[Draft]:
        with _locked(self._folder):
            current = self._current()
            number = int(current.rpartition(".")[2]) + 1 if current else 1
            fresh = self._folder / f"{self._name}.{number}"
            shutil.rmtree(fresh, ignore_errors=True)  # of a writer that was killed
            draft = self._next(fresh)
            try:
                yield draft
                if draft.collection.count != draft.pieces:
                    raise ToolFailed(f"{fresh} did not take in every piece: run `steersman runbooks index` again.")
            except BaseException:
                draft.collection.close()
                raise
            documents = [[*name, *said] for name, said in sorted(draft.listed.items())]
            (fresh / _MANIFEST).write_text(json.dumps({"documents": documents}))
            beside = self._pointer.with_suffix(".next")
            beside.write_text(fresh.name)
            os.replace(beside, self._pointer)
            self._let_go()
            self._open = fresh.name, draft.collection
            self._prune(keep={fresh.name, current})

    def discard(self) -> None:
        with _locked(self._folder):
            if current := self._current():
                (self._folder / current / _MANIFEST).unlink(missing_ok=True)
            self._let_go()

    def _next(self, new: Path) -> Draft:
        """A copy of the generation to change; an empty one where there is none or it is damaged, so that it is built anew."""
        try:
            current, before = self.read()
            listed = _manifest(self._folder / current)
            if _copied(self._folder / current, new):
                return Draft(Collection.in_folder(new, self._name), listed)
            rows = before.rows()
            draft = self._anew(new)
            draft.change((), rows, before.vectors([row.piece.id for row in rows]))
            return draft
        except (Broken, OSError, sqlite3.Error):
            shutil.rmtree(new, ignore_errors=True)
            return self._anew(new)

    def _anew(self, folder: Path) -> Draft:
        return Draft(Collection.in_folder(folder, self._name), {})

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
            self._open = None


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
    """Copies the database; False where the database is mostly log, so that only what it holds should be taken."""
    with closing(sqlite3.connect(old / _DATABASE)) as source:
        logged, held = (source.execute(f"select count(*) from {table}").fetchone()[0] for table in _COUNTED)
        if logged > _LOG * max(held, BATCH):
            return False
        new.mkdir(parents=True)
        with closing(sqlite3.connect(new / _DATABASE)) as target:
            source.backup(target)
    return True


def _opened(folder: Path, name: str) -> Collection:
    """A generation that holds as many pieces as its manifest lists. Raises Broken."""
    try:
        with closing(sqlite3.connect(f"file:{folder / _DATABASE}?mode=rw", uri=True)) as database:
            if database.execute("pragma quick_check(1)").fetchone() != ("ok",):
                raise Broken("the database is damaged")
    except (OSError, sqlite3.Error) as error:
        raise Broken(str(error)) from error
    if any(folder.rglob(_VECTOR_FILES)):
        raise Broken("it has vector files that were not written here")
    listed = sum(of for _, of in _manifest(folder).values())
    collection = Collection.in_folder(folder, name)
    if collection.count == listed:
        return collection
    collection.close()
    raise Broken("it does not hold what its manifest lists")


def _manifest(folder: Path) -> Listing:
    """What a generation should hold. Raises Broken."""
    try:
        documents = json.loads((folder / _MANIFEST).read_text())["documents"]
        return {(str(root), str(file)): (str(digest), int(of)) for root, file, digest, of in documents}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Broken(f"the manifest cannot be read ({error})") from error
