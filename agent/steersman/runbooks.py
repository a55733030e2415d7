"""This installation's runbooks: which folders they come from, how they are searched, and what `ask` reads of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from steersman_tools.knowledge.handbook import Handbook
from steersman_tools.knowledge.sources import documents, starter
from steersman_tools.knowledge.types import Answer, Problem

from .seams import Passage
from .settings import Settings

if TYPE_CHECKING:
    from steersman_tools.knowledge.index import Change
    from steersman_tools.knowledge.opening import Choice
    from steersman_tools.knowledge.search import Search

_FOLDERS = "folders.json"


def folders(settings: Settings) -> tuple[Path, ...]:
    """The folders of the settings, those given to `steersman runbooks index` before, and the starter library."""
    return tuple(
        dict.fromkeys((*(f.expanduser().resolve() for f in settings.runbooks), *_remembered(settings), starter()))
    )


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


class Runbooks:
    """The runbooks of an installation. Nothing is loaded before the first question."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def search(self, words: str, most: int) -> Sequence[Passage]:
        """The passages nearest to the words, best first. Raises ToolFailed."""
        answer = await asyncio.to_thread(self.find, words, most)
        today = datetime.now(UTC).date()
        return [Passage(source=h.citation.words(today), text=h.text, faults=h.citation.faults) for h in answer.hits]

    def find(self, words: str, most: int) -> Answer:
        """The same with everything that is known of each, after a look at what has changed. Raises ToolFailed."""
        self._search.refresh()
        return self._search.search(words, most)

    def refresh(self) -> Change:
        """Takes in what has changed. Raises ToolFailed."""
        return self._search.refresh()

    def method(self) -> str:
        """How it is searched, for people: with which embedder, or why without. Raises ToolFailed."""
        return self._search.method

    def folders(self) -> tuple[Path, ...]:
        """Where the runbooks are, the starter library last."""
        return folders(self._settings)

    def count(self) -> int:
        """How many documents there are. Raises ToolFailed."""
        return len(documents([folder for folder in self.folders() if folder.is_dir()]))

    def remember(self, added: Sequence[Path]) -> None:
        """Keeps folders for later calls."""
        kept = dict.fromkeys((*_remembered(self._settings), *(folder.expanduser().resolve() for folder in added)))
        if added:
            _write(self._settings, [str(folder) for folder in kept])

    def forget(self, folder: Path) -> bool:
        """Drops a folder that was remembered; whether it was."""
        kept = _remembered(self._settings)
        left = [str(each) for each in kept if each != folder.expanduser().resolve()]
        _write(self._settings, left)
        return len(left) < len(kept)

    def lint(
        self, chosen: Sequence[Path], faults: Collection[str], commands: Collection[str], today: date
    ) -> tuple[list[Problem], int]:
        """What is wrong with the runbooks of the folders (none: of all), and how many were read. Raises ToolFailed."""
        from steersman_tools.knowledge.lint import lint  # noqa: PLC0415  loads the Markdown parser and the actions

        found = documents(chosen or [folder for folder in self.folders() if folder.is_dir()])
        return lint(found, faults, commands, today), len(found)

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
