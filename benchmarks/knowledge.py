"""How long 5,000 passages take to index, to index again after one change, and to search: `python benchmarks/knowledge.py`."""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from pathlib import Path

from steersman_tools.knowledge.opening import Choice, open_search
from steersman_tools.knowledge.sources import documents, starter

QUERIES = (
    "Half of the requests to checkout fail since the release", "The node is gone and its pods hang", "disk full on a worker",
    "训练任务卡住不动", "no endpoints although all pods are ready", "The certificate of the shop has run out",
)  # fmt: skip


def library(folder: Path, pieces: int) -> None:
    """Runbooks of about that many passages: sentences of the starter library, shuffled into new files."""
    rng = random.Random(0)
    lines = [
        line
        for document in documents([starter()])
        for line in document.text.splitlines()
        if line.startswith(("- ", "1. ", "2. ")) and len(line) > 60
    ]
    for number in range(pieces // 6):
        body = "\n\n".join(f"## Part {part}\n" + " ".join(rng.sample(lines, 2)) for part in range(5))
        (folder / f"book-{number:04}.md").write_text(f"# Procedure {number} of unit {number % 17}\n\n{body}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pieces", type=int, default=5000)
    wanted = parser.parse_args().pieces
    with tempfile.TemporaryDirectory() as place:
        books, data = Path(place, "books"), Path(place, "data")
        books.mkdir()
        library(books, wanted)
        search = open_search(Choice(folders=(books,), data=data))
        cpu, begun = time.process_time(), time.perf_counter()
        whole = search.refresh()
        print(f"pieces            {whole.pieces}   ({search.method})")
        print(f"index once        {time.perf_counter() - begun:.1f} s   ({time.process_time() - cpu:.1f} s of CPU)")
        (books / "book-0001.md").write_text("# Procedure 1\n\n## Part 1\nThe valve was replaced by a newer one.\n")
        cpu, begun = time.process_time(), time.perf_counter()
        once = search.refresh()
        assert once.documents == 1
        print(f"one file changed  {time.perf_counter() - begun:.2f} s   ({time.process_time() - cpu:.2f} s of CPU)")
        search.search("warm")
        walls, cpus = [], []
        for query in QUERIES * 10:
            cpu, begun = time.process_time(), time.perf_counter()
            search.search(query)
            walls.append(1000 * (time.perf_counter() - begun))
            cpus.append(1000 * (time.process_time() - cpu))
        print(f"query             {statistics.median(walls):.1f} ms median   ({statistics.median(cpus):.1f} ms of CPU)")


if __name__ == "__main__":
    main()
