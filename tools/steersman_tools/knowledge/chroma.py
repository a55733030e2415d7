"""The only place that knows chromadb: a collection of pieces with our own vectors, in a folder or on a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import chromadb
import numpy as np
from chromadb.api import ClientAPI
from chromadb.api.collection_configuration import CreateHNSWConfiguration
from chromadb.config import Settings

from ..types import Unreachable
from .embedding import Vectors
from .types import Card, Piece

BATCH = 1000
_NEVER = 1_000_000_000
_IN_THE_DATABASE: CreateHNSWConfiguration = {
    "space": "ip",
    "sync_threshold": _NEVER,
    "batch_size": _NEVER,
    "ef_construction": 8,
    "max_neighbors": 4,
}
"""For a folder. chroma never writes its vector files: the vectors stay in its database, which is transactional, whereas a damaged vector
file ends the whole process and the files of a small index differ after every look. The graph is made in memory and kept coarse, as
nothing asks it: likeness is computed exactly (search.Shelf)."""
_ON_A_SERVER: CreateHNSWConfiguration = {"space": "ip"}


class Broken(Exception):
    """The index cannot be read. The catcher builds it anew."""


class Absent(Broken):
    """There is no index yet."""


@dataclass(frozen=True)
class Row:
    """A piece as it is stored; the first piece of a document carries its card."""

    piece: Piece
    digest: str
    of: int
    """How many pieces the document has: with fewer in the index it counts as not indexed."""
    card: Card | None = None


class Collection:
    """The pieces of one embedder."""

    def __init__(self, client: ClientAPI, name: str, settled: CreateHNSWConfiguration) -> None:
        """Opens or makes the collection. Raises Broken, or Unreachable for a server that does not answer."""
        self._client = client
        self._name = name
        with _translated():
            self._rows = client.get_or_create_collection(
                name,
                embedding_function=None,
                configuration={"hnsw": settled},
            )

    @classmethod
    def in_folder(cls, folder: Path, name: str) -> Collection:
        """Raises Broken."""
        with _translated():
            client = chromadb.PersistentClient(str(folder), Settings(anonymized_telemetry=False))
        return cls(client, name, _IN_THE_DATABASE)

    @classmethod
    def on_server(cls, url: str, name: str) -> Collection:
        """Raises Unreachable."""
        parts = urlsplit(url if "//" in url else f"http://{url}")
        port = parts.port or (443 if parts.scheme == "https" else 8000)
        settings = Settings(anonymized_telemetry=False)
        try:
            client = chromadb.HttpClient(parts.hostname or "", port, parts.scheme == "https", settings=settings)
            return cls(client, name, _ON_A_SERVER)
        except (ValueError, OSError, Broken) as error:
            raise Unreachable(
                f"Chroma at {url} does not answer ({error}): check --chroma-url, or leave it out."
            ) from error

    @property
    def revision(self) -> str:
        """Changes with every write."""
        with _translated():
            return str(
                (self._client.get_collection(self._name, embedding_function=None).metadata or {}).get("revision")
            )

    @property
    def count(self) -> int:
        """How many pieces there are. Raises Broken."""
        with _translated():
            return int(self._rows.count())

    def empty(self) -> None:
        """Drops everything. Raises Broken."""
        with _translated():
            while keys := self._rows.get(limit=BATCH, include=[])["ids"]:
                self._rows.delete(ids=keys)

    def rows(self) -> list[Row]:
        """Everything that is stored. Raises Broken."""
        with _translated():
            got = self._rows.get(include=["metadatas", "documents"])
            return [
                _row(key, dict(data), text)
                for key, data, text in zip(got["ids"], got["metadatas"] or (), got["documents"] or (), strict=True)
            ]

    def write(self, removed: Sequence[str], rows: Sequence[Row], vectors: Vectors) -> None:
        """Removes by id, then adds or replaces. Raises Broken."""
        with _translated():
            for at in range(0, len(removed), BATCH):
                self._rows.delete(ids=list(removed[at : at + BATCH]))
            for at in range(0, len(rows), BATCH):
                some = rows[at : at + BATCH]
                self._rows.upsert(
                    ids=[row.piece.id for row in some],
                    embeddings=np.ascontiguousarray(vectors[at : at + BATCH]),
                    documents=[row.piece.text for row in some],
                    metadatas=[_metadata(row) for row in some],
                )
            self._rows.modify(metadata={"revision": uuid4().hex})

    def vectors(self, ids: Sequence[str]) -> Vectors:
        """The vectors of these pieces, one row each, in their order. Raises Broken."""
        found: dict[str, Vectors] = {}
        with _translated():
            for at in range(0, len(ids), BATCH):
                got = self._rows.get(ids=list(ids[at : at + BATCH]), include=["embeddings"])
                rows = got["embeddings"] if got["embeddings"] is not None else ()
                found.update(zip(got["ids"], (np.asarray(row, np.float32) for row in rows), strict=True))
        if len(found) != len(ids):
            raise Broken("some pieces have no vector")
        return np.stack([found[key] for key in ids]) if ids else np.zeros((0, 1), np.float32)

    def close(self) -> None:
        """Lets go of the files or the connection."""
        self._client.close()  # type: ignore[attr-defined]  # of Client, not in its interface


def _metadata(row: Row) -> dict[str, str | int]:
    piece = row.piece
    card = {"card": row.card.model_dump_json()} if row.card else {}
    return {
        "root": piece.root, "file": piece.file, "heading": piece.heading, "anchor": piece.anchor, "meaning": piece.meaning,
        "digest": row.digest, "of": row.of, **card,
    }  # fmt: skip


def _row(key: str, data: dict[str, Any], text: str) -> Row:
    try:
        piece = Piece(
            id=key, text=text, **{name: data[name] for name in ("root", "file", "heading", "anchor", "meaning")}
        )
        card = Card.model_validate_json(data["card"]) if "card" in data else None
        return Row(piece, str(data["digest"]), int(data["of"]), card)
    except (KeyError, TypeError, ValueError) as error:
        raise Broken(f"{key} is not a piece of a runbook") from error


@contextmanager
def _translated() -> Iterator[None]:
    """Whatever chromadb raises, a panic of its Rust core among it, means that the index cannot be used."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit, Broken):
        raise
    except BaseException as error:  # a Rust panic is no Exception
        raise Broken(" ".join(str(error).split())[:200]) from error
