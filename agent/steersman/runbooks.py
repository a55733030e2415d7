"""This installation's runbooks: which folders they come from, how they are searched, and what `ask` reads of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from steersman_tools.knowledge.handbook import Handbook
from steersman_tools.knowledge.sources import starter
from steersman_tools.knowledge.types import Answer

from .seams import Passage
from .settings import Settings

if TYPE_CHECKING:
    from steersman_tools.knowledge.opening import Choice
    from steersman_tools.knowledge.search import Search

_FOLDERS = "folders.json"


def folders(settings: Settings) -> tuple[Path, ...]:
    """The folders of the settings, those given to `steersman runbooks index` before, and the starter library."""
    return tuple(
        dict.fromkeys((*(f.expanduser().resolve() for f in settings.runbooks), *_remembered(settings), starter()))
    )


def remember(settings: Settings, added: Sequence[Path]) -> None:
    """Keeps folders for later calls."""
    kept = dict.fromkeys((*_remembered(settings), *(folder.expanduser().resolve() for folder in added)))
    _write(settings, [str(folder) for folder in kept])


def forget(settings: Settings, folder: Path) -> bool:
    """Drops a folder that was remembered; whether it was."""
    kept = _remembered(settings)
    left = [str(each) for each in kept if each != folder.expanduser().resolve()]
    _write(settings, left)
    return len(left) < len(kept)


def choice(settings: Settings) -> Choice:
    """What is configured, for `open_search`."""
    from steersman_tools.knowledge.opening import Choice  # noqa: PLC0415  loads chromadb

    return Choice(
        folders=tuple(folder for folder in folders(settings) if folder.is_dir()),
        data=_room(settings),
        chroma_url=settings.chroma_url,
        embedding_url=settings.embedding_url,
        embedding_model=settings.embedding_model,
        embedding_key=settings.embedding_key.get_secret_value() if settings.embedding_key else "",
    )


def handbook(settings: Settings) -> Handbook:
    """The runbooks by fault."""
    return Handbook(folders(settings))


class Shelf:
    """The runbooks for questions. Nothing is loaded before the first one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def search(self, words: str, most: int) -> Sequence[Passage]:
        """The passages nearest to the words, best first. Raises ToolFailed."""
        answer = await asyncio.to_thread(self.find, words, most)
        today = datetime.now(UTC).date()
        return [
            Passage(source=hit.citation.words(today), text=hit.text, faults=hit.citation.faults) for hit in answer.hits
        ]

    def find(self, words: str, most: int) -> Answer:
        """The same with everything that is known of each, after a look at what has changed. Raises ToolFailed."""
        self._search.refresh()
        return self._search.search(words, most)

    @cached_property
    def _search(self) -> Search:
        from steersman_tools.knowledge.opening import open_search  # noqa: PLC0415  loads chromadb and the embedder

        return open_search(choice(self._settings))


def _room(settings: Settings) -> Path:
    return settings.data / "knowledge"


def _remembered(settings: Settings) -> tuple[Path, ...]:
    try:
        return tuple(Path(str(each)) for each in json.loads((_room(settings) / _FOLDERS).read_text()))
    except (OSError, ValueError, TypeError):
        return ()


def _write(settings: Settings, kept: list[str]) -> None:
    room = _room(settings)
    room.mkdir(parents=True, exist_ok=True)
    beside = room / f"{_FOLDERS}.next"
    beside.write_text(json.dumps(kept))
    beside.replace(room / _FOLDERS)
