"""Finds the runbook of a fault by its name: a look at the files' front matter, with no index and no embedder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..types import ToolFailed
from .front import card, split
from .marks import anchor, headed, plain
from .sources import STARTER, Document, committed, documents
from .types import Guide, Quote, cite

MOST = 3
_REMEDY = ("remedy", "remediation", "fix", "mitigation", "resolution", "what to do", "处理", "解决", "修复")
_LENGTH = 240


class Handbook:
    """The runbooks of some folders, by fault. The user's own come before the starter library."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._known: dict[str, tuple[Guide, ...]] = {}
        self._read: list[tuple[Document, str, str]] | None = None

    def of(self, fault: str) -> Sequence[Guide]:
        """The runbooks that name the fault, the user's own first. What cannot be read is left out."""
        if fault not in self._known:
            found = [
                guide
                for document, front, body in self._documents()
                if fault in front and (guide := _guide(document, body, fault))  # most end here: YAML is slow
            ]
            own_first = sorted(found, key=lambda g: (g.card.root == STARTER, len(g.card.faults), g.card.file))
            self._known[fault] = tuple(own_first[:MOST])
        return self._known[fault]

    def _documents(self) -> list[tuple[Document, str, str]]:
        """Each with its front matter and its text."""
        if self._read is None:
            self._read = []
            for folder in self._folders:
                try:
                    self._read += [(document, *split(document.text)[:2]) for document in documents([folder])]
                except ToolFailed:  # a folder that has gone: `steersman runbooks index` and `doctor` say so
                    continue
        return self._read


def _guide(document: Document, body: str, fault: str) -> Guide | None:
    said = card(document.text, document.file, document.root)
    if fault not in said.faults:
        return None
    if said.updated is None and said.root != STARTER:
        said = said.model_copy(update={"updated": committed(document.path)})
    heading, words = _remedy(body)
    return Guide(card=said, quote=Quote(citation=cite(said, heading, anchor(heading) if heading else ""), text=words))


def _remedy(body: str) -> tuple[str, str]:
    """The heading of the remedy and the first sentence under it; where none is headed so, what the document begins with."""
    first = ("", "")
    for heading, lines in headed(body):
        words = next((plain(line) for line in lines if line.strip() and not line.lstrip().startswith(("```", "|"))), "")
        if heading.lower().startswith(_REMEDY) and words:
            return heading, words[:_LENGTH]
        first = first if first[1] else (heading, words[:_LENGTH])
    return first
