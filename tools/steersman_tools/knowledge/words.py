"""What counts as a word: English stems, the parts of identifiers, and pairs of Chinese characters with their English gloss."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files

import Stemmer

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff"
_RUN = re.compile(rf"[{_HAN}]+|[A-Za-z0-9]+(?:[._/:-][A-Za-z0-9]+)*")
_PARTS = re.compile(r"[._/:-]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_IS_HAN = re.compile(rf"[{_HAN}]")
_STOP = frozenset(
    [
        "a",
        "about",
        "after",
        "again",
        "all",
        "also",
        "am",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "because",
        "been",
        "before",
        "being",
        "but",
        "by",
        "can",
        "cannot",
        "could",
        "did",
        "do",
        "does",
        "done",
        "don",
        "for",
        "from",
        "get",
        "gets",
        "getting",
        "got",
        "had",
        "has",
        "have",
        "having",
        "he",
        "her",
        "here",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "just",
        "keep",
        "keeps",
        "me",
        "more",
        "most",
        "my",
        "no",
        "nor",
        "not",
        "now",
        "of",
        "off",
        "on",
        "once",
        "one",
        "only",
        "or",
        "other",
        "our",
        "out",
        "over",
        "own",
        "same",
        "she",
        "should",
        "so",
        "some",
        "such",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "though",
        "through",
        "to",
        "too",
        "under",
        "until",
        "up",
        "us",
        "very",
        "via",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)
_STEM = Stemmer.Stemmer("english")


def tokens(text: str) -> list[str]:
    """The words of a text, for matching by words: `CrashLoopBackOff` counts as itself and as its parts."""
    found: list[str] = []
    for run in _RUN.findall(unicodedata.normalize("NFKC", text)):
        if _IS_HAN.match(run):
            found += [run] if len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)]
            continue
        parts = _PARTS.split(run)
        if len(parts) > 1:
            found.append(run.lower())
        found += [_stem(part) for part in map(str.lower, parts) if part not in _STOP]
    return found


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    return str(_STEM.stemWord(word))


def chinese(text: str) -> bool:
    """Whether it has Chinese characters."""
    return bool(_IS_HAN.search(text))


@cache
def glossary() -> dict[str, str]:
    """Chinese terms of operations and their English words (data/glossary-zh.tsv)."""
    lines = (files(__package__) / "data" / "glossary-zh.tsv").read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if line.strip() and not line.startswith("#"))
    return dict(pairs)


@cache
def _longest() -> int:
    return max(map(len, glossary()))


def gloss(text: str) -> str:
    """The text with its Chinese put into English, term by term, longest first; what is not in the glossary is dropped."""
    if not chinese(text):
        return text
    said: list[str] = []
    at = 0
    text = unicodedata.normalize("NFKC", text)
    while at < len(text):
        term = next(
            (text[at:end] for end in range(min(len(text), at + _longest()), at, -1) if text[at:end] in glossary()), ""
        )
        if term:
            said.append(f" {glossary()[term]} ")
        elif not _IS_HAN.match(text[at]):
            said.append(text[at])
        else:
            said.append(" ")
        at += len(term) or 1
    return " ".join("".join(said).replace("。", ". ").replace(",", ", ").replace("、", ", ").split())
