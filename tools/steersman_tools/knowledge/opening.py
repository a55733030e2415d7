"""Chooses how to search: the configured endpoint, else the offline model, else words alone; and where the index lives."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..types import Frozen, ToolFailed
from .embedding import Embedder
from .search import HybridSearch, Search, WordSearch
from .shipped import Shipped
from .stores import FolderStore, ServerStore, Store

SCHEME = 3
"""How documents are split and stored. A new number makes a new index."""


class Choice(Frozen):
    """What is configured."""

    folders: tuple[Path, ...]
    data: Path
    """The folder for the index."""
    chroma_url: str | None = None
    embedding_url: str | None = None
    embedding_model: str | None = None
    embedding_key: str = ""


def open_search(choice: Choice) -> Search:
    """The best search that can be had. Raises ToolFailed where the configuration asks for what is not there."""
    if choice.embedding_url:
        if not choice.embedding_model:
            raise ToolFailed("An embedding URL needs the model's name too: set embedding_model.")
        from .endpoint import Endpoint  # noqa: PLC0415  only where one is configured

        return _hybrid(choice, Endpoint(choice.embedding_url, choice.embedding_model, choice.embedding_key))
    try:
        from .minilm import MiniLm  # noqa: PLC0415  loads the model

        return _hybrid(choice, Shipped(MiniLm()))
    except ToolFailed as error:
        return WordSearch(choice.folders, str(error))


def _hybrid(choice: Choice, embedder: Embedder) -> HybridSearch:
    name = f"runbooks-{SCHEME}-{hashlib.sha256(embedder.name.encode()).hexdigest()[:12]}"
    store: Store
    store = ServerStore(choice.chroma_url, name, choice.data) if choice.chroma_url else FolderStore(choice.data, name)
    return HybridSearch(choice.folders, store, embedder)
