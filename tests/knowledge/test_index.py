"""The index takes in only what changed, survives damage and two writers, and calls nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from steersman_tools.knowledge.search import HybridSearch, WordSearch
from steersman_tools.knowledge.stores import FolderStore
from steersman_tools.knowledge.testing import HashEmbedder

_WRITER = """
import sys
from pathlib import Path
from steersman_tools.knowledge.search import HybridSearch
from steersman_tools.knowledge.stores import FolderStore
from steersman_tools.knowledge.testing import HashEmbedder
for folder in sys.argv[2:]:
    HybridSearch([Path(folder)], FolderStore(Path(sys.argv[1]), "books"), HashEmbedder()).refresh()
"""


def _write(folder: Path, name: str, words: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(f"# {name}\n\n## Symptoms\n{words}\n\n## Remedy\nMend {words}.\n")


def _search(data: Path, *folders: Path) -> tuple[HybridSearch, HashEmbedder]:
    embedder = HashEmbedder()
    return HybridSearch(folders, FolderStore(data, "books"), embedder), embedder


def _first(search: HybridSearch, query: str) -> str:
    return search.search(query).hits[0].citation.place


def test_only_what_changed_is_indexed_again(tmp_path: Path) -> None:
    """A second refresh embeds nothing; a changed file is embedded alone; a deleted one is found no more."""
    books = tmp_path / "books"
    for name in ("lamp", "door", "stove"):
        _write(books, name, f"the {name} is broken")
    search, embedder = _search(tmp_path / "data", books)
    assert search.refresh().documents == 3
    embedder.embedded = 0
    assert (search.refresh().documents, embedder.embedded) == (0, 0)
    _write(books, "door", "hinge squeaks")
    assert search.refresh().documents == 1
    assert _first(search, "squeaks").startswith("door.md#")
    (books / "door.md").unlink()
    assert search.refresh().removed == 1
    assert all(hit.citation.file != "door.md" for hit in search.search("door hinge squeaks").hits)


@pytest.mark.parametrize("damage", ["header", "vectors", "cut", "pointer"])
def test_a_damaged_index_is_built_anew(tmp_path: Path, damage: str) -> None:
    """Whatever happens to its files, the next search answers as before."""
    books, data = tmp_path / "books", tmp_path / "data"
    _write(books, "lamp", "no light at night")
    _write(books, "door", "does not close")
    _search(data, books)[0].refresh()
    database = next(data.rglob("chroma.sqlite3"))
    match damage:
        case "header":
            database.write_bytes(b"x" * 4096 + database.read_bytes()[4096:])
        case "vectors":
            for path in (p for p in data.rglob("*.bin") if p.stat().st_size):
                path.write_bytes(b"\xff" * path.stat().st_size)
        case "cut":
            database.write_bytes(database.read_bytes()[:5000])
        case "pointer":
            (data / "books.current").write_text("books.99")
    assert _first(_search(data, books)[0], "no light").startswith("lamp.md#")


def test_two_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    """Two writers of different folders take turns: everything of both is there, once."""
    data, folders = tmp_path / "data", [tmp_path / f"books{n}" for n in range(6)]
    for number, folder in enumerate(folders):
        _write(folder, f"thing{number}", f"machine{number} rattles")
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(data), *map(str, folders[half::2])]) for half in (0, 1)
    ]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    search, embedder = _search(data, *folders)
    assert search.refresh().documents == 0
    assert embedder.embedded == 0
    for number in range(6):
        assert _first(search, f"machine{number}").startswith(f"thing{number}.md#")


_CUT_OFF = """
import sys

def forbid(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind"):
        raise AssertionError(f"{event} {arguments}")

sys.addaudithook(forbid)
from pathlib import Path
from steersman_tools.knowledge.opening import Choice, open_search
search = open_search(Choice(folders=(Path(sys.argv[1]),), data=Path(sys.argv[2])))
search.refresh()
answer = search.search("it is dark in here")
print(answer.hits[0].citation.file, answer.method)
"""


def test_nothing_is_called(tmp_path: Path) -> None:
    """Index and search, the offline model included, open no connection: with sockets forbidden they answer all the same."""
    books = tmp_path / "books"
    _write(books, "lamp", "the bulb gives no light")
    done = subprocess.run(
        [sys.executable, "-c", _CUT_OFF, str(books), str(tmp_path / "data")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("lamp.md words and meaning (minilm")


def test_words_alone_where_there_is_no_model(tmp_path: Path) -> None:
    """Without an embedder words are searched, and the answer says why."""
    _write(tmp_path, "lamp", "the bulb gives no light")
    answer = WordSearch([tmp_path], "no model is installed").search("bulb")
    assert answer.hits[0].citation.file == "lamp.md"
    assert answer.method == "words alone: no model is installed"
