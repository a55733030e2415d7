"""Incidents as people tell them, and the runbook that each calls for: the set that comes with the package, or others' below a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

from steersman_tools.knowledge.types import Card
from steersman_tools.knowledge.words import chinese, tokens
from steersman_tools.types import Frozen

from ..cli import Unusable


class Case(Frozen):
    """A text and what should be found."""

    language: str
    split: str
    wanted: str
    """The id of a runbook, or the name of a fault that it is for."""
    text: str


def load(folder: Path | None) -> list[Case]:
    """The cases of all .tsv (language, split, runbook, text) and .jsonl (text; runbook or fault) below the folder. Raises Unusable."""
    if folder is None:
        return list(_tsv((files(__package__) / "incidents.tsv").read_text("utf-8")))
    found: list[Case] = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".tsv":
            found += _tsv(path.read_text("utf-8"))
        elif path.suffix in (".jsonl", ".ndjson"):
            found += _jsonl(path.read_text("utf-8"))
    if not found:
        raise Unusable(
            f"{folder} holds no cases: .tsv with language, split, runbook and text, or .jsonl with text and fault"
        )
    return found


def fits(case: Case, runbook: str, faults: Sequence[str]) -> bool:
    """Whether that runbook is what the case calls for."""
    return case.wanted == runbook or case.wanted in faults


def shares_no_word(case: Case, card: Card) -> bool:
    """Whether the text has no keyword of its runbook: none of title, faults, keywords and Chinese names."""
    said = " ".join((card.title, *card.faults, *card.keywords, *card.zh))
    return not set(tokens(case.text)) & set(tokens(said))


def _tsv(text: str) -> Iterator[Case]:
    for line in text.splitlines():
        parts = line.split("\t")
        if not line.startswith("#") and len(parts) == 4:
            yield Case(language=parts[0], split=parts[1], wanted=parts[2], text=parts[3])


def _jsonl(text: str) -> Iterator[Case]:
    for line in filter(None, map(str.strip, text.splitlines())):
        said = json.loads(line)
        words = str(said.get("text") or said.get("query") or "")
        wanted = str(said.get("runbook") or said.get("fault") or "")
        if words and wanted:
            language = str(said.get("language") or ("zh" if chinese(words) else "en"))
            yield Case(language=language, split=str(said.get("split", "given")), wanted=wanted, text=words)
